#include "image/animation.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "image/animation_formats.hpp"
#include "image/decode.hpp"
#include "io/atomic_file.hpp"

namespace saccade {

namespace {

constexpr const char* wanted = "give an animated WebP, GIF or PNG, or a folder of pictures";
constexpr std::uint64_t most_animation_bytes = 512u << 20;

/// colour * alpha over what stands there (PNG specification, section 13.16), neither premultiplied.
void lay_over(const std::uint8_t* from, std::uint8_t* to) {
    const unsigned a = from[3], b = to[3] * (255 - a), sum = 255 * a + b;
    if (a == 0) return;
    for (int c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>((from[c] * 255 * a + to[c] * b + sum / 2) / sum);
    to[3] = static_cast<std::uint8_t>((sum + 127) / 255);
}

}  // namespace

AnimationCanvas::AnimationCanvas(Index width, Index height)
    : width_(width), height_(height), rgba_(static_cast<std::size_t>(width * height * 4)) {}

AnimationCanvas::Part AnimationCanvas::inside(const Part& part) const {
    const Index left = std::clamp<Index>(part.left, 0, width_), top = std::clamp<Index>(part.top, 0, height_);
    return {left, top, std::clamp<Index>(part.left + part.width, left, width_) - left,
            std::clamp<Index>(part.top + part.height, top, height_) - top};
}

void AnimationCanvas::draw(const Part& part, const std::uint8_t* rgba, bool over, After after) {
    if (after_ == After::restore) rgba_ = before_;
    if (after_ == After::clear)
        for (Index y = 0; y < last_.height; ++y)
            std::memset(rgba_.data() + ((last_.top + y) * width_ + last_.left) * 4, 0,
                        static_cast<std::size_t>(last_.width) * 4);
    if (after == After::restore) before_ = rgba_;
    after_ = after;
    last_ = inside(part);
    for (Index y = 0; y < last_.height; ++y) {
        const std::uint8_t* from = rgba + ((last_.top - part.top + y) * part.width + last_.left - part.left) * 4;
        std::uint8_t* to = rgba_.data() + ((last_.top + y) * width_ + last_.left) * 4;
        if (!over) {
            std::copy_n(from, last_.width * 4, to);
            continue;
        }
        for (Index x = 0; x < last_.width; ++x, from += 4, to += 4) lay_over(from, to);
    }
}

Image AnimationCanvas::picture() const {
    Image image(width_, height_);
    compose_over_white(rgba_.data(), width_ * height_, image.rgb.data());
    return image;
}

void refuse_still(const std::string& where) {
    throw Error(ErrorCode::bad_format, where + " holds one picture, no animation", wanted);
}

std::unique_ptr<Animation> decode_animation(std::string bytes, const std::string& where) {
    if (bytes.starts_with("GIF8")) return open_animated_gif(std::move(bytes), where);
    if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return open_animated_png(std::move(bytes), where);
    if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return open_animated_webp(std::move(bytes), where);
    throw Error(ErrorCode::bad_format, where + " is no animated picture", wanted);
}

std::unique_ptr<Animation> read_animation(const std::string& path) {
    return decode_animation(read_file(path, most_animation_bytes), path);
}

}  // namespace saccade
