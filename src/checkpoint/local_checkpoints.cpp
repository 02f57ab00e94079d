#include "checkpoint/local_checkpoints.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/error.hpp"
#include "checkpoint/family.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most = 100, most_looked_at = 1000;
constexpr std::string_view prefix = "models--";

std::string value_of(const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? "" : value;
}

fs::path cache_folder() {
    if (const std::string hub = value_of("HF_HUB_CACHE"); !hub.empty()) return hub;
    if (const std::string home = value_of("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
    const std::string cache = value_of("XDG_CACHE_HOME"), home = value_of("HOME");
    if (cache.empty() && home.empty()) return {};
    return (cache.empty() ? fs::path(home) / ".cache" : fs::path(cache)) / "huggingface" / "hub";
}

/// "models--openai-community--gpt2" -> "openai-community/gpt2".
std::string name_of(std::string folder) {
    folder.erase(0, prefix.size());
    for (std::size_t at = folder.find("--"); at != std::string::npos; at = folder.find("--", at + 1))
        folder.replace(at, 2, "/");
    return folder;
}

/// The snapshot that was written last, of those that hold a config; empty: none.
std::string latest_snapshot(const fs::path& model) {
    std::string latest;
    fs::file_time_type written{};
    std::error_code error;
    for (fs::directory_iterator at(model / "snapshots", error), end; !error && at != end; at.increment(error)) {
        if (!is_checkpoint_folder(at->path().string())) continue;
        std::error_code unknown;
        const fs::file_time_type time = fs::last_write_time(at->path(), unknown);
        if (unknown || (!latest.empty() && time <= written)) continue;
        latest = at->path().string();
        written = time;
    }
    return latest;
}

}  // namespace

std::vector<LocalCheckpoint> local_checkpoints() {
    std::vector<LocalCheckpoint> found;
    const fs::path cache = cache_folder();
    std::error_code error;
    std::size_t looked_at = 0;
    for (fs::directory_iterator at(cache, error), end; !error && at != end && ++looked_at <= most_looked_at;
         at.increment(error)) {
        const std::string folder = at->path().filename().string();
        if (!folder.starts_with(prefix)) continue;
        const std::string snapshot = latest_snapshot(at->path());
        if (snapshot.empty()) continue;
        try {
            found.push_back({name_of(folder), snapshot, family_of(read_checkpoint_config(snapshot), snapshot).title});
        } catch (const std::exception&) {
            // Of a kind that does not open, or damaged: it is not offered.
        }
    }
    std::ranges::sort(found, {}, &LocalCheckpoint::name);
    if (found.size() > most) found.resize(most);
    return found;
}

}  // namespace saccade
