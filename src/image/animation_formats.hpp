#pragma once

#include <vector>

#include "image/animation.hpp"

namespace saccade {

// The three readers behind decode_animation(). `bytes` begin as the format does.
std::unique_ptr<Animation> open_animated_webp(std::string bytes, const std::string& where);
std::unique_ptr<Animation> open_animated_gif(std::string bytes, const std::string& where);
std::unique_ptr<Animation> open_animated_png(std::string bytes, const std::string& where);

/// The file holds one picture alone.
[[noreturn]] void refuse_still(const std::string& where);

/// What formats that store parts of pictures draw on.
class AnimationCanvas {
 public:
    struct Part {
        Index left, top, width, height;
    };
    /// What becomes of a part before the next one is drawn.
    enum class After { keep, clear, restore };

    AnimationCanvas(Index width, Index height);

    /// rgba [part.height, part.width, 4], not premultiplied; `over`: laid over what stands there, otherwise in its place. What
    /// lies outside of the canvas is left out.
    void draw(const Part& part, const std::uint8_t* rgba, bool over, After after);
    /// Over white.
    Image picture() const;

 private:
    Part inside(const Part& part) const;

    Index width_, height_;
    std::vector<std::uint8_t> rgba_, before_;
    Part last_{};
    After after_ = After::keep;
};

}  // namespace saccade
