#include <fmt/format.h>

#include <algorithm>

#include "base/translate.hpp"
#include "image/digits.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

constexpr Index thumbnail_px = 96;
constexpr float thumbnail = 76, thumbnail_gap = 10;
constexpr int thumbnails_a_row = 5;

std::string title_of(const std::string& value) {
    for (const auto* samples : {&scene_samples(), &digit_samples()})
        for (const SceneSample& sample : *samples)
            if (value == "sample:" + sample.name) return tr(sample.title);
    return value.starts_with("sample:") ? value.substr(7) : value;
}

/// Drawn when the menu is first opened, then kept.
const Tensor<float>* thumbnail_of(AppState& state, const std::string& value) {
    const auto found = state.thumbnails.find(value);
    if (found != state.thumbnails.end()) return &found->second;
    try {
        return &(state.thumbnails[value] = to_tensor(load_picture(value, thumbnail_px)->image));
    } catch (const Error&) {
        return nullptr;  // a sample that this version lacks
    }
}

/// One sample: its picture, its name below. True if it was chosen.
bool sample_tile(const Ui& ui, AppState& state, const std::string& value, bool chosen) {
    const float s = ui.s;
    const ImVec2 at = ImGui::GetCursorScreenPos(), size(thumbnail * s, (thumbnail + 20) * s);
    const bool clicked = ImGui::InvisibleButton(value.c_str(), size);
    ui.stop();
    note_place(state, value);
    const bool lit = ImGui::IsItemHovered() || ImGui::IsItemFocused();
    const std::string title = title_of(value);
    if (ImGui::IsItemHovered()) tooltip(ui, title);
    if (const Tensor<float>* pixels = thumbnail_of(state, value)) {
        const double height = static_cast<double>(pixels->shape()[0]), width = static_cast<double>(pixels->shape()[1]);
        const double scale = static_cast<double>(thumbnail) / std::max(width, height);
        Figure figure;
        ImageItem item;
        item.box = {(static_cast<double>(thumbnail) - width * scale) / 2, (static_cast<double>(thumbnail) - height * scale) / 2,
                    width * scale, height * scale};
        item.pixels = *pixels;
        figure.items.emplace_back(std::move(item));
        ui.canvas.draw(figure, at);
    }
    ImDrawList& list = *ImGui::GetWindowDrawList();
    if (lit || chosen)
        list.AddRect({at.x - 2 * s, at.y - 2 * s}, {at.x + (thumbnail + 2) * s, at.y + (thumbnail + 2) * s},
                     ui.color(chosen ? ui.theme.accent : ui.theme.faint), 4 * s, 0, 2 * s);
    ImFont* font = ui.fonts.face(Font::ui, 13);
    ui.fonts.need(title);
    const std::string text = fitted(ui, title, 13, Font::ui, thumbnail * s);
    text_at(ui, font, compat::font_size(*font), {at.x, at.y + (thumbnail + 4) * s}, lit ? ui.theme.text : ui.theme.secondary,
            text);
    return clicked;
}

void samples_menu(const Ui& ui, AppState& state, Controller& act, const ParamSpec& spec) {
    if (!ImGui::BeginPopup("samples")) return;
    const std::string& now = state.document.side().request.params.text(spec.name);
    const std::vector<std::string> values = picture_samples(spec);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(thumbnail_gap * ui.s, thumbnail_gap * ui.s));
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i % thumbnails_a_row != 0) ImGui::SameLine();
        if (!sample_tile(ui, state, values[i], values[i] == now)) continue;
        act.pictures().open(values[i]);
        ImGui::CloseCurrentPopup();
    }
    ImGui::PopStyleVar();
    ImGui::EndPopup();
}

/// "256", whatever type the setting has; empty if there is none of this name.
std::string setting(const AppState& state, const Exhibit& e, const char* name) {
    const auto spec = std::find_if(e.params.begin(), e.params.end(), [&](const ParamSpec& s) { return s.name == name; });
    if (spec == e.params.end()) return {};
    const Params& params = state.document.side().request.params;
    return format_param(params.has(name) ? params.values().at(name) : spec->fallback);
}

