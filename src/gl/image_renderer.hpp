#pragma once

#include <map>

#include "gl/gl_objects.hpp"
#include "viz/figure.hpp"

namespace saccade {

/// Draws pictures: each is uploaded once in the size that the screen can show, and stays as long as it is drawn.
class ImageRenderer {
 public:
    ImageRenderer();

    /// Into the bound target of `screen_width` x `screen_height` px; `box` in px of it. Leaves program, texture, blending and
    /// vertex array changed. Nothing if the driver has no texture that large.
    void draw(const ImageItem& item, const Box& box, int screen_width, int screen_height);
    /// Forgets the pictures that were not drawn for some frames.
    void end_frame();

 private:
    struct Key {
        const float* data;
        Index block;
        auto operator<=>(const Key&) const = default;
    };
    /// `pixels` keeps the storage alive, so that its address names it.
    struct Entry {
        Tensor<float> pixels;
        Texture texture;
        Index rows = 0, cols = 0;
        std::uint64_t last_frame = 0;
    };
    const Entry& uploaded(const ImageItem& item, Index block);

    Program program_;
    VertexArray vertex_array_;
    GLint box_, screen_, reach_, opacity_, picture_;
    std::map<Key, Entry> entries_;
    int largest_ = 0;
    std::uint64_t frame_ = 0;
};

}  // namespace saccade
