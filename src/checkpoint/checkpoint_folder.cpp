#include "checkpoint/checkpoint_folder.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/path_text.hpp"
#include "io/available_memory.hpp"
#include "io/input_file.hpp"
#include "io/json_text.hpp"
#include "io/text_file.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_config_bytes = 1 << 20, most_index_bytes = std::size_t{16} << 20;
constexpr std::uint64_t most_numbers = std::uint64_t{1} << 34;  // in a file
constexpr const char* index_name = "model.safetensors.index.json";

/// Also of what cannot be read, or is a link to nothing: whoever reads it says why.
bool there(const fs::path& path) {
    std::error_code error;
    return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

[[noreturn]] void refuse_no_weights(const std::string& folder) {
    for (const char* pickle : {"pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.pth"})
        if (there(fs::path(folder) / pickle))
            throw Error(
                ErrorCode::unsupported,
                fmt::format("{}: its weights are a pickle ({}), which could run anything when it is read", folder, pickle),
                "convert it once, in Python: model.save_pretrained(FOLDER, safe_serialization=True)");
    for (const char* other : {"tf_model.h5", "flax_model.msgpack", "rust_model.ot"})
        if (there(fs::path(folder) / other))
            throw Error(ErrorCode::unsupported, fmt::format("{}: it holds {}, and no model.safetensors", folder, other),
                        "convert it once, in Python: model.save_pretrained(FOLDER, safe_serialization=True)");
    throw Error(ErrorCode::io, folder + ": there is no model.safetensors",
                "name the folder that holds config.json and weights");
}

/// Where each tensor lies, by its name: a file in the folder itself, which is there.
std::map<std::string, std::string> shards_of(const std::string& index, const std::string& folder) {
    std::map<std::string, std::string> places;
    const nlohmann::json json = parse_json(read_text(index, most_index_bytes), index, "fetch it again");
    const JsonObject map = JsonObject(json, index, "fetch it again").needs({"weight_map"}).object("weight_map");
    std::set<std::string> shards;
    for (const auto& [tensor, shard] : map.value().items()) {
        if (!shard.is_string() || shard.get_ref<const std::string&>().find('/') != std::string::npos)
            throw Error(ErrorCode::bad_format, fmt::format("{}: the shard of '{}' is no file's name", index, tensor),
                        "fetch it again");
        shards.insert(shard.get<std::string>());
        places.emplace(tensor, shard.get<std::string>());
    }
    std::string missing;
    int count = 0;
    for (const std::string& shard : shards)
        if (!there(fs::path(folder) / shard) && count++ < 3) missing += (missing.empty() ? "" : ", ") + shard;
    if (count > 0)
        throw Error(ErrorCode::io, fmt::format("{}: {} of {} shards are missing: {}", folder, count, shards.size(), missing),
                    "fetch the rest of the model");
    return places;
}

/// Weights are kept as they are multiplied, which takes as much as the file; those that are read at once (`whole`) also in four
/// bytes each, and for a moment both: up to three and a half times a file of 16 bits. Error{out_of_range} where there is no
/// such room.
void require_memory(const std::string& folder, const std::vector<std::string>& files, bool whole) {
    double bytes = 0;
    for (const std::string& file : files) {
        std::error_code error;
        bytes += static_cast<double>(fs::file_size(file, error));
        if (error) return;  // whoever reads it says why
    }
    constexpr double giga = 1e9;
    const double copies = whole ? 3.5 : 1.25;
    const double needed = copies * bytes, free = available_memory();
    if (free == 0 || needed <= free) return;
    throw Error(ErrorCode::out_of_range,
                fmt::format("{}: its weights are {:.1f} GB and need about {:.1f} GB of memory; {:.1f} GB are free", folder,
                            bytes / giga, needed / giga, free / giga),
                "close other programs, or open a smaller model");
}

/// Those of a file that `wanted` names: matrices stay where they lie, all else is read.
template <class Wanted>
void open_file(CheckpointFolder& folder, const std::string& path, const std::stop_token& stop, const Wanted& wanted) {
    const auto file = std::make_shared<const SafetensorsFile>(path, stop);
    std::uint64_t numbers = 0;
    for (const StoredTensor& tensor : file->header().tensors) numbers += tensor.is_float() ? tensor.count() : 0;
    if (numbers > most_numbers)
        throw Error(ErrorCode::out_of_range, fmt::format("{}: holds {} numbers; {} can be read", path, numbers, most_numbers),
                    "choose a smaller model");
    for (const StoredTensor& tensor : file->header().tensors) {
        if (!wanted(tensor.name)) continue;
        if (!tensor.is_float()) {
            folder.unread.emplace(tensor.name, tensor.dtype);
            continue;
        }
        if (tensor.shape(path).rank() == 2 && tensor.dtype != "F64")
            folder.stored.emplace(tensor.name, StoredPlace{file, tensor});
        else
            folder.tensors.emplace(tensor.name, file->values(tensor));
    }
}

void read_shards(CheckpointFolder& folder, const std::string& index, bool all, const std::stop_token& stop) {
    const std::map<std::string, std::string> places = shards_of(index, folder.path);
    std::set<std::string> shards;
    std::vector<std::string> files;
    for (const auto& [tensor, shard] : places)
        if (shards.insert(shard).second) files.push_back((fs::path(folder.path) / shard).string());
    require_memory(folder.path, files, all);
    const auto path_of = [&](const std::string& shard) { return (fs::path(folder.path) / shard).string(); };
    for (const std::string& shard : shards) {
        const auto here = [&](const std::string& name) {
            const auto place = places.find(name);
            return place != places.end() && place->second == shard;
        };
        if (!all) {
            open_file(folder, path_of(shard), stop, here);
            continue;
        }
        for (auto& [name, tensor] : read_safetensors(path_of(shard), nullptr, stop, most_numbers))
            if (here(name)) folder.tensors.emplace(name, std::move(tensor));
    }
}

}  // namespace

