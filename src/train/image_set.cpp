#include "train/image_set.hpp"

#include <filesystem>
#include <map>
#include <mutex>

#include "base/error.hpp"
#include "train/cifar_binary.hpp"
#include "train/idx.hpp"
#include "train/image_folder.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

ImageSet read_fresh(const std::string& folder, ImageSplit split) {
    const bool train = split == ImageSplit::train;
    std::error_code error;
    if (!fs::is_directory(folder, error))
        throw Error(ErrorCode::not_found, folder + " is no folder", "name the folder that holds train/ and test/");
    const fs::path part = fs::path(folder) / (train ? "train" : "test");
    if (fs::is_directory(part, error)) return read_image_folder(part.string());
    if (holds_cifar_binary(folder)) return read_cifar_binary(folder, train);
    if (const auto files = find_idx(folder, train)) return read_idx(files->images, files->labels);
    throw Error(ErrorCode::not_found, folder + ": no " + (train ? "training" : "test") + " pictures",
                "it should hold train/CLASS/* and test/CLASS/*, CIFAR-10's data_batch_*.bin and test_batch.bin, or IDX files");
}

}  // namespace

ImageSetPtr read_image_set(const std::string& folder, ImageSplit split) {
    static std::mutex mutex;
    static std::map<std::pair<std::string, ImageSplit>, std::weak_ptr<const ImageSet>> held;
    const std::scoped_lock lock(mutex);
    std::weak_ptr<const ImageSet>& entry = held[{folder, split}];
    if (ImageSetPtr set = entry.lock()) return set;
    const auto set = std::make_shared<const ImageSet>(read_fresh(folder, split));
    entry = set;
    return set;
}

}  // namespace saccade
