#include "ui/figure_canvas.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ui/imgui_compat.hpp"
#include "ui/text_boxes.hpp"
#include "viz/hatching.hpp"
#include "viz/layout.hpp"

namespace saccade {

ImU32 to_imgui(Color c) {
    return IM_COL32(c.r, c.g, c.b, c.a);
}

namespace {

float f(double v) {
    return static_cast<float>(v);
}

void draw_hatch(ImDrawList& list, ImVec2 low, ImVec2 high, ImU32 color, float step) {
    list.PushClipRect(low, high, true);
    const float height = high.y - low.y;
    for (float x = low.x - height; x < high.x; x += step) list.AddLine({x, high.y}, {x + height, low.y}, color, 1.0f);
    list.PopClipRect();
}

}  // namespace

double ScreenTextMeasure::width(const std::string& text, double size, Font font) const {
    if (needs_shaping(text)) return fonts_.shaped().width(text, size, font);
    ImFont* face = fonts_.face(font, size);
    const std::string shown = fonts_.shown(text);
    const float width =
        face->CalcTextSizeA(fonts_.imgui_size(font, size), 1e9f, 0, shown.c_str(), shown.c_str() + shown.size()).x;
    return static_cast<double>(width / fonts_.scale());
}

double ScreenTextMeasure::ascent(double size, Font font) const {
    return size * fonts_.ascent(font);
}

double ScreenTextMeasure::descent(double size, Font font) const {
    return size * fonts_.descent(font);
}

void FigureCanvas::draw(const Figure& figure, ImVec2 origin) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    for (const FigureItem& item : figure.items) draw_item(item, origin, list);
}

void FigureCanvas::add_shaded(Shaded item, const Box& box, ImVec2 origin, ImDrawList& list) {
    const double s = static_cast<double>(fonts_.scale());
    calls_.push_back(
        {this,
         std::move(item),
         {static_cast<double>(origin.x) + box.x * s, static_cast<double>(origin.y) + box.y * s, box.w * s, box.h * s},
         s});
    list.AddCallback(draw_shaded, &calls_.back());
    list.AddCallback(ImDrawCallback_ResetRenderState, nullptr);
}

void FigureCanvas::draw_item(const FigureItem& item, ImVec2 origin, ImDrawList& list) {
    const float s = fonts_.scale();
    const auto at = [&](double x, double y) { return ImVec2(origin.x + f(x) * s, origin.y + f(y) * s); };
    const auto point = [&](Point p) { return at(p.x, p.y); };
    if (const auto* rect = std::get_if<RectItem>(&item)) {
        const ImVec2 low = at(rect->box.x, rect->box.y);
        const ImVec2 high = at(rect->box.right(), rect->box.bottom());
        const float radius = f(rect->radius) * s;
        if (rect->fill.a > 0) list.AddRectFilled(low, high, to_imgui(rect->fill), radius);
        if (rect->hatched)
            draw_hatch(list, low, high, to_imgui(rect->stroke), f(hatch_spacing) * s);
        else if (rect->stroke.a > 0)
            list.AddRect(low, high, to_imgui(rect->stroke), radius, 0, f(rect->stroke_width) * s);
    } else if (const auto* line = std::get_if<LineItem>(&item)) {
        for (const Point& p : line->points) list.PathLineTo(point(p));
        list.PathStroke(to_imgui(line->color), 0, f(line->width) * s);
    } else if (const auto* curve = std::get_if<CurveItem>(&item)) {
        const ImVec2 from = point(curve->from), to = point(curve->to);
        // As many pieces as the eye needs: ImGui's own number is several times higher, and each costs a software rasteriser.
        const int pieces = std::clamp(static_cast<int>(std::hypot(to.x - from.x, to.y - from.y) / (14 * s)), 10, 36);
        list.AddBezierCubic(from, point(curve->control1), point(curve->control2), to, to_imgui(curve->color),
                            f(curve->width) * s, pieces);
    } else if (const auto* circle = std::get_if<CircleItem>(&item)) {
        list.AddCircleFilled(point(circle->center), f(circle->radius) * s, to_imgui(circle->fill));
    } else if (const auto* text = std::get_if<TextItem>(&item)) {
        draw_text(*text, origin, list);
    } else if (const auto* heatmap = std::get_if<HeatmapItem>(&item)) {
        add_shaded(*heatmap, heatmap->box, origin, list);
    } else if (const auto* grid = std::get_if<HeatmapGridItem>(&item)) {
        add_shaded(*grid, grid->box, origin, list);
    } else if (const auto* image = std::get_if<ImageItem>(&item)) {
        add_shaded(*image, image->box, origin, list);
    } else if (const auto* bar = std::get_if<ColorBarItem>(&item); bar != nullptr && bar->map != nullptr) {
        constexpr int pieces = 64;
        for (int i = 0; i < pieces; ++i) {
            const double x0 = bar->box.x + bar->box.w * i / pieces;
            const double x1 = bar->box.x + bar->box.w * (i + 1) / pieces;
            const ImU32 c0 = to_imgui(bar->map->at(static_cast<double>(i) / pieces));
            const ImU32 c1 = to_imgui(bar->map->at(static_cast<double>(i + 1) / pieces));
            list.AddRectFilledMultiColor(at(x0, bar->box.y), at(x1, bar->box.bottom()), c0, c1, c1, c0);
        }
    }
}

