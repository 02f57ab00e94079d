#include "train/image_folder.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/path_text.hpp"
#include "image/load_image.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr Index most_bytes = Index{8} << 30;

bool named_as_picture(const fs::path& path) {
    std::string extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".webp";
}

std::vector<fs::path> sorted_entries(const fs::path& folder, bool folders) {
    std::vector<fs::path> found;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
        if (!is_hidden(entry.path().filename().string()) &&
            (folders ? entry.is_directory(error) : named_as_picture(entry.path()) && !entry.is_directory(error)))
            found.push_back(entry.path());
    if (error) throw Error(ErrorCode::io, folder.string() + ": " + error.message());
    std::ranges::sort(found);
    return found;
}

}  // namespace

ImageSet read_image_folder(const std::string& folder) {
    ImageSet set;
    std::vector<fs::path> files;
    for (const fs::path& kind : sorted_entries(folder, true)) {
        set.classes.push_back(kind.filename().string());
        const auto pictures = sorted_entries(kind, false);
        if (pictures.empty())
            throw Error(ErrorCode::not_found, kind.string() + ": no pictures of this class",
                        "put some there (.jpg, .png or .webp), or remove the folder");
        files.insert(files.end(), pictures.begin(), pictures.end());
        set.labels.resize(files.size(), static_cast<Index>(set.classes.size()) - 1);
    }
    if (files.empty())
        throw Error(ErrorCode::not_found, folder + ": no pictures", "it should hold a folder for each class: CLASS/*.jpg");
    const Image first = read_image(files.front().string());
    set.height = first.height;
    set.width = first.width;
    if (set.size() > most_bytes / set.picture_size())
        throw Error(
            ErrorCode::out_of_range,
            fmt::format("{}: {} pictures of {} x {} pixels take more than 8 GiB", folder, set.size(), set.width, set.height),
            "make them smaller: a size of 32 x 32 is usual here");
    set.pixels.resize(static_cast<std::size_t>(set.size() * set.picture_size()));
    parallel_for(set.size(), [&](std::int64_t i) {
        Image image = read_image(files[static_cast<std::size_t>(i)].string());
        if (image.width != set.width || image.height != set.height) image = resized(image, set.width, set.height);
        std::ranges::copy(image.rgb, set.pixels.begin() + i * set.picture_size());
    });
    return set;
}

}  // namespace saccade
