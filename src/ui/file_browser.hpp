#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "image/load_image.hpp"

namespace saccade {

/// What stands in a folder: folders first, by their names.
struct FolderEntry {
    std::string name;
    bool folder = false;
    std::uintmax_t size = 0;  // bytes, of a file
    std::string written{};    // "2026-03-01 12:30"
};
struct FolderListing {
    std::string folder;
    std::vector<FolderEntry> entries{};
    std::string problem{};  // why there is none
    std::size_t left_out = 0;
};

/// Our own way to find a file: the folder that the path being typed stands in, and what the file is that it names. Folders and
/// files are read off the UI thread: a disk of another machine may not answer.
struct FileBrowser {
    std::string wanted, looked_at;  // folder, file
    FolderListing listing;
    Tensor<float> preview;  // of the file, if it is a picture: [y, x, 3]
    std::string told;       // of the file
    std::future<FolderListing> listing_coming;
    struct Look {
        std::string told;
        Tensor<float> preview;
    };
    std::future<Look> look_coming;

    /// Follows what is typed; cheap if nothing has changed.
    void follow(const std::string& typed);
    bool busy() const { return listing_coming.valid() || look_coming.valid(); }
};

/// The folder that a typed path stands in, "/home/me/" of "/home/me/fig"; "." is where the program was started.
std::string folder_of(const std::string& typed);
/// Sorted; without what is hidden. Not more than a few thousand.
FolderListing list_folder(const std::string& folder);

/// The desktop's own dialog, a program of its own: zenity or kdialog. It runs beside the window, which goes on.
class NativeFileDialog {
 public:
    NativeFileDialog() = default;
    NativeFileDialog(const NativeFileDialog&) = delete;
    NativeFileDialog& operator=(const NativeFileDialog&) = delete;
    ~NativeFileDialog() { close(); }

    /// Is there one? SACCADE_FILE_DIALOG=own says that it is not wanted.
    static bool available();
    /// What is to be run: the words of its command.
    static std::vector<std::string> command(const std::string& title, const std::string& path, bool saves);
    void open(const std::string& title, const std::string& path, bool saves);
    bool is_open() const { return coming_.valid(); }
    /// Once it is answered: the path, or empty if it was closed without one. Nothing before.
    std::optional<std::string> take();
    void close();

 private:
    std::stop_source stop_;
    std::future<std::string> coming_;
};

}  // namespace saccade
