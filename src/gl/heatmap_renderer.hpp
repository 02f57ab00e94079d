#pragma once

#include <cstdint>
#include <list>
#include <map>

#include "gl/gl_objects.hpp"
#include "viz/figure.hpp"

namespace saccade {

/// Draws heatmaps of any size: values as textures (tiles where a matrix is larger than the driver's limit), coloured by the
/// shader. Textures stay as long as they are drawn.
class HeatmapRenderer {
 public:
    HeatmapRenderer();

    /// Into the bound target of `screen_width` x `screen_height` px; `box` in px of it. Leaves program, textures and vertex
    /// array changed.
    void draw(const HeatmapItem& heatmap, const Box& box, double scale, int screen_width, int screen_height);
    /// Forgets the textures that were not drawn for some frames.
    void end_frame();

 private:
    struct Tile {
        Texture texture;
        Index row, column, rows, columns;
    };
    struct Matrix {
        Tensor<float> values;  // keeps the storage alive, so that its address names it
        std::vector<Tile> tiles;
        std::uint64_t last_frame = 0;
    };
    const Matrix& matrix(const Tensor<float>& values);
    GLuint colormap(const Colormap* map);
    GLint uniform(const char* name) const;

    Program program_;
    VertexArray vertex_array_;
    std::map<const float*, Matrix> matrices_;
    std::map<const Colormap*, Texture> colormaps_;
    int largest_texture_ = 0;
    std::uint64_t frame_ = 0;
};

}  // namespace saccade
