#include "train/cifar_binary.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <sstream>

#include "base/error.hpp"
#include "io/input_file.hpp"
#include "io/text_file.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr Index side = 32, plane = side * side, record = 1 + 3 * plane, class_count = 10;

std::vector<std::string> class_names(const fs::path& folder) {
    std::error_code error;
    std::vector<std::string> names;
    if (const fs::path meta = folder / "batches.meta.txt"; fs::exists(meta, error)) {
        std::istringstream lines(read_text(meta.string(), 4096));
        for (std::string name; lines >> name;) names.push_back(name);
    }
    if (static_cast<Index>(names.size()) == class_count) return names;
    return cifar_classes();
}

void append_batch(const std::string& path, ImageSet& set) {
    const std::string bytes = read_file(path);
    const auto length = static_cast<Index>(bytes.size());
    if (length == 0 || length % record != 0)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: {} bytes are not a whole number of CIFAR-10 records of {} bytes", path, length, record),
                    "fetch the file again");
    for (Index at = 0; at < length; at += record) {
        const auto* values = reinterpret_cast<const std::uint8_t*>(bytes.data()) + at;
        if (values[0] >= class_count)
            throw Error(ErrorCode::bad_format, fmt::format("{}: record {} has label {}", path, at / record, values[0]),
                        "CIFAR-10 has labels 0 to 9; fetch the file again");
        set.labels.push_back(values[0]);
        for (Index i = 0; i < plane; ++i)
            for (Index c = 0; c < 3; ++c) set.pixels.push_back(values[1 + c * plane + i]);
    }
}

}  // namespace

const std::vector<std::string>& cifar_classes() {
    static const std::vector<std::string> all = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                 "dog",      "frog",       "horse", "ship", "truck"};
    return all;
}

bool holds_cifar_binary(const std::string& folder) {
    std::error_code error;
    return fs::exists(fs::path(folder) / "data_batch_1.bin", error) || fs::exists(fs::path(folder) / "test_batch.bin", error);
}

ImageSet read_cifar_binary(const std::string& folder, bool train) {
    ImageSet set{.height = side, .width = side, .classes = class_names(folder), .pixels = {}, .labels = {}};
    if (!train) {
        append_batch((fs::path(folder) / "test_batch.bin").string(), set);
        return set;
    }
    std::error_code error;
    for (int batch = 1;; ++batch) {
        const fs::path path = fs::path(folder) / fmt::format("data_batch_{}.bin", batch);
        if (batch > 1 && !fs::exists(path, error)) return set;
        append_batch(path.string(), set);
    }
}

}  // namespace saccade
