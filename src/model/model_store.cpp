#include "model/model_store.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/path_text.hpp"
#include "base/utf8.hpp"
#include "io/file_stamp.hpp"
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

std::size_t bytes_of(const Model& model) {
    std::size_t bytes = 0;
    for (const auto& [name, tensor] : model.weights) bytes += static_cast<std::size_t>(tensor.size()) * sizeof(float);
    return bytes;
}

/// Models read so far. Live editing runs a model many times a second; its file is read once. What was not used for longest is
/// let go when all of them are larger than `most_bytes`; what somebody else holds is still found.
class Cache {
 public:
    /// A file that is gone stays in use as it was read.
    ModelPtr get(const std::string& path, const std::string& id, const std::stop_token& stop) {
        const FileStamp stamp = stamp_of(path);
        const std::lock_guard lock(mutex_);
        entries_.remove_if([](const Entry& entry) { return entry.model.expired(); });
        auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.path == path && entry.id == id; });
        ModelPtr model = found != entries_.end() ? found->model.lock() : nullptr;
        if (model == nullptr || (!stamp.none() && stamp != found->stamp)) {
            model = read_model(path, id, stop);
            if (found != entries_.end()) entries_.erase(found);
            entries_.push_front({path, id, stamp, model, model});
        } else {
            entries_.splice(entries_.begin(), entries_, found);
            entries_.front().held = model;
        }
        let_go();
        return model;
    }

    bool holds(const std::string& path, const std::string& id) {
        const std::lock_guard lock(mutex_);
        return std::any_of(entries_.begin(), entries_.end(),
                           [&](const Entry& entry) { return entry.path == path && entry.id == id && !entry.model.expired(); });
    }

 private:
    static constexpr std::size_t most_bytes = std::size_t{128} << 20;
    struct Entry {
        std::string path, id;
        FileStamp stamp;
        std::weak_ptr<const Model> model;
        ModelPtr held;  // null: let go
    };

    /// All but the newest, as far as they have no room.
    void let_go() {
        std::size_t bytes = 0;
        for (Entry& entry : entries_) {
            if (entry.held == nullptr) continue;
            bytes += bytes_of(*entry.held);
            if (bytes > most_bytes && &entry != &entries_.front()) entry.held.reset();
        }
    }

    std::mutex mutex_;
    std::list<Entry> entries_;  // the latest used first
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

bool is_bundled(const std::string& id) {
    const fs::path path = fs::path(assets_folder()) / "models" / (id + ".safetensors");
    std::error_code error;
    return fs::exists(path, error) && fs::exists(fs::path(path).replace_extension(".json"), error);
}

ModelPtr bundled_model(const std::string& id) {
    const std::string path = (fs::path(assets_folder()) / "models" / (id + ".safetensors")).string();
    std::error_code error;
    if (!fs::exists(path, error) && !cache().holds(path, id)) {
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

ModelPtr named_model(const std::string& name) {
    return name.ends_with(".safetensors") ? load_model(name, "") : bundled_model(name);
}

nlohmann::json starting_point(const Model& model) {
    nlohmann::json point = {{"id", model.card.id()}};
    for (const char* what : {"command", "steps", "date", "starts_from"})
        if (const auto& card = model.card.json(); card.contains(what)) point[what] = card[what];
    return point;
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
