#include "image/load_image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <list>
#include <mutex>

#include "base/base64.hpp"
#include "base/parallel.hpp"
#include "base/utf8.hpp"
#include "image/decode.hpp"
#include "image/samples.hpp"
#include "io/input_file.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view sample_prefix = "sample:", scene_prefix = "scene:", data_prefix = "data:";

enum class Format { png, jpeg, webp, other };

Format format_of(std::string_view bytes) {
    if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return Format::png;
    if (bytes.starts_with("\xff\xd8\xff")) return Format::jpeg;
    if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return Format::webp;
    return Format::other;
}

constexpr std::size_t head_bytes = 32;  // they tell what a file is

/// What a file that is none of the three is, as far as it can be told.
std::string known_as(std::string_view bytes) {
    struct Known {
        std::size_t at;
        std::string_view magic;
        const char* name;
    };
    using namespace std::string_view_literals;
    static constexpr std::array<Known, 10> formats{{{0, "GIF8"sv, "a GIF"},
                                                    {0, "BM"sv, "a BMP"},
                                                    {0, "II*\0"sv, "a TIFF"},
                                                    {0, "MM\0*"sv, "a TIFF"},
                                                    {0, "%PDF"sv, "a PDF"},
                                                    {4, "ftypheic"sv, "a HEIC photo"},
                                                    {4, "ftypmif1"sv, "a HEIC photo"},
                                                    {4, "ftypavif"sv, "an AVIF"},
                                                    {0, "<svg"sv, "an SVG drawing"},
                                                    {0, "<?xml"sv, "an XML file"}}};
    for (const Known& known : formats)
        if (bytes.size() > known.at && bytes.substr(known.at).starts_with(known.magic)) return known.name;
    std::string_view start = bytes.substr(0, head_bytes);
    // A character may be cut off at its end; whatever stands in it, two bytes are none.
    if (const std::size_t wrong = find_invalid_utf8(start); start.size() == head_bytes && wrong + 3 >= head_bytes)
        start = start.substr(0, wrong);
    const bool text = find_invalid_utf8(start) == std::string::npos && std::none_of(start.begin(), start.end(), [](char c) {
                          return static_cast<unsigned char>(c) < 9 || c == 127;
                      });
    return text ? "a text file" : "of an unknown format";
}

/// How long the file of a picture may be that begins so: the rest of a refused one is never read.
std::size_t most_bytes_of(std::string_view head, const std::string& where) {
    constexpr std::size_t usual = std::size_t{128} << 20, beside_pixels = std::size_t{32} << 20;
    if (format_of(head) != Format::png || head.size() < 24) return usual;
    const auto number = [&](std::size_t at) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(head[at + i]);
        return value;
    };
    check_image_size(number(16), number(20), where);
    return static_cast<std::size_t>(number(16) * number(20)) * 8 + beside_pixels;  // 16 bit RGBA that does not pack
}

/// The bytes behind data:image/png;base64,...
std::string data_bytes(std::string_view value) {
    constexpr std::string_view base64_mark = ";base64,";
    const std::size_t comma = value.find(base64_mark);
    const auto bytes = comma == std::string_view::npos ? std::nullopt : base64_decode(value.substr(comma + base64_mark.size()));
    if (!bytes) {
        throw Error(ErrorCode::bad_format, fmt::format("'{}' holds no picture", shorten(sanitize_utf8(value), 40)),
                    "write data:image/png;base64,... (or jpeg, webp)");
    }
    return *bytes;
}

constexpr const char* data_name = "the picture in the value";

Image value_image(const std::string& value, Index at_least, ImageSize& full) {
    if (value.starts_with(data_prefix)) return decode_image(data_bytes(value), data_name, at_least, &full);
    return read_image(value, at_least, &full);
}

std::string title_of(const std::string& value) {
    if (value.starts_with(sample_prefix)) return "sample " + value.substr(sample_prefix.size());
    if (value.starts_with(scene_prefix)) return "scene";
    if (value.starts_with(data_prefix)) return "picture";
    return fs::path(value).filename().string();
}

/// Sizes up to this are made from one copy of that size, so that a file is decoded once, however many sizes are asked for.
constexpr Index base_side = 2048;
constexpr Index as_base = -1;  // in place of a longest side: that copy, or the file as it is if it is smaller

std::shared_ptr<Picture> named_picture(const std::string& value, const ImageSize& full) {
    auto picture = std::make_shared<Picture>();
    picture->title = title_of(value);
    picture->full_width = full.width;
    picture->full_height = full.height;
    return picture;
}

