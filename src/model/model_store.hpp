#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "model/card.hpp"
#include "model/weights.hpp"

namespace saccade {

/// A trained model: weights, and the card that says where they come from.
struct Model {
    std::string id;    // "dates"
    std::string path;  // file it was read from; empty for snapshots of a training
    /// The JSON text under "card" in the file's metadata, overlaid by the card beside it (FILE.json); {} if there is neither.
    Card card;
    WeightMap weights;
};
using ModelPtr = std::shared_ptr<const Model>;

/// Ids of the bundled models: every assets/models/*.safetensors beside its card *.json.
std::vector<std::string> bundled_models();
/// One of them, without looking through the folder.
bool is_bundled(const std::string& id);
/// Reads a bundled model once and keeps it, together with the others that were used lately up to 128 MB. Error{not_found} lists
/// the bundled ones.
ModelPtr bundled_model(const std::string& id);
/// Reads the user's weights, and again only when the file has changed; weights that are deleted stay in use. Finite values are
/// required: Error{numeric} names the first tensor with NaN or infinity. `stop` ends a long reading: Error{cancelled}.
ModelPtr load_model(const std::string& path, const std::string& id, const std::stop_token& stop = {});
/// What a person names: a file that ends in .safetensors, else a bundled model.
ModelPtr named_model(const std::string& name);
/// For the card of a model that was trained from this one: its id, and command, steps, date and own
/// starting point as far as its card has them.
nlohmann::json starting_point(const Model& model);
/// Error{numeric} as above, for weights that are in memory.
void require_finite(const WeightMap& weights, const std::string& where);
/// The folder of bundled assets: $SACCADE_ASSETS, else beside the executable, else the source tree it was built from.
std::string assets_folder();

}  // namespace saccade
