#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <stop_token>
#include <string>

#include "io/safetensors.hpp"
#include "io/safetensors_file.hpp"

namespace saccade {

/// Where a tensor lies that is not read yet.
struct StoredPlace {
    std::shared_ptr<const SafetensorsFile> file;
    StoredTensor tensor;
};

/// What a folder in Hugging Face's layout holds beside its tokenizer: config.json, and model.safetensors or the shards that
/// model.safetensors.index.json names.
struct CheckpointFolder {
    std::string path;
    nlohmann::json config;
    WeightMap tensors;                                     // under their own names
    std::map<std::string, StoredPlace> stored{};           // of a folder that was opened: matrices, which are read when taken
    std::map<std::string, std::string> unread{};           // of a type that no weight is read in, and which
    std::set<std::string> used{};                          // those that were asked for
    nlohmann::json generation = nlohmann::json::object();  // generation_config.json, which may be missing
};

/// Error{io}, {bad_format}, {unsupported} or {out_of_range}, one line that names the file: no such folder, no config.json,
/// weights in pickles alone (never read), shards that are missing, weights that are quantised; {cancelled}.
CheckpointFolder read_checkpoint_folder(const std::string& path, const std::stop_token& stop = {});
/// The same, but no matrix is read yet.
CheckpointFolder open_checkpoint_folder(const std::string& path, const std::stop_token& stop = {});
/// Tensors that the family's file did not ask for, in words; empty: none. What never changes a number is not counted: masks and
/// frequencies that are kept as buffers, and parts that were trained for another task.
std::string unused_tensors(const CheckpointFolder& folder);
/// config.json alone. Errors as above.
nlohmann::json read_checkpoint_config(const std::string& path);
/// Is it a folder that holds a config.json? Never throws.
bool is_checkpoint_folder(const std::string& path);

}  // namespace saccade