ImageSize size_for(const ImageSize& full, Index longest_side, Index multiple) {
    const Index longest = std::max(full.width, full.height);
    if (longest_side == as_base) return fitted_size(full.width, full.height, std::min(longest, base_side));
    return fitted_size(full.width, full.height, longest_side == 0 ? longest : longest_side, multiple);
}

std::shared_ptr<Picture> scene_picture(const std::string& value, Scene scene, Index longest_side, Index multiple) {
    const ImageSize full{scene.width, scene.height}, size = size_for(full, longest_side, multiple);
    auto picture = named_picture(value, full);
    picture->image = draw(scene, size.width, size.height);
    picture->scene = std::move(scene);
    return picture;
}

std::shared_ptr<Picture> file_picture(const std::string& value, Index longest_side, Index multiple) {
    ImageSize full;
    Image image = value_image(value, longest_side == as_base ? base_side : longest_side, full);
    auto picture = named_picture(value, full);
    const ImageSize size = size_for(full, longest_side, multiple);
    // 50 megapixels are not copied for nothing.
    picture->image = size == ImageSize{image.width, image.height} ? std::move(image) : resized(image, size.width, size.height);
    return picture;
}

std::shared_ptr<Picture> smaller_picture(const std::string& value, const Picture& base, Index longest_side, Index multiple) {
    const ImageSize full{base.full_width, base.full_height}, size = size_for(full, longest_side, multiple);
    auto picture = named_picture(value, full);
    picture->image = resized(base.image, size.width, size.height);
    return picture;
}

/// A picture that is to be looked at.
std::shared_ptr<Picture> large_enough(const std::string& value, std::shared_ptr<Picture> picture) {
    if (std::max(picture->full_width, picture->full_height) >= least_image_side) return picture;
    throw Error(ErrorCode::out_of_range,
                fmt::format("{} is {} x {} pixels: there is nothing to look at",
                            value.starts_with(data_prefix) ? data_name : value, picture->full_width, picture->full_height),
                fmt::format("give a picture of at least {0} x {0} pixels", least_image_side));
}

/// Tells one content of a file from another. Of other values the text is all.
struct Stamp {
    fs::file_time_type time{};
    std::uintmax_t size = 0;
    bool operator==(const Stamp&) const = default;
};

std::optional<Stamp> stamp_of(const std::string& value) {
    if (!names_picture_file(value)) return Stamp{};
    std::error_code time_error, size_error;
    const Stamp stamp{fs::last_write_time(value, time_error), fs::file_size(value, size_error)};
    return time_error || size_error ? std::nullopt : std::optional(stamp);
}

/// The pictures of the latest values, up to a limit of bytes.
class PictureCache {
 public:
    PicturePtr get(const std::string& value, Index longest_side, Index multiple) {
        const std::optional<Stamp> stamp = stamp_of(value);
        if (stamp)
            if (const PicturePtr found = find(value, longest_side, multiple, *stamp)) return found;
        PicturePtr picture = make(value, longest_side, multiple);  // not under the lock: it may take its time
        if (stamp) keep({value, longest_side, multiple, *stamp, picture});
        return picture;
    }

 private:
    struct Entry {
        std::string value;
        Index longest_side, multiple;
        Stamp stamp;
        PicturePtr picture;
        std::size_t bytes() const { return value.size() + picture->image.rgb.size(); }
    };

    PicturePtr make(const std::string& value, Index longest_side, Index multiple) {
        std::optional<Scene> scene = drawn_scene(value);
        if (!scene) scene = scene_of(value);
        if (scene) return scene_picture(value, std::move(*scene), longest_side, multiple);
        if (longest_side > 0 && longest_side <= base_side)
            return smaller_picture(value, *get(value, as_base, 1), longest_side, multiple);
        return large_enough(value, file_picture(value, longest_side, multiple));
    }

    /// The scene of a value that was drawn at another size: a dragged one is read once.
    std::optional<Scene> drawn_scene(const std::string& value) {
        if (names_picture_file(value)) return std::nullopt;
        const std::lock_guard lock(mutex_);
        const auto found = std::ranges::find(entries_, value, &Entry::value);
        return found == entries_.end() ? std::nullopt : found->picture->scene;
    }

