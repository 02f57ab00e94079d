#include "ui/recent.hpp"

#include <algorithm>
#include <filesystem>

#include "base/path_text.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_recent = 6;

}  // namespace

void note_recent(std::vector<Recent>& all, const Recent& opened) {
    std::erase(all, opened);
    all.insert(all.begin(), opened);
    if (all.size() > most_recent) all.resize(most_recent);
}

void forget_recent(std::vector<Recent>& all, const std::string& path) {
    std::erase_if(all, [&](const Recent& one) { return path_from_text(one.path) == path; });
}

std::string recent_title(const Recent& one) {
    std::filesystem::path path(path_from_text(one.path));
    if (path.filename().empty()) path = path.parent_path();  // "models/gpt2/"
    const std::string cached =
        path.parent_path().filename() == "snapshots" ? path.parent_path().parent_path().filename().string() : std::string();
    const std::size_t name = cached.rfind("--");
    return name == std::string::npos ? path.filename().string() : cached.substr(name + 2);
}

}  // namespace saccade
