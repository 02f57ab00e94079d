#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/weights.hpp"

namespace saccade {

/// A trained model: weights, and the card that says where they come from.
struct Model {
    std::string id;    // "dates"
    std::string path;  // file it was read from; empty for snapshots of a training
    nlohmann::json card;
    WeightMap weights;
};
using ModelPtr = std::shared_ptr<const Model>;

/// Ids of the bundled models: every assets/models/*.safetensors beside its card *.json.
std::vector<std::string> bundled_models();
/// Reads a bundled model once and keeps it. Error{not_found} lists those that there are.
ModelPtr bundled_model(const std::string& id);
/// Reads the user's weights. Finite values are required: Error{numeric} names the first tensor with NaN or infinity.
ModelPtr load_model(const std::string& path, const std::string& id);
/// The folder of bundled assets: $SACCADE_ASSETS, else beside the executable, else the source tree it was built from.
std::string assets_folder();

}  // namespace saccade
