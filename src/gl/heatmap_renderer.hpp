#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "gl/gl_objects.hpp"
#include "viz/figure.hpp"

namespace saccade {

/// Draws heatmaps of any size at the same cost: values as textures, coloured by the shader. Cells much smaller than a pixel are
/// averaged in blocks once (a level of a pyramid, masked cells left out) before they are uploaded; a level that is still larger
/// than the driver's limit is cut into tiles. Textures stay as long as they are drawn.
class HeatmapRenderer {
 public:
    /// `largest_tile`: texels on a side; a smaller one than the driver's limit is for tests.
    explicit HeatmapRenderer(int largest_tile = 4096);

    /// Into the bound target of `screen_width` x `screen_height` px; `box` in px of it. Leaves program, textures and vertex
    /// array changed.
    void draw(const HeatmapItem& heatmap, const Box& box, double scale, int screen_width, int screen_height);
    /// Forgets the textures that were not drawn for some frames.
    void end_frame();

 private:
    struct Tile {
        Texture texture;
        Index row, column;  // of its first texel
        Index rows, columns;
    };
    /// One level of one matrix. `values` keeps the storage alive, so that its address names it.
    struct Level {
        Tensor<float> values;
        Index rows = 0, columns = 0;  // texels
        std::vector<Tile> tiles;
        std::uint64_t last_frame = 0;
    };
    struct LevelKey {
        const float* data;
        Index row_block, column_block;  // cells a texel
        auto operator<=>(const LevelKey&) const = default;
    };
    const Level& level(const Tensor<float>& values, Index row_block, Index column_block);
    GLuint colormap(const Colormap* map);
    /// The shader made for one kind of picture; the current one from then on.
    struct Variant {
        bool fine = true;  // cells of at least a pixel
        int bend = 0;      // 0 linear, 1 square root, 2 logarithm over four decades
        bool symmetric = false;
        auto operator<=>(const Variant&) const = default;
    };
    struct Made {
        Program program;
        std::map<std::string, GLint> uniforms;
    };
    void use(const Variant& variant);
    GLint uniform(const std::string& name);

    std::map<Variant, Made> programs_;
    Made* current_ = nullptr;
    VertexArray vertex_array_;
    std::map<LevelKey, Level> levels_;
    std::map<const Colormap*, Texture> colormaps_;
    int largest_texture_ = 0;
    std::uint64_t frame_ = 0;
};

}  // namespace saccade
