#pragma once

#include <deque>

#include "gl/heatmap_renderer.hpp"
#include "gl/image_renderer.hpp"
#include "ui/font_atlas.hpp"
#include "viz/figure.hpp"

namespace saccade {

/// Metrics of the fonts on screen, in logical px.
class ScreenTextMeasure : public TextMeasure {
 public:
    explicit ScreenTextMeasure(const FontAtlas& fonts) : fonts_(fonts) {}
    double width(const std::string& text, double size, Font font) const override;
    double ascent(double size, Font font) const override;
    double descent(double size, Font font) const override;

 private:
    const FontAtlas& fonts_;
};

/// Draws figures through ImGui's draw list; heatmaps and pictures by their shaders, from a callback in it.
class FigureCanvas {
 public:
    FigureCanvas(FontAtlas& fonts, HeatmapRenderer& heatmaps) : fonts_(fonts), heatmaps_(heatmaps) {}

    /// `origin` in screen px; the figure's logical px are multiplied by the UI scale.
    void draw(const Figure& figure, ImVec2 origin);
    /// After the frame was rendered.
    void end_frame();

 private:
    using Shaded = std::variant<HeatmapItem, HeatmapGridItem, ImageItem>;
    struct ShaderCall {
        FigureCanvas* canvas;
        Shaded item;
        Box box;
        double scale;
    };
    static void draw_shaded(const ImDrawList* list, const ImDrawCmd* command);
    void draw_text(const TextItem& text, ImVec2 origin, ImDrawList& list);
    void add_shaded(Shaded item, const Box& box, ImVec2 origin, ImDrawList& list);
    void draw_item(const FigureItem& item, ImVec2 origin, ImDrawList& list);

    FontAtlas& fonts_;
    HeatmapRenderer& heatmaps_;
    ImageRenderer images_;
    std::deque<ShaderCall> calls_;  // addresses stay valid until the frame is rendered
};

ImU32 to_imgui(Color c);

}  // namespace saccade
