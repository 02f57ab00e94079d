#include "ui/pasted_pictures.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <vector>

#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "io/user_folder.hpp"
#include "run/named_files.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours oldest(30 * 24), youngest(24);
constexpr std::uintmax_t most_bytes = std::uintmax_t{256} << 20;
constexpr const char* saved_mark = ".saved";  // a file of that name beside a picture: it stays

fs::path pasted_folder() {
    return fs::path(state_folder()) / "pasted";
}

/// What all windows have open, or have left: the text of their recovery files.
std::string works() {
    std::string text;
    std::error_code error;
    for (fs::directory_iterator entry(state_folder(), error), end; !error && entry != end; entry.increment(error)) {
        if (entry->path().extension() != ".json") continue;
        try {
            text += read_file(entry->path().string());
        } catch (const Error&) {
            continue;  // it has just gone
        }
    }
    return text;
}

struct Pasted {
    fs::path path;
    std::chrono::system_clock::duration age{};
    std::uintmax_t bytes = 0;
};

/// The oldest first.
std::vector<Pasted> unsaved(std::chrono::system_clock::time_point now) {
    std::vector<Pasted> found;
    std::error_code error;
    for (fs::directory_iterator entry(pasted_folder(), error), end; !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        const fs::path path = entry->path();
        if (path.extension() == saved_mark || !entry->is_regular_file(gone) || fs::exists(path.string() + saved_mark, gone))
            continue;
        const auto written = std::chrono::file_clock::to_sys(fs::last_write_time(path, gone));
        if (!gone) found.push_back({path, now - written, fs::file_size(path, gone)});
    }
    std::ranges::sort(found, std::greater<>(), &Pasted::age);
    return found;
}

}  // namespace

std::string keep_pasted(std::string_view picture, const std::string& ending) {
    std::error_code error;
    fs::create_directories(pasted_folder(), error);
    const std::string path =
        (pasted_folder() / fmt::format("{:016x}.{}", std::hash<std::string_view>{}(picture), ending)).string();
    write_file(path, picture);
    sweep_pasted(std::chrono::system_clock::now());
    return path;
}

void note_saved(const RunRequest& request) {
    std::error_code error;
    if (request.exhibit.empty()) return;
    for (const std::string& file : named_files(request)) {
        const fs::path path(file);
        if (path.parent_path() != pasted_folder() || !fs::exists(path, error)) continue;
        try {
            write_file(path.string() + saved_mark, "");
        } catch (const Error&) {
            continue;  // what was saved is saved: the picture has its usual time
        }
    }
}

void sweep_pasted(std::chrono::system_clock::time_point now) {
    const std::vector<Pasted> all = unsaved(now);
    std::uintmax_t bytes = 0;
    for (const Pasted& one : all) bytes += one.bytes;
    const auto too_much = [&](const Pasted& one) { return one.age > oldest || (bytes > most_bytes && one.age > youngest); };
    if (std::ranges::none_of(all, too_much)) return;
    const std::string in_use = works();
    std::error_code error;
    for (const Pasted& one : all) {
        if (!too_much(one) || in_use.find(one.path.filename().string()) != std::string::npos) continue;
        if (fs::remove(one.path, error)) bytes -= one.bytes;
    }
}

}  // namespace saccade
