#include "train/idx.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "base/error.hpp"
#include "io/input_file.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_bytes = std::size_t{256} << 20;

/// The content of a gzip file, at most `most_bytes` of it.
std::string unzipped(const std::string& path, const std::string& packed) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw Error(ErrorCode::io, path + ": not enough memory to unpack it");
    std::string content, piece(std::size_t{1} << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    int state = Z_OK;
    while (state == Z_OK && content.size() <= most_bytes) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        state = inflate(&stream, Z_NO_FLUSH);
        content.append(piece, 0, piece.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (content.size() > most_bytes) throw Error(ErrorCode::out_of_range, path + ": unpacks to more than 256 MiB");
    if (state != Z_STREAM_END) throw Error(ErrorCode::bad_format, path + ": damaged or truncated gzip data", "fetch it again");
    return content;
}

std::string content_of(const std::string& path) {
    std::string bytes = read_file(path, most_bytes);
    return bytes.starts_with("\x1f\x8b") ? unzipped(path, bytes) : bytes;
}

/// Extents of an IDX file of bytes with `rank` axes, checked against its length; the data begins at 4 + 4 rank.
std::vector<Index> extents_of(const std::string& path, const std::string& bytes, std::size_t rank) {
    const auto number = [&](std::size_t at) {
        Index value = 0;
        for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
        return value;
    };
    if (bytes.size() < 4 + 4 * rank || number(0) != static_cast<Index>(0x800 + rank))
        throw Error(ErrorCode::bad_format, fmt::format("{}: not an IDX file of bytes with {} axes", path, rank),
                    "fetch it again");
    std::vector<Index> extents;
    Index size = 1;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        extents.push_back(number(4 + 4 * axis));
        const Index room = std::numeric_limits<Index>::max() / std::max<Index>(1, size);
        size = extents.back() > room ? -1 : size * extents.back();
        if (size < 0) break;
    }
    if (size <= 0 || static_cast<std::size_t>(size) != bytes.size() - 4 - 4 * rank)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: its header does not fit its length of {} bytes", path, bytes.size()), "fetch it again");
    return extents;
}

}  // namespace

std::optional<IdxFiles> find_idx(const std::string& folder, bool train) {
    const std::string split = train ? "train-" : "t10k-";
    std::error_code error;
    for (const char* ending : {"", ".gz"}) {
        const fs::path images = fs::path(folder) / (split + "images-idx3-ubyte" + ending);
        const fs::path labels = fs::path(folder) / (split + "labels-idx1-ubyte" + ending);
        if (fs::exists(images, error) && fs::exists(labels, error)) return IdxFiles{images.string(), labels.string()};
    }
    return std::nullopt;
}

ImageSet read_idx(const std::string& images, const std::string& labels) {
    const std::string pictures = content_of(images), ids = content_of(labels);
    const std::vector<Index> extents = extents_of(images, pictures, 3);
    const Index n = extents_of(labels, ids, 1).front();
    if (n != extents[0])
        throw Error(ErrorCode::bad_format, fmt::format("{}: {} labels for {} pictures", labels, n, extents[0]),
                    "name two files that belong together");
    ImageSet set{.height = extents[1], .width = extents[2], .classes = {}, .pixels = {}, .labels = {}};
    set.pixels.reserve(3 * (pictures.size() - 16));
    for (std::size_t i = 16; i < pictures.size(); ++i)
        set.pixels.insert(set.pixels.end(), 3, static_cast<std::uint8_t>(pictures[i]));
    for (std::size_t i = 8; i < ids.size(); ++i) set.labels.push_back(static_cast<unsigned char>(ids[i]));
    for (Index c = 0; c <= *std::ranges::max_element(set.labels); ++c) set.classes.push_back(std::to_string(c));
    return set;
}

}  // namespace saccade
