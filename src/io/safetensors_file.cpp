#include "io/safetensors_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "base/parallel.hpp"
#include "base/utf8.hpp"
#include "io/half.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

static_assert(std::endian::native == std::endian::little, "the formats of io/ are little-endian and are read in place");

// A length beyond is that of no header: these bytes are text, or the beginning of another format.
constexpr std::uint64_t most_bytes_of_any_file = std::uint64_t{1} << 48;
constexpr std::uint64_t piece_bytes = std::uint64_t{4} << 20;  // read by one thread at a time

std::string named(const StoredTensor& tensor) {
    return "tensor '" + shorten(tensor.name, 60) + "'";
}

}  // namespace

SafetensorsFile::SafetensorsFile(std::string path, std::stop_token stop)
    : path_(std::move(path)), file_(path_, std::move(stop)) {
    std::uint64_t length = 0;
    const std::uint64_t size = file_.size();
    if (size < sizeof length) damaged(fmt::format("is {} bytes long, too short for a safetensors file", size));
    read_bytes(0, &length, sizeof length, "the header's length");
    if (length > most_bytes_of_any_file)
        throw Error(ErrorCode::bad_format, path_ + ": is no safetensors file",
                    "choose a file of weights, as `saccade train` writes them");
    if (length > size - sizeof length)
        damaged(fmt::format("the header claims {} bytes, the file has {}", length, size - sizeof length));
    if (length > longest_safetensors_header)
        damaged(fmt::format("the header claims {} bytes; {} can be read", length, longest_safetensors_header));
    data_begin_ = sizeof length + length;
    std::string text(length, '\0');
    read_bytes(sizeof length, text.data(), length, "the header");
    header_ = parse_safetensors_header(text, size - data_begin_, path_);
}

void SafetensorsFile::damaged(const std::string& what) const {
    throw Error(ErrorCode::bad_format, fmt::format("{}: {}", path_, what), "the file is damaged; choose another");
}

void SafetensorsFile::read_bytes(std::uint64_t at, void* into, std::uint64_t bytes, const std::string& what) const {
    const auto pieces = static_cast<std::int64_t>((bytes + piece_bytes - 1) / piece_bytes);
    std::vector<char> whole(static_cast<std::size_t>(pieces), 0);
    const auto read = [&](std::int64_t piece) {
        const std::uint64_t from = static_cast<std::uint64_t>(piece) * piece_bytes, count = std::min(piece_bytes, bytes - from);
        whole[static_cast<std::size_t>(piece)] =
            file_.read_at(at + from, static_cast<char*>(into) + from, static_cast<std::size_t>(count)) == count;
    };
    if (pieces == 1)
        read(0);
    else
        parallel_for(pieces, read);
    if (std::ranges::any_of(whole, [](char w) { return w == 0; })) damaged("ends within " + what);
}

template <class Stored, class Convert>
Tensor<float> SafetensorsFile::converted(const StoredTensor& tensor, Convert convert) const {
    Tensor<float> values = Tensor<float>::uninitialized(tensor.shape(path_));
    constexpr Index at_once = 1 << 16;
    std::vector<Stored> buffer(static_cast<std::size_t>(std::min(values.size(), at_once)));
    for (Index at = 0; at < values.size(); at += at_once) {
        const Index count = std::min(values.size() - at, at_once);
        read_bytes(data_begin_ + tensor.begin + static_cast<std::uint64_t>(at) * sizeof(Stored), buffer.data(),
                   static_cast<std::uint64_t>(count) * sizeof(Stored), named(tensor));
        convert(buffer.data(), static_cast<std::size_t>(count), values.data() + at);
    }
    return values;
}

Tensor<float> SafetensorsFile::values(const StoredTensor& tensor) const {
    if (tensor.dtype == "F32") {
        Tensor<float> values = Tensor<float>::uninitialized(tensor.shape(path_));
        read_bytes(data_begin_ + tensor.begin, values.data(), static_cast<std::uint64_t>(values.size()) * sizeof(float),
                   named(tensor));
        return values;
    }
    if (tensor.dtype == "F64")
        return converted<double>(tensor, [](const double* from, std::size_t count, float* to) {
            std::transform(from, from + count, to, [](double v) { return static_cast<float>(v); });
        });
    if (tensor.dtype == "F16") return converted<std::uint16_t>(tensor, halves_to_floats);
    return converted<std::uint16_t>(tensor, bfloats16_to_floats);
}

std::shared_ptr<std::uint16_t[]> SafetensorsFile::bits(const StoredTensor& tensor) const {
    const auto count = static_cast<std::size_t>(tensor.shape(path_).size());
    // Of the stock of blocks: a model has a hundred matrices of the same few sizes, and new pages take longer than the reading.
    std::shared_ptr<std::uint16_t[]> bits = allocate_storage<std::uint16_t>(count);
    read_bytes(data_begin_ + tensor.begin, bits.get(), count * sizeof(std::uint16_t), named(tensor));
    return bits;
}

}  // namespace saccade