bool is_checkpoint_folder(const std::string& path) {
    return !path.empty() && there(fs::path(path) / "config.json");
}

nlohmann::json read_checkpoint_config(const std::string& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
        const std::string why = error && error != std::errc::no_such_file_or_directory
                                    ? "cannot be opened (" + error.message() + ")"
                                : there(path) ? "is no folder"
                                              : "there is no such folder";
        throw Error(ErrorCode::io, path + ": " + why, "name a folder that holds config.json and model.safetensors");
    }
    const std::string file = (fs::path(path) / "config.json").string();
    if (!there(file))
        throw Error(ErrorCode::io, path + ": there is no config.json",
                    "name a folder that holds config.json and model.safetensors");
    nlohmann::json config = parse_json(read_text(file, most_config_bytes), file, "fetch it again");
    const JsonObject object(config, file);
    if (const nlohmann::json* how = object.find("quantization_config"); how != nullptr && !how->is_null()) {
        // bitsandbytes did not always write its name.
        std::string method =
            how->contains("load_in_4bit") || how->contains("load_in_8bit") ? "bitsandbytes" : "an unknown method";
        if (how->is_object()) JsonObject(*how, file).text("quant_method", method, 40);
        throw Error(ErrorCode::unsupported, fmt::format("{}: its weights are quantised ({})", path, method),
                    "use the model as it was before: F32, F16 or BF16");
    }
    return config;
}

namespace {

/// `all`: every tensor is read.
CheckpointFolder folder_at(const std::string& path, bool all, const std::stop_token& stop) {
    CheckpointFolder folder{path, read_checkpoint_config(path), {}};
    if (const std::string file = (fs::path(path) / "generation_config.json").string(); there(file))
        folder.generation = parse_json(read_text(file, most_config_bytes), file, "fetch it again");
    const std::string whole = (fs::path(path) / "model.safetensors").string(), index = (fs::path(path) / index_name).string();
    if (there(whole)) {
        require_memory(path, {whole}, all);
        if (all)
            folder.tensors = read_safetensors(whole, nullptr, stop, most_numbers);
        else
            open_file(folder, whole, stop, [](const std::string&) { return true; });
    } else if (there(index)) {
        read_shards(folder, index, all, stop);
    } else {
        refuse_no_weights(path);
    }
    return folder;
}

}  // namespace

CheckpointFolder read_checkpoint_folder(const std::string& path, const std::stop_token& stop) {
    return folder_at(path, true, stop);
}

CheckpointFolder open_checkpoint_folder(const std::string& path, const std::stop_token& stop) {
    return folder_at(path, false, stop);
}

std::string unused_tensors(const CheckpointFolder& folder) {
    static const std::vector<std::string> buffers = {".attn.bias", ".attn.masked_bias", ".attention.bias",
                                                     ".attention.masked_bias", "position_ids", "inv_freq", "token_type_ids",
                                                     "num_batches_tracked",
                                                     // Of T5 and Marian: copies of the one table, and what no layer reads.
                                                     ".embed_tokens.weight", "EncDecAttention.relative_attention_bias.weight"};
    static const std::vector<std::string> others = {"pooler.",  "cls.seq_relationship", "predictions.decoder.",
                                                    "lm_head.", "classifier.",          "qa_outputs",
                                                    "score.",   "embed_out.",           "mask_token"};
    std::set<std::string> all;
    for (const auto& one : folder.tensors) all.insert(one.first);
    for (const auto& one : folder.stored) all.insert(one.first);
    std::vector<std::string> names;
    for (const std::string& name : all) {
        if (folder.used.contains(name)) continue;
        if (std::ranges::any_of(buffers, [&](const std::string& end) { return name.ends_with(end); })) continue;
        if (std::ranges::any_of(others, [&](const std::string& part) { return name.find(part) != std::string::npos; }))
            continue;
        names.push_back(name);
    }
    if (names.empty()) return {};
    return fmt::format("{} of its tensors {} not asked for by its config.json: {}{}", names.size(),
                       names.size() == 1 ? "is" : "are", names.front(), names.size() > 1 ? ", …" : "");
}

}  // namespace saccade
