#include "ui/shaped_texts.hpp"

#include <cmath>
#include <numbers>
#include <vector>

namespace saccade {

namespace {

constexpr std::size_t most_pictures = 600, most_widths = 20000;
constexpr int frames_kept = 120;
constexpr double steps_a_px = 8;  // sizes that differ by less are one

}  // namespace

double ShapedTexts::width(const std::string& text, double size, Font font) {
    constexpr double measured_at = 100;  // px: without hinting a text grows as its em does
    if (widths_.size() > most_widths) widths_.clear();
    const auto [found, fresh] = widths_.try_emplace({text, font}, 0);
    if (fresh) found->second = measure_.width(text, measured_at, font) / measured_at;
    return found->second * size;
}

const ShapedTexts::Picture& ShapedTexts::picture(const std::string& text, double size, Font font) {
    const int now = ImGui::GetFrameCount(), steps = static_cast<int>(std::lround(size * steps_a_px));
    // Pictures of this frame are still to be painted.
    if (pictures_.size() > most_pictures)
        std::erase_if(pictures_, [&](const auto& one) { return now - one.second.used > frames_kept; });
    const auto [found, fresh] = pictures_.try_emplace({text, steps, font});
    Picture& picture = found->second;
    picture.used = now;
    if (!fresh) return picture;
    picture.cover = text_coverage(text, steps / steps_a_px, font, measure_);
    if (picture.cover.alpha.empty()) return picture;
    std::vector<unsigned char> pixels;
    for (const unsigned char alpha : picture.cover.alpha) pixels.insert(pixels.end(), {255, 255, 255, alpha});
    picture.texture =
        make_texture(GL_RGBA8, picture.cover.width, picture.cover.height, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);  // of turned text
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
    return picture;
}

void ShapedTexts::draw(ImDrawList& list, const std::string& text, double size, Font font, ImVec2 start, ImU32 color,
                       ImVec2 pivot, double angle) {
    const Picture& drawn = picture(text, size, font);
    if (!drawn.texture) return;
    float x = start.x - static_cast<float>(drawn.cover.left), y = start.y - static_cast<float>(drawn.cover.baseline);
    if (angle == 0) {  // px on px
        x = std::round(x);
        y = std::round(y);
    }
    const double radians = angle * std::numbers::pi / 180;
    const auto c = static_cast<float>(std::cos(radians)), s = static_cast<float>(std::sin(radians));
    const auto corner = [&](float across, float down) {
        const ImVec2 d(x + across - pivot.x, y + down - pivot.y);
        return ImVec2(pivot.x + c * d.x - s * d.y, pivot.y + s * d.x + c * d.y);
    };
    const auto w = static_cast<float>(drawn.cover.width), h = static_cast<float>(drawn.cover.height);
    const auto id = (ImTextureID)(std::intptr_t)drawn.texture.id();
    list.AddImageQuad(id, corner(0, 0), corner(w, 0), corner(w, h), corner(0, h), {0, 0}, {1, 0}, {1, 1}, {0, 1}, color);
}

}  // namespace saccade
