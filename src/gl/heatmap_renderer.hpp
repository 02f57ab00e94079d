#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "gl/float_textures.hpp"
#include "gl/reduced_texels.hpp"
#include "viz/heatmap_grid.hpp"

namespace saccade {

/// Draws heatmaps of any size at the same cost: values as textures, coloured by the shader. Cells much smaller than a pixel are
/// averaged in blocks once (a level of a pyramid, masked cells left out) before they are uploaded, those that are a little
/// smaller under each pixel; a level that is still larger than the driver's limit is cut into tiles. Textures stay as long as
/// they are drawn.
class HeatmapRenderer {
 public:
    /// `largest_tile`: texels on a side; a smaller one than the driver's limit is for tests.
    explicit HeatmapRenderer(int largest_tile = 4096);

    /// Into the bound target of `screen_width` x `screen_height` px; `box` in px of it. Leaves program, textures, blending
    /// and vertex array changed.
    void draw(const HeatmapItem& heatmap, const Box& box, double scale, int screen_width, int screen_height);
    /// All pictures of a grid at once, from one texture that holds them reduced to about what the screen can show.
    void draw(const HeatmapGridItem& grid, const Box& box, double scale, int screen_width, int screen_height);
    /// Forgets the textures that were not drawn for some frames.
    void end_frame();

 private:
    struct Tile {
        FloatTextures::Room texels;
        Index row, column;  // of its first texel
        Index rows, columns;
    };
    /// One level of one matrix. `values` keeps the storage alive, so that its address names it.
    struct Level {
        Tensor<float> values;
        Index rows = 0, columns = 0;  // texels
        bool masks = false;           // some are no finite numbers: the program for those that are is much faster
        std::vector<Tile> tiles;
        std::uint64_t last_frame = 0;
    };
    struct LevelKey {
        const float* data;
        Index row_block, column_block;  // cells per texel
        PixelGrid under{};              // not empty: a texel is a pixel of it, of a picture whose corner and texels are:
        double x = 0, y = 0, texel_width = 0, texel_height = 0;
        auto operator<=>(const LevelKey&) const = default;
    };
    /// The pictures of one tensor, in the order and the form that they are drawn in.
    struct Atlas {
        Tensor<float> values;
        FloatTextures::Room texels;
        Index tall = 0, wide = 0;  // texels a picture
        bool masks = false;
        std::uint64_t last_frame = 0;
    };
    struct AtlasKey {
        const float* data;
        GridBlock block;
        bool largest = true, per_row = false;
        HeatmapGridItem::Sink sink = HeatmapGridItem::Sink::keep;
        Index map_rows = 1, map_cols = 1;
        std::vector<Index> order, kept_rows, kept_cols;
        auto operator<=>(const AtlasKey&) const = default;
    };
    const Atlas& atlas(const HeatmapGridItem& grid, const GridBlock& block);
    struct Look {
        const Colormap* map;
        Normalization normalization;
        double gap;
        Color gap_color, hatch, masked_ground;
        double opacity = 1, threshold = 0;
        bool smooth = false, fades = false;
        Color over{0, 0, 0, 0}, under{0, 0, 0, 0};
        bool masks = true;
    };
    /// The program for texels of that size, its uniforms that do not change from tile to tile.
    void prepare(const Look& look, double texel_width, double texel_height, double scale, int screen_width, int screen_height);
    void give_back(Level& level);
    const Level& level(const Tensor<float>& values, const LevelKey& key);
    GLuint colormap(const Colormap* map);
    /// The shader made for one kind of picture; the current one from then on.
    struct Variant {
        bool fine = true;  // cells of at least a pixel
        int bend = 0;      // 0 linear, 1 square root, 2 logarithm over four decades
        bool symmetric = false;
        bool smooth = false;       // bilinear between cells
        bool translucent = false;  // something under it is seen
        bool gap = false;
        bool beyond = false;  // values outside the limits have colours of their own
        bool masks = true;    // some values are no finite numbers
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
    FloatTextures textures_;
    std::map<LevelKey, Level> levels_;
    std::map<AtlasKey, Atlas> atlases_;
    std::map<const Colormap*, Texture> colormaps_;
    int largest_texture_ = 0;
    std::uint64_t frame_ = 0;
};

}  // namespace saccade
