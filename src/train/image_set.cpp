#include "train/image_set.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "train/cifar_binary.hpp"
#include "train/idx.hpp"
#include "train/image_folder.hpp"

namespace saccade {

namespace fs = std::filesystem;

ImageSetPtr read_image_set(const std::string& folder, ImageSplit split) {
    const auto shared = [](ImageSet set) { return std::make_shared<const ImageSet>(std::move(set)); };
    const bool train = split == ImageSplit::train;
    std::error_code error;
    if (!fs::is_directory(folder, error))
        throw Error(ErrorCode::not_found, folder + " is not a folder", "name the folder that holds train/ and test/");
    const fs::path part = fs::path(folder) / (train ? "train" : "test");
    if (fs::is_directory(part, error)) return shared(read_image_folder(part.string()));
    if (holds_cifar_binary(folder)) return shared(read_cifar_binary(folder, train));
    if (const auto files = find_idx(folder, train)) return shared(read_idx(files->images, files->labels));
    throw Error(ErrorCode::not_found, folder + ": no " + (train ? "training" : "test") + " pictures",
                "it should hold train/CLASS/* and test/CLASS/*, CIFAR-10's data_batch_*.bin and test_batch.bin, or IDX files");
}

}  // namespace saccade