void FigureCanvas::draw_text(const TextItem& text, ImVec2 origin, ImDrawList& list) {
    if (fonts_.heard() != nullptr) {
        const Box ink = ink_box(text, ScreenTextMeasure(fonts_));
        const float scale = fonts_.scale();
        const ImVec2 low(origin.x + f(ink.x) * scale, origin.y + f(ink.y) * scale);
        note_text(fonts_, text.text, low, {low.x + f(ink.w) * scale, low.y + f(ink.h) * scale}, true);
    }
    if (needs_shaping(text.text)) {
        const Point from = text_start(text, ScreenTextMeasure(fonts_));
        const auto at = [&](double x, double y) {
            return ImVec2(origin.x + f(x) * fonts_.scale(), origin.y + f(y) * fonts_.scale());
        };
        return fonts_.shaped().draw(list, text.text, text.size * static_cast<double>(fonts_.scale()), text.font,
                                    at(text.at.x + from.x, text.at.y + from.y), to_imgui(text.color), at(text.at.x, text.at.y),
                                    text.angle);
    }
    fonts_.need(text.text);
    const float s = fonts_.scale();
    const ScreenTextMeasure measure(fonts_);
    ImFont* face = fonts_.face(text.font, text.size);
    const float size = fonts_.imgui_size(text.font, text.size);
    const Point start = text_start(text, measure);
    // ImGui places text by its upper left corner, figures by the baseline.
    const ImVec2 upper(origin.x + f(text.at.x + start.x) * s,
                       origin.y + f(text.at.y + start.y) * s - compat::ascent(*face, size));
    const int first = list.VtxBuffer.Size;
    // ImGui leaves out the letters that lie outside the clip rectangle before they are turned: turned text is set inside it,
    // and carried to its place afterwards.
    const ImVec2 clip = list.GetClipRectMin(), aside(clip.x + 1 - upper.x, clip.y + 1 - upper.y);
    const ImVec2 corner =
        text.angle == 0 ? ImVec2(std::round(upper.x), std::round(upper.y)) : ImVec2(upper.x + aside.x, upper.y + aside.y);
    const std::string shown = fonts_.shown(text.text);
    list.AddText(face, size, corner, to_imgui(text.color), shown.c_str(), shown.c_str() + shown.size());
    if (text.angle == 0) return;
    const double radians = text.angle * std::numbers::pi / 180;
    const float c = f(std::cos(radians));
    const float n = f(std::sin(radians));
    const ImVec2 pivot(origin.x + f(text.at.x) * s, origin.y + f(text.at.y) * s);
    for (int i = first; i < list.VtxBuffer.Size; ++i) {
        ImVec2& v = list.VtxBuffer[i].pos;
        const ImVec2 d(v.x - aside.x - pivot.x, v.y - aside.y - pivot.y);
        v = {pivot.x + c * d.x - n * d.y, pivot.y + n * d.x + c * d.y};
    }
}

void FigureCanvas::draw_shaded(const ImDrawList*, const ImDrawCmd* command) {
    auto* call = static_cast<ShaderCall*>(command->UserCallbackData);
    const ImGuiIO& io = ImGui::GetIO();
    const int width = static_cast<int>(io.DisplaySize.x * io.DisplayFramebufferScale.x);
    const int height = static_cast<int>(io.DisplaySize.y * io.DisplayFramebufferScale.y);
    const ImVec2 k = io.DisplayFramebufferScale;
    const ImVec4 clip = command->ClipRect;
    glEnable(GL_SCISSOR_TEST);
    glScissor(static_cast<int>(clip.x * k.x), static_cast<int>(static_cast<float>(height) - clip.w * k.y),
              static_cast<int>((clip.z - clip.x) * k.x), static_cast<int>((clip.w - clip.y) * k.y));
    const Box box{call->box.x * static_cast<double>(k.x), call->box.y * static_cast<double>(k.y),
                  call->box.w * static_cast<double>(k.x), call->box.h * static_cast<double>(k.y)};
    if (const auto* image = std::get_if<ImageItem>(&call->item)) call->canvas->images_.draw(*image, box, width, height);
    const double scale = call->scale * static_cast<double>(k.x);
    HeatmapRenderer& heatmaps = call->canvas->heatmaps_;
    if (const auto* heatmap = std::get_if<HeatmapItem>(&call->item)) heatmaps.draw(*heatmap, box, scale, width, height);
    if (const auto* grid = std::get_if<HeatmapGridItem>(&call->item)) heatmaps.draw(*grid, box, scale, width, height);
}

void FigureCanvas::end_frame() {
    calls_.clear();
    heatmaps_.end_frame();
    images_.end_frame();
}

}  // namespace saccade
