#pragma once

#include <vector>

#include "gl/gl_objects.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// Textures of one 32-bit number a texel, kept for the next picture once no picture needs them: on some machines the first
/// touch of fresh memory takes many times what it takes to write it, and while a map is zoomed each frame has a picture of its
/// own.
class FloatTextures {
 public:
    struct Room {
        Texture texture;
        int width = 0, height = 0;  // texels, of which a picture may use fewer
    };
    /// A texture whose upper left corner holds rows x columns texels, `stride` numbers from row to row. The rest of it is
    /// undefined. Leaves it bound.
    Room take(const float* texels, Index stride, Index rows, Index columns);
    void give_back(Room room);

 private:
    std::vector<Room> spare_;  // the one that was given back last is the last
};

}  // namespace saccade
