#include "train/idx.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <numeric>

#include "base/error.hpp"
#include "io/input_file.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_bytes = std::size_t{256} << 20;

/// The first bytes of what a gzip file holds, at most so many of them.
std::string unzipped(const std::string& path, const std::string& packed, std::size_t most) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw Error(ErrorCode::io, path + ": not enough memory to unpack it");
    std::string content(most, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(content.data());
    stream.avail_out = static_cast<uInt>(most);
    const int state = inflate(&stream, Z_FINISH);
    content.resize(most - stream.avail_out);
    inflateEnd(&stream);
    if (state != Z_STREAM_END && content.size() < most)
        throw Error(ErrorCode::bad_format, path + ": damaged or truncated gzip data", "fetch it again");
    return content;
}

struct IdxFile {
    std::vector<Index> extents;
    std::string bytes;  // header included: the data begins at 4 + 4 axes
};

/// Extents that the header of an IDX file of bytes with `rank` axes gives; their product is at most most_bytes.
std::vector<Index> extents_of(const std::string& path, const std::string& header, std::size_t rank) {
    const auto number = [&](std::size_t at) {
        Index value = 0;
        for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(header[at + i]);
        return value;
    };
    if (header.size() < 4 + 4 * rank || number(0) != static_cast<Index>(0x800 + rank))
        throw Error(ErrorCode::bad_format, fmt::format("{}: not an IDX file of bytes with {} axes", path, rank),
                    "fetch it again");
    std::vector<Index> extents;
    constexpr auto most = static_cast<Index>(most_bytes);
    Index size = 1;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        extents.push_back(number(4 + 4 * axis));
        if (extents.back() > most / size)
            throw Error(ErrorCode::out_of_range, path + ": its header asks for more than 256 MiB", "fetch it again");
        size *= std::max<Index>(1, extents.back());
    }
    return extents;
}

/// Packed or not. Nothing is unpacked beyond what its header says.
IdxFile idx_file(const std::string& path, std::size_t rank) {
    std::string stored = read_file(path, most_bytes + 64);
    const bool packed = stored.starts_with("\x1f\x8b");
    const std::size_t header = 4 + 4 * rank;
    IdxFile file;
    file.extents = extents_of(path, packed ? unzipped(path, stored, header) : stored.substr(0, header), rank);
    const auto data =
        static_cast<std::size_t>(std::accumulate(file.extents.begin(), file.extents.end(), Index{1}, std::multiplies<Index>()));
    // Deflate makes at most 1032 bytes of one: a header that lies takes no more memory than that.
    file.bytes = packed ? unzipped(path, stored, std::min(header + data + 1, 1032 * stored.size())) : std::move(stored);
    if (data == 0 || file.bytes.size() != header + data)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: its header does not fit its length of {} bytes", path, file.bytes.size()),
                    "fetch it again");
    return file;
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
    const IdxFile pictures = idx_file(images, 3), ids = idx_file(labels, 1);
    const std::vector<Index>& extents = pictures.extents;
    const Index n = ids.extents.front();
    if (n != extents[0])
        throw Error(ErrorCode::bad_format, fmt::format("{}: {} labels for {} pictures", labels, n, extents[0]),
                    "name two files that belong together");
    ImageSet set{.height = extents[1], .width = extents[2], .classes = {}, .pixels = {}, .labels = {}};
    set.pixels.reserve(3 * (pictures.bytes.size() - 16));
    for (std::size_t i = 16; i < pictures.bytes.size(); ++i)
        set.pixels.insert(set.pixels.end(), 3, static_cast<std::uint8_t>(pictures.bytes[i]));
    for (std::size_t i = 8; i < ids.bytes.size(); ++i) set.labels.push_back(static_cast<unsigned char>(ids.bytes[i]));
    for (Index c = 0; c <= *std::ranges::max_element(set.labels); ++c) set.classes.push_back(std::to_string(c));
    return set;
}

}  // namespace saccade