    PicturePtr find(const std::string& value, Index longest_side, Index multiple, const Stamp& stamp) {
        const std::lock_guard lock(mutex_);
        for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
            if (entry->longest_side != longest_side || entry->multiple != multiple || entry->stamp != stamp ||
                entry->value != value)
                continue;
            entries_.splice(entries_.begin(), entries_, entry);
            return entry->picture;
        }
        return nullptr;
    }

    void keep(Entry entry) {
        constexpr std::size_t most_bytes = std::size_t{96} << 20, most_entries = 64;
        const std::lock_guard lock(mutex_);
        bytes_ += entry.bytes();
        entries_.push_front(std::move(entry));
        while (entries_.size() > most_entries || (bytes_ > most_bytes && entries_.size() > 1)) {
            bytes_ -= entries_.back().bytes();
            entries_.pop_back();
        }
    }

    std::mutex mutex_;
    std::list<Entry> entries_;  // the latest used first
    std::size_t bytes_ = 0;
};

PictureCache& cache() {
    static PictureCache pictures;
    return pictures;
}

}  // namespace

void check_image_size(std::uint64_t width, std::uint64_t height, const std::string& where) {
    if (width == 0 || height == 0) {
        throw Error(ErrorCode::bad_format, fmt::format("{} is {} x {} pixels", where, width, height), "choose another picture");
    }
    const bool large = width > most_image_pixels || height > most_image_pixels || width * height > most_image_pixels;
    if (!large && std::max(width, height) <= longest_image_side) return;
    if (!large)
        throw Error(ErrorCode::out_of_range,
                    fmt::format("{} is {} x {} pixels, and a side has more than {}", where, width, height, longest_image_side),
                    "cut it into pieces first");
    throw Error(
        ErrorCode::out_of_range,
        fmt::format("{} is {} x {} pixels, more than {} megapixels", where, width, height, most_image_pixels / 1'000'000),
        "make it smaller first");
}

void refuse_damaged(const std::string& where, const std::string& format, const std::string& why) {
    std::string reason = sanitize_utf8(why);
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    throw Error(ErrorCode::bad_format, fmt::format("{} is a damaged {} ({})", where, format, reason), "get the file again");
}

Image decode_image(std::string_view bytes, const std::string& where, Index at_least, ImageSize* full) {
    if (bytes.empty()) throw Error(ErrorCode::bad_format, where + " is empty", "get the file again");
    ImageSize size;
    Image image;
    switch (format_of(bytes)) {
        case Format::png:
            image = decode_png(bytes, where, size);
            break;
        case Format::jpeg:
            image = decode_jpeg(bytes, where, at_least, size);
            break;
        case Format::webp:
            image = decode_webp(bytes, where, size);
            break;
        case Format::other:
            throw Error(ErrorCode::bad_format, fmt::format("{} is {}, not a picture that can be read", where, known_as(bytes)),
                        "give a PNG, JPEG or WebP file");
    }
    if (full != nullptr) *full = size;
    return image;
}

Image read_image(const std::string& path, Index at_least, ImageSize* full) {
    const std::string head = read_start(path, head_bytes);
    if (format_of(head) == Format::other) return decode_image(head, path);  // says what it is
    return decode_image(read_file(path, most_bytes_of(head, path)), path, at_least, full);
}

std::vector<Image> read_images(const std::vector<std::string>& paths) {
    std::vector<Image> images(paths.size());
    constexpr std::size_t at_once = 64;
    parallel_for(static_cast<std::int64_t>((paths.size() + at_once - 1) / at_once), [&](std::int64_t block) {
        const std::size_t begin = static_cast<std::size_t>(block) * at_once, end = std::min(paths.size(), begin + at_once);
        for (std::size_t i = begin; i < end; ++i) images[i] = read_image(paths[i]);
    });
    return images;
}

bool names_picture_file(const std::string& value) {
    return !value.starts_with(sample_prefix) && !value.starts_with(scene_prefix) && !value.starts_with(data_prefix);
}

bool is_image_file(const std::string& path) {
    try {
        return format_of(read_start(path, head_bytes)) != Format::other;
    } catch (const Error&) {
        return false;
    }
}

std::optional<Scene> scene_of(const std::string& value) {
    if (value.starts_with(scene_prefix)) return scene_from_text(std::string_view(value).substr(scene_prefix.size()));
    if (value.starts_with(sample_prefix)) return sample_scene(std::string_view(value).substr(sample_prefix.size()));
    return std::nullopt;
}

Image load_image(const std::string& value) {
    if (const std::optional<Scene> scene = scene_of(value)) return draw(*scene);
    return std::move(file_picture(value, 0, 1)->image);
}

PicturePtr load_picture(const std::string& value, Index longest_side, Index multiple) {
    return cache().get(value, longest_side, multiple);
}

}  // namespace saccade
