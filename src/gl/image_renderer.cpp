#include "gl/image_renderer.hpp"

#include "shaders.hpp"
#include "viz/image_pixels.hpp"

namespace saccade {

namespace {

constexpr std::uint64_t frames_kept = 60;

}  // namespace

ImageRenderer::ImageRenderer()
    : program_(make_program(shaders::image_vert, shaders::image_frag)), vertex_array_(make_vertex_array()) {
    const auto uniform = [this](const char* name) { return glGetUniformLocation(program_.id(), name); };
    box_ = uniform("box");
    screen_ = uniform("screen");
    reach_ = uniform("reach");
    opacity_ = uniform("opacity");
    picture_ = uniform("picture");
    glGetIntegerv(GL_MAX_TEXTURE_SIZE, &largest_);
}

const ImageRenderer::Entry& ImageRenderer::uploaded(const ImageItem& item, Index block) {
    Entry& entry = entries_[{item.pixels.data(), block}];
    entry.last_frame = frame_;
    if (entry.texture && entry.pixels.shape() == item.pixels.shape()) return entry;
    const ImagePixels image = image_pixels(item, block);
    entry.pixels = item.pixels;
    entry.rows = image.rows;
    entry.cols = image.cols;
    entry.texture = make_texture(GL_RGBA8, static_cast<int>(image.cols), static_cast<int>(image.rows), GL_RGBA,
                                 GL_UNSIGNED_BYTE, image.pixels.data());
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
    return entry;
}

void ImageRenderer::draw(const ImageItem& item, const Box& box, int screen_width, int screen_height) {
    if (item.pixels.empty() || item.pixels.shape().rank() != 3) return;
    Index block = image_block(item, box.w, box.h);
    while (std::max(item.pixels.shape()[0], item.pixels.shape()[1]) / block >= largest_) block *= 2;
    glActiveTexture(GL_TEXTURE0);
    const Entry& entry = uploaded(item, block);
    set_blending(item.opacity < 1);
    glUseProgram(program_.id());
    glBindVertexArray(vertex_array_.id());
    glBindTexture(GL_TEXTURE_2D, entry.texture.id());
    const auto share = [block](Index pixels, Index blocks) {
        return static_cast<float>(pixels) / static_cast<float>(blocks * block);
    };
    glUniform2f(screen_, static_cast<float>(screen_width), static_cast<float>(screen_height));
    glUniform4f(box_, static_cast<float>(box.x), static_cast<float>(box.y), static_cast<float>(box.w),
                static_cast<float>(box.h));
    glUniform2f(reach_, share(item.pixels.shape()[1], entry.cols), share(item.pixels.shape()[0], entry.rows));
    glUniform1f(opacity_, static_cast<float>(item.opacity));
    glUniform1i(picture_, 0);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
}

void ImageRenderer::end_frame() {
    ++frame_;
    std::erase_if(entries_, [&](const auto& entry) { return entry.second.last_frame + frames_kept < frame_; });
}

}  // namespace saccade
