#pragma once

#include "exhibit/picture_input.hpp"
#include "model/resnet_run.hpp"

namespace saccade {

// What the exhibits `channel` and `spatial` share: a picture through one of the CIFAR-10 networks.

/// Image, model, block, resolution, class; with the model and the block that are shown first.
std::vector<ParamSpec> network_params(const std::string& model, const std::string& block);
/// Bundled ids of the networks, in the order of block_attentions(), whose ids are the parameter's choices.
const std::vector<std::string>& network_models();
std::string network_model(const Params& params);

/// Runs the network of the parameters with everything shown: image, the chosen block, probabilities; says in text and notes
/// what a person should know.
struct NetworkRun {
    PictureInput picture;
    ResNetRequest request;
    ResNetOutput output;
};
NetworkRun run_network(RunContext& context, bool grad_cam);

/// "stage3.block2" for the parameter's "3.2"; the name of the block's tensor `what`.
std::string block_of(const Params& params);
std::string block_tensor(const Params& params, const std::string& what);

}  // namespace saccade
