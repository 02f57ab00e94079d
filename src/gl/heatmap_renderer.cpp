#include "gl/heatmap_renderer.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "shaders.hpp"
#include "tensor/finite.hpp"
#include "viz/hatching.hpp"

namespace saccade {

namespace {

// What was reduced took its time, and is kept longer than what need only be uploaded again.
constexpr std::uint64_t frames_kept = 4, frames_reduced_kept = 120;

void set_color(GLint location, Color c) {
    glUniform4f(location, static_cast<float>(c.r) / 255.0f, static_cast<float>(c.g) / 255.0f, static_cast<float>(c.b) / 255.0f,
                static_cast<float>(c.a) / 255.0f);
}

int bend_of(Normalization::Scale scale) {
    return scale == Normalization::Scale::sqrt ? 1 : scale == Normalization::Scale::log ? 2 : 0;
}

/// Cells that become one texel: the smallest power of two that makes a texel larger than half a pixel.
Index block_for(double cell_px) {
    Index block = 1;
    while (cell_px * static_cast<double>(block) <= 0.5 && block < (Index{1} << 30)) block *= 2;
    return block;
}

}  // namespace

HeatmapRenderer::HeatmapRenderer(int largest_tile) : vertex_array_(make_vertex_array()) {
    glGetIntegerv(GL_MAX_TEXTURE_SIZE, &largest_texture_);
    largest_texture_ = std::min(largest_texture_, largest_tile);
}

GLint HeatmapRenderer::uniform(const std::string& name) {
    const auto [entry, added] = current_->uniforms.try_emplace(name, -1);
    if (added) entry->second = glGetUniformLocation(current_->program.id(), name.c_str());
    return entry->second;
}

void HeatmapRenderer::use(const Variant& variant) {
    current_ = &programs_[variant];
    if (!current_->program) {
        std::string fragment = shaders::heatmap_frag;
        std::string defines;
        const auto define = [&defines](const char* name, int value) {
            defines += std::string("#define ") + name + " " + std::to_string(value) + "\n";
        };
        define("FINE", variant.fine ? 1 : 0);
        define("BEND", variant.bend);
        define("SYMMETRIC", variant.symmetric ? 1 : 0);
        define("SMOOTH", variant.smooth ? 1 : 0);
        define("TRANSLUCENT", variant.translucent ? 1 : 0);
        define("GAP", variant.gap ? 1 : 0);
        define("BEYOND", variant.beyond ? 1 : 0);
        define("MASKS", variant.masks ? 1 : 0);
        fragment.insert(fragment.find('\n') + 1, defines);  // after the version, which must come first
        current_->program = make_program(shaders::heatmap_vert, fragment);
    }
    glUseProgram(current_->program.id());
}

void HeatmapRenderer::give_back(Level& level) {
    for (Tile& tile : level.tiles) textures_.give_back(std::move(tile.texels));
    level.tiles.clear();
}

const HeatmapRenderer::Level& HeatmapRenderer::level(const Tensor<float>& values, const LevelKey& key) {
    Level& entry = levels_[key];
    entry.last_frame = frame_;
    if (!entry.tiles.empty() && entry.values.shape() == values.shape()) return entry;
    give_back(entry);
    entry.values = values;
    Tensor<float> texels =
        key.row_block == 1 && key.column_block == 1 ? values : averaged(values, key.row_block, key.column_block);
    if (!key.under.empty()) texels = means_under_pixels(texels, {key.x, key.y}, key.texel_width, key.texel_height, key.under);
    entry.masks = !all_finite(texels);
    entry.rows = texels.shape()[0];
    entry.columns = texels.shape()[1];
    for (Index r = 0; r < entry.rows; r += largest_texture_)
        for (Index c = 0; c < entry.columns; c += largest_texture_) {
            const Index rows = std::min<Index>(largest_texture_, entry.rows - r);
            const Index columns = std::min<Index>(largest_texture_, entry.columns - c);
            const float* first = texels.data() + r * entry.columns + c;
            entry.tiles.push_back({textures_.take(first, entry.columns, rows, columns), r, c, rows, columns});
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

void HeatmapRenderer::prepare(const Look& look, double texel_width, double texel_height, double scale, int screen_width,
                              int screen_height) {
    const Normalization& n = look.normalization;
    const double gap = look.smooth ? 0 : look.gap * scale;
    const bool fine = texel_width >= 1 && texel_height >= 1;
    const bool translucent = look.opacity < 1 || look.threshold > 0 || look.masked_ground.a < 255;
    use({fine, bend_of(n.scale), n.low < 0 && n.high == -n.low, look.smooth && fine, translucent, gap > 0, look.over.a > 0,
         look.masks});
    set_blending(translucent);
    glBindVertexArray(vertex_array_.id());
    glUniform2f(uniform("screen"), static_cast<float>(screen_width), static_cast<float>(screen_height));
    glUniform2f(uniform("limits"), static_cast<float>(n.low), static_cast<float>(n.high));
    glUniform2f(uniform("cell_size"), static_cast<float>(texel_width), static_cast<float>(texel_height));
    glUniform1f(uniform("hatch_spacing"), static_cast<float>(hatch_spacing * scale));
    glUniform1f(uniform("gap"), static_cast<float>(gap));
    glUniform1f(uniform("opacity"), static_cast<float>(look.opacity));
    glUniform1f(uniform("threshold"), static_cast<float>(look.threshold));
    glUniform1i(uniform("fades"), look.fades ? 1 : 0);
    glUniform1i(uniform("diverging"), look.map->diverging ? 1 : 0);
    set_color(uniform("gap_color"), look.gap_color);
    set_color(uniform("hatch_color"), look.hatch);
    set_color(uniform("masked_ground"), look.masked_ground);
    set_color(uniform("over_color"), look.over);
    set_color(uniform("under_color"), look.under);
    glUniform1i(uniform("values"), 0);
    glUniform1i(uniform("colormap"), 1);
    const GLuint map = colormap(look.map);
    glActiveTexture(GL_TEXTURE1);
    glBindTexture(GL_TEXTURE_2D, map);
    glActiveTexture(GL_TEXTURE0);
}

void HeatmapRenderer::draw(const HeatmapItem& heatmap, const Box& box, double scale, int screen_width, int screen_height) {
    if (heatmap.values.shape().rank() != 2 || heatmap.values.empty() || heatmap.map == nullptr) return;
    const double cell_width = box.w / static_cast<double>(heatmap.values.shape()[1]);
    const double cell_height = box.h / static_cast<double>(heatmap.values.shape()[0]);
    const Index row_block = block_for(cell_height), column_block = block_for(cell_width);
    double texel_width = cell_width * static_cast<double>(column_block);
    double texel_height = cell_height * static_cast<double>(row_block);
    LevelKey key{heatmap.values.data(), row_block, column_block};
    Box drawn = box;
    if (texel_width < 1 || texel_height < 1) {
        key.under = PixelGrid::of(box);
        if (key.under.empty()) return;
        key.x = box.x, key.y = box.y, key.texel_width = texel_width, key.texel_height = texel_height;
        drawn = key.under.box();
        texel_width = texel_height = 1;
    }
    const Level& texels = level(heatmap.values, key);
    const bool whole = key.under.empty();  // a texel is a cell or a block, with edges that may lie apart
    prepare(
        {heatmap.map, heatmap.normalization, whole ? heatmap.gap : 0, heatmap.gap_color, heatmap.hatch, heatmap.masked_ground,
         heatmap.opacity, heatmap.threshold, whole && heatmap.smooth, heatmap.fades, heatmap.over, heatmap.under, texels.masks},
        texel_width, texel_height, scale, screen_width, screen_height);
    glUniform2f(uniform("pitch"), 0, 0);
    glUniform1i(uniform("pictures"), 1);
    for (const Tile& tile : texels.tiles) {
        // The last block of a level may hold fewer cells than the others: the picture ends where the cells do.
        const double x = static_cast<double>(tile.column) * texel_width, y = static_cast<double>(tile.row) * texel_height;
        const double width = std::min(static_cast<double>(tile.columns) * texel_width, drawn.w - x);
        const double height = std::min(static_cast<double>(tile.rows) * texel_height, drawn.h - y);
        glBindTexture(GL_TEXTURE_2D, tile.texels.texture.id());
        glUniform4f(uniform("box"), static_cast<float>(drawn.x + x), static_cast<float>(drawn.y + y), static_cast<float>(width),
                    static_cast<float>(height));
        glUniform2f(uniform("cells"), static_cast<float>(width / texel_width), static_cast<float>(height / texel_height));
        glUniform2i(uniform("texels"), static_cast<int>(tile.columns), static_cast<int>(tile.rows));
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    }
}

const HeatmapRenderer::Atlas& HeatmapRenderer::atlas(const HeatmapGridItem& grid, const GridBlock& block) {
    const bool per_row = grid.normalization.scale == Normalization::Scale::per_row;
    Atlas& entry = atlases_[{grid.values.data(), block, grid.largest, per_row, grid.sink, grid.map_rows, grid.map_cols,
                             grid.order, grid.kept_rows, grid.kept_cols}];
    entry.last_frame = frame_;
    if (entry.texels.texture && entry.values.shape() == grid.values.shape()) return entry;
    const GridAtlas made = grid_atlas(grid, block);
    entry.values = grid.values;
    entry.tall = made.tall;
    entry.wide = made.wide;
    entry.masks = !all_finite(made.values);
    textures_.give_back(std::move(entry.texels));
    entry.texels = textures_.take(made.values.data(), made.values.shape()[1], made.values.shape()[0], made.values.shape()[1]);
    return entry;
}

void HeatmapRenderer::draw(const HeatmapGridItem& grid, const Box& box, double scale, int screen_width, int screen_height) {
    if (grid.values.shape().rank() != 3 || grid.values.empty() || grid.map == nullptr) return;
    const double gap = grid.gap * scale;
    const double pitch_x = (box.w + gap) / static_cast<double>(grid.map_cols);
    const double pitch_y = (box.h + gap) / static_cast<double>(grid.map_rows);
    const double width = pitch_x - gap, height = pitch_y - gap;
    if (!(width > 0 && height > 0)) return;
    const Atlas& texels = atlas(grid, grid_block(grid, width, height, largest_texture_));
    prepare({grid.map,
             grid.normalization,
             0,
             {},
             grid.hatch,
             grid.masked_ground,
             1,
             0,
             false,
             false,
             grid.over,
             grid.under,
             texels.masks},
            width / static_cast<double>(texels.wide), height / static_cast<double>(texels.tall), scale, screen_width,
            screen_height);
    glUniform2f(uniform("pitch"), static_cast<float>(pitch_x), static_cast<float>(pitch_y));
    glUniform1i(uniform("pictures"), static_cast<int>(grid.map_cols));
    glBindTexture(GL_TEXTURE_2D, texels.texels.texture.id());
    glUniform4f(uniform("box"), static_cast<float>(box.x), static_cast<float>(box.y), static_cast<float>(width),
                static_cast<float>(height));
    glUniform2f(uniform("cells"), static_cast<float>(texels.wide), static_cast<float>(texels.tall));
    glUniform2i(uniform("texels"), static_cast<int>(texels.wide), static_cast<int>(texels.tall));
    glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, static_cast<int>(grid_places(grid)));
}

void HeatmapRenderer::end_frame() {
    ++frame_;
    for (auto one = atlases_.begin(); one != atlases_.end();) {
        const bool drawn = one->second.last_frame + frames_reduced_kept >= frame_;
        if (!drawn) textures_.give_back(std::move(one->second.texels));
        one = drawn ? std::next(one) : atlases_.erase(one);
    }
    for (auto one = levels_.begin(); one != levels_.end();) {
        const bool reduced = one->first.row_block * one->first.column_block > 1 && one->first.under.empty();
        const bool drawn = one->second.last_frame + (reduced ? frames_reduced_kept : frames_kept) >= frame_;
        if (!drawn) give_back(one->second);
        one = drawn ? std::next(one) : levels_.erase(one);
    }
}

}  // namespace saccade
