#include "checkpoint/preprocessing.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/json_text.hpp"
#include "io/text_file.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr Index largest_side = 8192;
constexpr std::size_t most_bytes = std::size_t{1} << 20;
constexpr const char* hint = "use the preprocessor_config.json that was saved with this model";

/// A side, two of them, or the shorter one: 224, {"height": 224, "width": 224}, {"shortest_edge": 256}.
struct Sides {
    Index height = 0, width = 0, shortest = 0;
};

Sides sides_of(const JsonObject& config, const char* key, const std::string& where) {
    Sides sides;
    if (!config.find(key)->is_object()) {
        config.whole(key, sides.height, Index{1}, largest_side);
        sides.width = sides.height;
        return sides;
    }
    const JsonObject object(*config.find(key), fmt::format("{}: {}", where, key), hint);
    if (object.find("shortest_edge") != nullptr) {
        object.whole("shortest_edge", sides.shortest, Index{1}, largest_side);
        return sides;
    }
    object.needs({"height", "width"});
    object.whole("height", sides.height, Index{1}, largest_side);
    object.whole("width", sides.width, Index{1}, largest_side);
    return sides;
}

bool given(const JsonObject& config, const char* key) {
    const nlohmann::json* value = config.find(key);
    return value != nullptr && !value->is_null();
}

void read_colors(const JsonObject& config, const char* key, std::array<float, 3>& colors) {
    if (!given(config, key)) return;
    // Of grey pictures one number is given.
    if (const nlohmann::json& value = *config.find(key); value.is_array() && value.size() == 1) {
        config.numbers(key, std::span<float>(colors).first(1));
        return colors.fill(colors[0]);
    }
    config.numbers(key, colors);
}

void read_sizes(const JsonObject& config, const std::string& where, Preprocessing& how) {
    config.toggle("do_resize", how.resizes);
    if (given(config, "size")) {
        const Sides sides = sides_of(config, "size", where);
        how.height = sides.height;
        how.width = sides.width;
        how.shortest = sides.shortest;
    }
    config.toggle("do_center_crop", how.crops);
    if (given(config, "crop_size")) {
        const Sides sides = sides_of(config, "crop_size", where);
        if (sides.height == 0) config.refuse("crop_size", *config.find("crop_size"), "give a height and a width");
        how.crop_height = sides.height;
        how.crop_width = sides.width;
    }
    if (how.crops && how.crop_height == 0) config.needs({"crop_size"});
}

void read_filter(const JsonObject& config, Preprocessing& how) {
    if (given(config, "resample")) {
        Index filter = 0;
        config.whole("resample", filter, Index{0}, Index{5});
        how.resampling = static_cast<Resampling>(filter);
    }
}

void read_values(const JsonObject& config, Preprocessing& how) {
    bool rescales = true, normalises = true;
    config.toggle("do_rescale", rescales);
    if (given(config, "rescale_factor")) config.number("rescale_factor", how.factor, 1e-9, 1e9);
    if (!rescales) how.factor = 1;
    read_colors(config, "image_mean", how.mean);
    read_colors(config, "image_std", how.deviation);
    for (const float deviation : how.deviation)
        if (!(deviation > 0)) config.refuse("image_std", *config.find("image_std"), "numbers above 0");
    config.toggle("do_normalize", normalises);
    if (normalises) return;
    how.mean.fill(0);
    how.deviation.fill(1);
}

/// As the library of these models rounds them: the longer side down.
ImageSize resized_size(const Image& picture, const Preprocessing& how) {
    if (!how.resizes) return {picture.width, picture.height};
    if (how.shortest == 0) return {how.width, how.height};
    const auto longer = [&](Index long_side, Index short_side) {
        const Index side = how.shortest * long_side / short_side;
        return std::clamp<Index>(side, how.shortest, 4 * largest_side);
    };
    if (picture.width <= picture.height) return {how.shortest, longer(picture.height, picture.width)};
    return {longer(picture.width, picture.height), how.shortest};
}

}  // namespace

