#include "gl/heatmap_renderer.hpp"

#include <algorithm>
#include <vector>

#include "shaders.hpp"

namespace saccade {

namespace {

constexpr std::uint64_t frames_kept = 120;
constexpr int largest_tile = 4096;  // larger ones upload in visible hitches

void set_color(GLint location, Color c) {
    glUniform4f(location, static_cast<float>(c.r) / 255.0f, static_cast<float>(c.g) / 255.0f, static_cast<float>(c.b) / 255.0f,
                static_cast<float>(c.a) / 255.0f);
}

int bend_of(Normalization::Scale scale) {
    return scale == Normalization::Scale::sqrt ? 1 : scale == Normalization::Scale::log ? 2 : 0;
}

}  // namespace

HeatmapRenderer::HeatmapRenderer()
    : program_(make_program(shaders::heatmap_vert, shaders::heatmap_frag)), vertex_array_(make_vertex_array()) {
    glGetIntegerv(GL_MAX_TEXTURE_SIZE, &largest_texture_);
    largest_texture_ = std::min(largest_texture_, largest_tile);
}

GLint HeatmapRenderer::uniform(const char* name) const {
    return glGetUniformLocation(program_.id(), name);
}

const HeatmapRenderer::Matrix& HeatmapRenderer::matrix(const Tensor<float>& values) {
    Matrix& entry = matrices_[values.data()];
    entry.last_frame = frame_;
    if (!entry.tiles.empty() && entry.values.shape() == values.shape()) return entry;
    entry.values = values;
    entry.tiles.clear();
    const Index rows = values.shape()[0];
    const Index columns = values.shape()[1];
    std::vector<float> part;
    for (Index r = 0; r < rows; r += largest_texture_) {
        for (Index c = 0; c < columns; c += largest_texture_) {
            const Index tile_rows = std::min<Index>(largest_texture_, rows - r);
            const Index tile_columns = std::min<Index>(largest_texture_, columns - c);
            part.clear();
            for (Index y = 0; y < tile_rows; ++y) {
                const float* row = values.data() + (r + y) * columns + c;
                part.insert(part.end(), row, row + tile_columns);
            }
            Texture texture = make_texture(GL_R32F, static_cast<int>(tile_columns), static_cast<int>(tile_rows), GL_RED,
                                           GL_FLOAT, part.data());
            entry.tiles.push_back({std::move(texture), r, c, tile_rows, tile_columns});
        }
    }
    return entry;
}

GLuint HeatmapRenderer::colormap(const Colormap* map) {
    Texture& texture = colormaps_[map];
    if (!texture) {
        std::vector<std::uint8_t> pixels;
        for (const Color& c : map->colors) pixels.insert(pixels.end(), {c.r, c.g, c.b, c.a});
        texture = make_texture(GL_RGBA8, 256, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
    }
    return texture.id();
}

void HeatmapRenderer::draw(const HeatmapItem& heatmap, const Box& box, double scale, int screen_width, int screen_height) {
    if (heatmap.values.shape().rank() != 2 || heatmap.values.empty() || heatmap.map == nullptr) return;
    const Matrix& m = matrix(heatmap.values);
    const double cell_width = box.w / static_cast<double>(heatmap.values.shape()[1]);
    const double cell_height = box.h / static_cast<double>(heatmap.values.shape()[0]);
    glUseProgram(program_.id());
    glBindVertexArray(vertex_array_.id());
    glUniform2f(uniform("screen"), static_cast<float>(screen_width), static_cast<float>(screen_height));
    glUniform2f(uniform("limits"), static_cast<float>(heatmap.normalization.low),
                static_cast<float>(heatmap.normalization.high));
    glUniform1i(uniform("bend"), bend_of(heatmap.normalization.scale));
    glUniform2f(uniform("cell_size"), static_cast<float>(cell_width), static_cast<float>(cell_height));
    glUniform1f(uniform("gap"), static_cast<float>(heatmap.gap * scale));
    set_color(uniform("gap_color"), heatmap.gap_color);
    set_color(uniform("hatch_color"), heatmap.hatch);
    set_color(uniform("masked_ground"), heatmap.masked_ground);
    glUniform1i(uniform("values"), 0);
    glUniform1i(uniform("colormap"), 1);
    const GLuint map = colormap(heatmap.map);
    glActiveTexture(GL_TEXTURE1);
    glBindTexture(GL_TEXTURE_2D, map);
    glActiveTexture(GL_TEXTURE0);
    for (const Tile& tile : m.tiles) {
        glBindTexture(GL_TEXTURE_2D, tile.texture.id());
        glUniform4f(uniform("box"), static_cast<float>(box.x + static_cast<double>(tile.column) * cell_width),
                    static_cast<float>(box.y + static_cast<double>(tile.row) * cell_height),
                    static_cast<float>(static_cast<double>(tile.columns) * cell_width),
                    static_cast<float>(static_cast<double>(tile.rows) * cell_height));
        glUniform2f(uniform("cells"), static_cast<float>(tile.columns), static_cast<float>(tile.rows));
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    }
}

void HeatmapRenderer::end_frame() {
    ++frame_;
    std::erase_if(matrices_, [&](const auto& entry) { return entry.second.last_frame + frames_kept < frame_; });
}

}  // namespace saccade
