#include "gl/float_textures.hpp"

#include <algorithm>
#include <utility>

namespace saccade {

namespace {

constexpr Index most_spare = Index{1} << 22;  // texels, 16 MB
constexpr int grain = 64;                     // pictures of about the same size find a texture of the same size

int rounded(Index texels) {
    return static_cast<int>((texels + grain - 1) / grain) * grain;
}

Index size_of(const FloatTextures::Room& room) {
    return Index{room.width} * room.height;
}

}  // namespace

FloatTextures::Room FloatTextures::take(const float* texels, Index stride, Index rows, Index columns) {
    const Index needed = Index{rounded(rows)} * rounded(columns);
    // Of those with room the smallest, and none that wastes most of itself.
    auto best = spare_.end();
    for (auto one = spare_.begin(); one != spare_.end(); ++one)
        if (one->width >= columns && one->height >= rows && size_of(*one) <= 4 * needed &&
            (best == spare_.end() || size_of(*one) < size_of(*best)))
            best = one;
    Room room;
    if (best != spare_.end()) {
        room = std::move(*best);
        spare_.erase(best);
        glBindTexture(GL_TEXTURE_2D, room.texture.id());
    } else {
        room.width = rounded(columns);
        room.height = rounded(rows);
        room.texture = make_texture(GL_R32F, room.width, room.height, GL_RED, GL_FLOAT, nullptr);
    }
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    glPixelStorei(GL_UNPACK_ROW_LENGTH, static_cast<GLint>(stride));
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, static_cast<GLsizei>(columns), static_cast<GLsizei>(rows), GL_RED, GL_FLOAT,
                    texels);
    glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
    return room;
}

void FloatTextures::give_back(Room room) {
    if (!room.texture || size_of(room) > most_spare) return;
    spare_.push_back(std::move(room));
    Index all = 0;
    for (auto one = spare_.rbegin(); one != spare_.rend(); ++one)
        if ((all += size_of(*one)) > most_spare) {
            spare_.erase(spare_.begin(), one.base());
            break;
        }
}

}  // namespace saccade
