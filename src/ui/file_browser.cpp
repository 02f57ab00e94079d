#include "ui/file_browser.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "base/error_line.hpp"
#include "base/path_text.hpp"
#include "base/translate.hpp"
#include "ui/helper_program.hpp"
#include "ui/ready.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_entries = 2000;
constexpr Index preview_side = 160;  // px

std::string time_text(fs::file_time_type time) {
    const auto system = std::chrono::time_point_cast<std::chrono::seconds>(time - fs::file_time_type::clock::now() +
                                                                           std::chrono::system_clock::now());
    const std::time_t seconds = std::chrono::system_clock::to_time_t(system);
    std::tm local{};
    localtime_r(&seconds, &local);
    return fmt::format("{:%Y-%m-%d %H:%M}", local);
}

std::string size_text(std::uintmax_t bytes) {
    if (bytes < 1000) return fmt::format("{} B", bytes);
    if (bytes < 1000000) return fmt::format("{:.3g} kB", static_cast<double>(bytes) / 1e3);
    return fmt::format("{:.3g} MB", static_cast<double>(bytes) / 1e6);
}

FileBrowser::Look look_at(const std::string& path) {
    FileBrowser::Look look;
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return look;
    const std::uintmax_t size = fs::file_size(path, error);
    look.told = size_text(error ? 0 : size);
    const fs::file_time_type time = fs::last_write_time(path, error);
    if (!error) look.told += " · " + time_text(time);
    if (!is_image_file(path)) return look;
    try {
        const PicturePtr picture = load_picture(path, preview_side);
        look.preview = to_tensor(picture->image);
        look.told += fmt::format(" · {} × {} px", picture->full_width, picture->full_height);
    } catch (...) {
        look.told = shown_line(current_error());
    }
    return look;
}

}  // namespace

std::string folder_of(const std::string& typed) {
    const std::string path = path_from_text(typed);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return path.substr(0, slash + 1);
}

FolderListing list_folder(const std::string& folder) {
    FolderListing listing{folder};
    std::error_code error;
    fs::directory_iterator entry(folder, error), end;
    if (error) {
        listing.problem = tr("this folder cannot be read ({})", error.message());
        return listing;
    }
    for (; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.empty() || name.front() == '.') continue;
        std::error_code odd;
        FolderEntry one{text_of_path(name), entry->is_directory(odd)};
        if (!one.folder) one.size = entry->file_size(odd);
        if (odd) one.size = 0;
        const fs::file_time_type time = entry->last_write_time(odd);
        if (!odd) one.written = time_text(time);
        listing.entries.push_back(std::move(one));
    }
    std::ranges::sort(listing.entries, [](const FolderEntry& a, const FolderEntry& b) {
        return a.folder != b.folder ? a.folder : a.name < b.name;
    });
    if (listing.entries.size() > most_entries) {
        listing.left_out = listing.entries.size() - most_entries;
        listing.entries.resize(most_entries);
    }
    return listing;
}

void FileBrowser::follow(const std::string& typed) {
    if (listing_coming.valid() && is_ready(listing_coming)) listing = listing_coming.get();
    if (look_coming.valid() && is_ready(look_coming)) {
        Look look = look_coming.get();
        preview = std::move(look.preview);
        told = std::move(look.told);
    }
    const std::string folder = folder_of(typed), file = path_from_text(typed);
    if (folder != wanted && !listing_coming.valid()) {
        wanted = folder;
        listing_coming = std::async(std::launch::async, list_folder, folder);
    }
    if (file != looked_at && !look_coming.valid()) {
        looked_at = file;
        look_coming = std::async(std::launch::async, look_at, file);
    }
}

bool NativeFileDialog::available() {
    const char* asked = std::getenv("SACCADE_FILE_DIALOG");
    if (asked != nullptr && std::string(asked) == "own") return false;
    return has_program("zenity") || has_program("kdialog");
}

std::vector<std::string> NativeFileDialog::command(const std::string& title, const std::string& path, bool saves) {
    const char* desktop = std::getenv("XDG_CURRENT_DESKTOP");
    const bool plasma = desktop != nullptr && std::string(desktop).find("KDE") != std::string::npos;
    std::error_code error;
    const std::string from = path.empty() ? fs::current_path(error).string() + "/" : fs::absolute(path, error).string();
    if (has_program("kdialog") && (plasma || !has_program("zenity")))
        return {"kdialog", "--title", title, saves ? "--getsavefilename" : "--getopenfilename", from};
    // Through the portal of a sandbox or another desktop, where GTK has one.
    std::vector<std::string> words{
        "env", "GTK_USE_PORTAL=1", "zenity", "--file-selection", "--title=" + title, "--filename=" + from};
    if (saves) words.emplace_back("--save");
    return words;
}

void NativeFileDialog::open(const std::string& title, const std::string& path, bool saves) {
    close();
    stop_ = {};
    coming_ = std::async(std::launch::async, [words = command(title, path, saves), stop = stop_.get_token()] {
        HelperAnswer answer = run_program(words, {}, stop);
        while (answer.output.ends_with('\n')) answer.output.pop_back();
        return answer.status == 0 ? answer.output : std::string();
    });
}

std::optional<std::string> NativeFileDialog::take() {
    if (!coming_.valid() || !is_ready(coming_)) return std::nullopt;
    return coming_.get();
}

void NativeFileDialog::close() {
    stop_.request_stop();
    if (coming_.valid()) coming_.wait();
    coming_ = {};
}

}  // namespace saccade