/// What the picture is, and how large the network sees it.
void caption(const Ui& ui, AppState& state, const Exhibit& e, float width) {
    const PictureFacts& facts = state.document.pictures.facts[state.document.comparing ? state.document.focus : 0];
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() || part.empty() ? "" : " · ") + part; };
    add(tr_composed(facts.title));
    if (facts.width > 0) add(fmt::format("{} × {}", facts.width, facts.height));
    const std::string resolution = setting(state, e, "resolution");
    if (!resolution.empty() && resolution != "0" && facts.width > 0) add(tr("run at {} px", resolution));
    if (state.document.pictures.reading.wanted && state.document.pictures.reading.facts.valid())
        text = tr("reading {} …", state.document.pictures.reading.value);
    const ScreenTextMeasure measure(ui.fonts);
    const std::string hint = tr("or drop a picture anywhere");
    const std::string all = text.empty() ? hint : hint + " · " + text;
    const bool roomy = static_cast<float>(measure.width(all, 15, Font::ui)) * ui.s <= width;
    label(ui, roomy ? all : text, ui.theme.faint, 15, Font::ui, width);
    note_place(state, "picture caption");
}

/// Out of a picture that there need not be.
void way_back(const Ui& ui, AppState& state, Controller& act, const ParamSpec& spec, float height) {
    const std::string* value = picture_value(state.document, state.document.focus);
    if (value == nullptr || value->empty()) return;
    ImGui::SameLine(0, 10 * ui.s);
    if (button(ui, "no image", tr("Without it"), ButtonKind::plain, 0, tr("Back to what is read without a picture"), height))
        act.inputs().press(spec.name, std::string());
    note_place(state, "no image");
}

/// -> where the last of its buttons ends.
float scenes(const Ui& ui, AppState& state, Controller& act, const ParamSpec& spec, float height) {
    const float s = ui.s;
    ImGui::SameLine(0, 10 * s);
    if (button(ui, "scene maker", tr("Scene maker"), state.document.scene.open ? ButtonKind::primary : ButtonKind::plain, 0,
               tr("A picture of shapes that can be moved: drag one, and the maps follow"), height))
        act.toggle_scene_maker();
    note_place(state, "scene maker");
    ImGui::SameLine(0, 10 * s);
    if (button(ui, "samples", tr("Samples ▾"), ButtonKind::plain, 0, tr("Built-in scenes"), height))
        ImGui::OpenPopup("samples");
    note_place(state, "samples");
    const float right = ImGui::GetItemRectMax().x;
    ImGui::SetNextWindowPos({ImGui::GetItemRectMin().x, ImGui::GetItemRectMax().y + 6 * s});
    samples_menu(ui, state, act, spec);
    return right;
}

}  // namespace

void picture_row(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const ParamSpec& spec) {
    const float s = ui.s;
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    const ImVec2 row = ImGui::GetCursorScreenPos();
    const float height = 36 * s;
    if (state.document.comparing && !state.document.linked) {
        ImGui::SetCursorScreenPos({row.x, row.y + 8 * s});
        label(ui, state.document.focus == 0 ? "A" : "B", ui.theme.accent, 15);
        ImGui::SetCursorScreenPos({row.x + 22 * s, row.y});
    }
    if (button(ui, "open image", tr("Open image…"), ButtonKind::plain, 0, tr(spec.help), height))
        state.prompt = {PathPrompt::Kind::open_picture, "", ""};
    note_place(state, "open image");
    if (spec.optional_text) way_back(ui, state, act, spec, height);
    const float end = picture_samples(spec).empty() ? ImGui::GetItemRectMax().x : scenes(ui, state, act, spec, height);
    const float from = end + 14 * s;
    const float line = row.y + (height - compat::font_size(*ui.fonts.face(Font::ui, 15))) / 2;
    if (right - from > 60 * s) {
        ImGui::SetCursorScreenPos({from, line});
        caption(ui, state, e, right - from);
    }
    ImGui::SetCursorScreenPos({row.x, row.y + height + 10 * s});
    if (state.document.scene.open) scene_bar(ui, state, act);
}

}  // namespace saccade
