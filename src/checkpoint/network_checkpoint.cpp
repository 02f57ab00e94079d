#include "checkpoint/network_checkpoint.hpp"

#include <fmt/core.h>

#include "base/error.hpp"
#include "checkpoint/kept_folders.hpp"
#include "checkpoint/timm_network.hpp"
#include "model/layered_parameters.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

GatedNetworkDesign checked_design(const Family& family, const JsonObject& config, const std::string& path) {
    const GatedNetworkDesign design = family.network.design(config, path);
    try {
        require_valid(design);
    } catch (const Error& e) {
        throw Error(e.code(), path + ": " + e.message(), e.hint());
    }
    return design;
}

struct FolderDesign {
    std::shared_ptr<const GatedNetworkDesign> design;
};

}  // namespace

NetworkCheckpointPtr read_network_checkpoint(const std::string& path, const std::stop_token& stop) {
    CheckpointFolder folder = read_checkpoint_folder(path, stop);
    const Family& family = family_of(folder.config, path);
    const JsonObject config(folder.config, path + ": config.json");
    if (family.network.design == nullptr)
        throw Error(ErrorCode::unsupported, fmt::format("{}: {} has no gates of channels", path, family.title),
                    "open it by itself: saccade FOLDER");
    const GatedNetworkDesign design = checked_design(family, config, path);
    WeightMap weights;
    std::vector<std::string> classes = timm_class_names(config, design.classes, path);
    // Saved by the library transformers, its names stand below "timm_model.".
    Taking taking(folder, {"timm_model."}, weights);
    family.network.take(taking, design);
    NetworkCheckpoint made{.path = path,
                           .family = &family,
                           .network = nullptr,
                           .classes = std::move(classes),
                           .reading = timm_reading(config, path),
                           .unused = unused_tensors(folder)};
    made.named = !made.classes.empty() || design.classes == 0;
    for (Index c = 0; c < design.classes && !made.named; ++c) made.classes.push_back(fmt::format("#{}", c));
    folder.tensors.clear();
    require_finite(weights, path);
    release_kept_blocks(0);  // as many bytes as the folder's weights
    try {
        made.network = std::make_shared<const GatedNetwork>(Weights<float>(weights), design);
    } catch (const Error& e) {
        throw Error(e.code(), path + ": " + e.message(), e.hint());
    }
    return std::make_shared<const NetworkCheckpoint>(std::move(made));
}

NetworkCheckpointPtr network_checkpoint_of(const std::string& path, const std::stop_token& stop) {
    static KeptFolders<NetworkCheckpoint> kept;
    return kept.get(path, [&] { return read_network_checkpoint(path, stop); });
}

std::shared_ptr<const GatedNetworkDesign> network_design_of(const std::string& path) {
    static KeptFolders<FolderDesign> kept;
    return kept
        .get(path,
             [&] {
                 const nlohmann::json json = read_checkpoint_config(path);
                 const Family& family = family_of(json, path);
                 FolderDesign folder;
                 if (family.network.design != nullptr)
                     folder.design = std::make_shared<const GatedNetworkDesign>(
                         checked_design(family, JsonObject(json, path + ": config.json"), path));
                 return std::make_shared<const FolderDesign>(std::move(folder));
             })
        ->design;
}

}  // namespace saccade
