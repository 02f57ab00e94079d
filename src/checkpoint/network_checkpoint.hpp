#pragma once

#include "checkpoint/family.hpp"
#include "checkpoint/vision_steps.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// Somebody else's convolutional network whose blocks gate their channels, ready to run.
struct NetworkCheckpoint {
    std::string path;
    const Family* family;
    std::shared_ptr<const GatedNetwork> network;
    std::vector<std::string> classes;  // names; empty: no class is read out
    bool named = true;                 // the folder names its classes
    VisionReading reading;
    std::string unused{};  // tensors of the folder that it does not use, in words; empty: none
};
using NetworkCheckpointPtr = std::shared_ptr<const NetworkCheckpoint>;

/// Reads a folder once, and again only when its files change; the last two are kept. Errors as checkpoint_of.
NetworkCheckpointPtr network_checkpoint_of(const std::string& path, const std::stop_token& stop = {});
/// Read now, not kept.
NetworkCheckpointPtr read_network_checkpoint(const std::string& path, const std::stop_token& stop = {});
/// Sizes of the network in a folder, by its config.json alone; null if it holds another kind of model. Kept as above. Errors of
/// reading a config.
std::shared_ptr<const GatedNetworkDesign> network_design_of(const std::string& path);

/// A picture that such a network reads, and which of its gates is shown with all that it was computed from.
struct NetworkRequest {
    Tensor<float> plain;   // [height, width, 3], 0 to 1, as read_as and plain_pixels make it
    std::size_t gate = 0;  // among GatedNetworkDesign::gates()
};
/// One pass. The chosen block shows all that GatedNetwork::block does; of every other block with a gate its gate is shown,
/// [NAME.channel]. Besides input and pixels, classifier.input and what GatedNetwork::features shows, logits, probabilities and
/// what read_out_classes shows. Declares the axes. A user's edits propagate to the probabilities. What a network made of the
/// last three pictures up to the shown block is kept with it, and taken where nothing is changed before that block. Nothing is
/// returned where no class is read out. Error{out_of_range} for a gate that does not exist, Error{invalid_input} for a picture
/// of another size, Error{numeric}, Error{cancelled} between blocks.
ClassesRead run_network_checkpoint(const NetworkCheckpointPtr& checkpoint, const NetworkRequest& request, Probe& probe,
                                   const std::stop_token& stop);

}  // namespace saccade