Preprocessing read_preprocessing(const std::string& folder, const Preprocessing& otherwise, bool* there) {
    Preprocessing how = otherwise;
    const std::string file = (fs::path(folder) / "preprocessor_config.json").string();
    std::error_code error;
    const bool is_there = fs::is_regular_file(file, error);
    if (there != nullptr) *there = is_there;
    if (!is_there) return how;
    const nlohmann::json document = parse_json(read_text(file, most_bytes), file, "fetch it again");
    const JsonObject config(document, file, hint);
    read_sizes(config, file, how);
    read_filter(config, how);
    read_values(config, how);
    return how;
}

VisionReading at_size(VisionReading reading, Index height, Index width) {
    const auto scaled = [](Index size, Index to, Index from) {
        return static_cast<Index>(std::lround(static_cast<double>(size) * static_cast<double>(to) / static_cast<double>(from)));
    };
    Preprocessing& how = reading.how;
    how.shortest = scaled(how.shortest, std::min(height, width), std::min(reading.height, reading.width));
    for (Index* size : {&how.height, &how.crop_height}) *size = scaled(*size, height, reading.height);
    for (Index* size : {&how.width, &how.crop_width}) *size = scaled(*size, width, reading.width);
    reading.height = height;
    reading.width = width;
    return reading;
}

ReadPicture read_as(const Image& picture, const Preprocessing& how, Index height, Index width) {
    ReadPicture read;
    const ImageSize size = resized_size(picture, how);
    const bool crops = how.crops && how.crop_height <= size.height && how.crop_width <= size.width;
    if (how.crops && !crops)
        read.differs = fmt::format("{} x {} px cannot be cut out of a picture of {} x {}", how.crop_width, how.crop_height,
                                   size.width, size.height);
    const ImageSize asked = crops ? ImageSize{how.crop_width, how.crop_height} : size;
    const auto middle = [&](Index room) { return room / 2 + (how.middle_to_even && room % 2 == 1 ? room / 2 % 2 : 0); };
    const Index left = middle(size.width - asked.width), top = middle(size.height - asked.height);
    const auto share = [](Index a, Index b) { return static_cast<double>(a) / static_cast<double>(b); };
    read.left = share(left, size.width);
    read.top = share(top, size.height);
    read.right = share(left + asked.width, size.width);
    read.bottom = share(top + asked.height, size.height);
    read.image = resampled(picture, size.width, size.height, how.resampling);
    if (crops) read.image = cut(read.image, left, top, asked.width, asked.height);
    if (asked == ImageSize{width, height}) return read;
    if (read.differs.empty())
        read.differs = fmt::format("preprocessor_config.json makes pictures of {} x {} px, and config.json asks for {} x {}",
                                   asked.width, asked.height, width, height);
    read.image = resampled(read.image, width, height, how.resampling);
    return read;
}

Tensor<float> plain_pixels(const Image& image, Index channels) {
    Tensor<float> colors = to_tensor(image);
    if (channels == 3) return colors;
    Tensor<float> grey = Tensor<float>::uninitialized({image.height, image.width, 1});
    for (Index i = 0; i < grey.size(); ++i) {
        const float* rgb = colors.data() + 3 * i;
        grey.data()[i] = std::round(255 * (0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2])) / 255;
    }
    return grey;
}

Tensor<float> normalised_pixels(const Tensor<float>& plain, const Preprocessing& how) {
    Tensor<float> pixels = Tensor<float>::uninitialized(plain.shape());
    const auto channels = static_cast<std::size_t>(plain.shape()[2]);
    const auto scale = static_cast<float>(255 * how.factor);
    for (Index i = 0; i < plain.size(); ++i) {
        const std::size_t c = static_cast<std::size_t>(i) % channels;
        pixels.data()[i] = (plain.data()[i] * scale - how.mean[c]) / how.deviation[c];
    }
    return pixels;
}

}  // namespace saccade
