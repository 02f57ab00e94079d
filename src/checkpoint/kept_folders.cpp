#include "checkpoint/kept_folders.hpp"

#include <algorithm>
#include <filesystem>

namespace saccade {

namespace fs = std::filesystem;

std::vector<FileStamp> stamps_of_folder(const std::string& path) {
    constexpr std::size_t most = 1000;
    std::vector<std::string> files;
    std::error_code error;
    for (fs::directory_iterator at(path, error), end; !error && at != end && files.size() < most; at.increment(error))
        files.push_back(at->path().string());
    std::ranges::sort(files);
    std::vector<FileStamp> stamps;
    for (const std::string& file : files) stamps.push_back(stamp_of(file));
    return stamps;
}

}  // namespace saccade
