#include "model/model_store.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/path_text.hpp"
#include "base/utf8.hpp"
#include "io/safetensors.hpp"
#include "io/text_file.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

ModelPtr read_model(const std::string& path, const std::string& id, const std::stop_token& stop) {
    auto model = std::make_shared<Model>();
    model->id = id;
    model->path = path;
    std::map<std::string, std::string> metadata;
    model->weights = read_safetensors(path, &metadata, stop);
    require_finite(model->weights, sanitize_utf8(path));
    if (const auto card = metadata.find("card"); card != metadata.end()) model->card = Card::parse(card->second, path);
    const std::string beside = fs::path(path).replace_extension(".json").string();
    std::error_code error;
    if (fs::exists(beside, error)) model->card.overlay(Card::parse(read_text(beside, 1 << 24), beside));
    return model;
}

/// When a file was written and how long it is; a file that cannot be looked at differs from every other.
struct Stamp {
    fs::file_time_type time;
    std::uintmax_t size = 0;
    bool known = false;
};

Stamp stamp_of(const std::string& path) {
    std::error_code no_time;
    std::error_code no_size;
    const auto time = fs::last_write_time(path, no_time);
    const auto size = fs::file_size(path, no_size);
    return {time, size, !no_time && !no_size};
}

/// Models read so far. Live editing runs a model many times a second; its file is read once.
class Cache {
 public:
    ModelPtr get(const std::string& path, const std::string& id, const std::stop_token& stop) {
        const Stamp stamp = stamp_of(path);
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find({path, id});
        if (found != entries_.end() && stamp.known && found->second.stamp.time == stamp.time &&
            found->second.stamp.size == stamp.size) {
            return found->second.model;
        }
        ModelPtr model = read_model(path, id, stop);
        entries_[{path, id}] = {stamp, model};
        return model;
    }

 private:
    struct Entry {
        Stamp stamp;
        ModelPtr model;
    };
    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, Entry> entries_;
};

Cache& cache() {
    static Cache models;
    return models;
}

fs::path executable_folder() {
    std::error_code error;
    const fs::path executable = fs::read_symlink("/proc/self/exe", error);  // elsewhere than on Linux: not found, not needed
    return error ? fs::path() : executable.parent_path();
}

}  // namespace

std::string assets_folder() {
    if (const char* chosen = std::getenv("SACCADE_ASSETS"); chosen != nullptr && *chosen != '\0') return chosen;
    std::error_code error;
    const fs::path beside = executable_folder();
    for (const fs::path& candidate : {beside / "assets", beside / ".." / "share" / "saccade" / "assets"}) {
        if (!beside.empty() && fs::is_directory(candidate, error)) return candidate.lexically_normal().string();
    }
    return SACCADE_ASSETS_SOURCE;
}

std::vector<std::string> bundled_models() {
    std::vector<std::string> ids;
    std::error_code error;
    for (const fs::directory_entry& file : fs::directory_iterator(fs::path(assets_folder()) / "models", error)) {
        const fs::path path = file.path();
        if (path.extension() != ".safetensors" || is_hidden(path.filename().string())) continue;
        if (fs::exists(fs::path(path).replace_extension(".json"), error)) ids.push_back(path.stem().string());
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

ModelPtr bundled_model(const std::string& id) {
    const std::string path = (fs::path(assets_folder()) / "models" / (id + ".safetensors")).string();
    std::error_code error;
    if (!fs::exists(path, error)) {
        const std::vector<std::string> ids = bundled_models();
        throw Error(ErrorCode::not_found, fmt::format("there is no bundled model '{}' in {}", id, assets_folder()),
                    ids.empty() ? "set SACCADE_ASSETS to the folder of the assets"
                                : fmt::format("choose one of: {}", fmt::join(ids, ", ")));
    }
    return cache().get(path, id, {});
}

ModelPtr load_model(const std::string& path, const std::string& id, const std::stop_token& stop) {
    return cache().get(path_from_text(path), id, stop);
}

void require_finite(const WeightMap& weights, const std::string& where) {
    for (const auto& [name, tensor] : weights) {
        const auto values = tensor.values();
        const auto found = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
        if (found != values.end()) {
            throw Error(ErrorCode::numeric,
                        fmt::format("{}: tensor '{}' holds {} at position {}", where, name, *found, found - values.begin()),
                        "the training went wrong; choose other weights");
        }
    }
}

}  // namespace saccade
