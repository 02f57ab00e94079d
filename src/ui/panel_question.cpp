#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "run/guess.hpp"
#include "run/language.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/present_band.hpp"
#include "ui/text_wrap.hpp"
#include "viz/layout.hpp"

namespace saccade {

namespace {

// Logical px.
constexpr float gap = 24, padding = 18, title_line = 25, hint_line = 22, footer = 24, knob = 5, button_line = 40;
constexpr double question_size = 18, hint_size = 14, token_size = 18, number_size = 14, told_size = 16;

bool in_chinese(const AppState& state) {
    return state.view.language == "zh";
}

/// Over the row of the heatmap: nothing of it is seen, and that it is asked for is.
void draw_cover(const Ui& ui, const Figure& figure, Index row, ImVec2 origin) {
    const auto grid = std::ranges::find_if(figure.regions, [](const HitRegion& region) {
        return region.row_axis >= 0 && region.col_axis >= 0 && region.rows > 1;
    });
    if (grid == figure.regions.end()) return;
    const float s = ui.s, each = static_cast<float>(grid->box.h) / static_cast<float>(grid->rows) * s;
    const ImVec2 low(origin.x + static_cast<float>(grid->box.x) * s,
                     origin.y + static_cast<float>(grid->box.y) * s + each * static_cast<float>(row));
    const ImVec2 high(low.x + static_cast<float>(grid->box.w) * s, low.y + each);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddRectFilled(low, high, ui.color(ui.theme.raised), 3 * s);
    list.AddRect({low.x - s, low.y - s}, {high.x + s, high.y + s}, ui.color(ui.theme.selection), 4 * s, 0, 2 * s);
    const double size = std::clamp(static_cast<double>(each / s) * 0.7, 10.0, 26.0);
    ImFont* font = ui.fonts.face(Font::ui, size);
    const ImVec2 extent = font->CalcTextSizeA(compat::font_size(*font), 1e9f, 0, "?");
    list.AddText(font, compat::font_size(*font), {(low.x + high.x - extent.x) / 2, (low.y + high.y - extent.y) / 2},
                 ui.color(ui.theme.selection), "?");
}

void draw_matrix(const Ui& ui, AppState& state, const Rect& place) {
    const GuessState& guess = state.lesson.guess;
    const TraceTensor& tensor = guess.matrix->tensor(guess.row.tensor);
    const Index row = guess.row.index[guess.row.index.size() - 2];
    ViewState view_of;
    view_of.view = "heatmap";
    view_of.tensor = tensor.info.name;
    view_of.selected = {{tensor.info.name, {row, -1}}, {{tensor.info.axes[0]->name, row}}};
    view_of.theme = state.view.theme;
    view_of.width = static_cast<double>(place.size.x / ui.s);
    view_of.height = static_cast<double>(place.size.y / ui.s);
    view_of.text_scale = 1.25;
    view_of.decorations = false;
    view_of.options.colour_bar = ViewOptions::Part::off;
    const Figure figure = view("heatmap").layout(*guess.matrix, view_of, ScreenTextMeasure(ui.fonts));
    ui.canvas.draw(figure, place.at);
    if (!guess.revealed) draw_cover(ui, figure, row, place.at);
}

/// Two digits, or three where two would not be seen to sum to 1.
int digits_that_sum(const std::vector<float>& shares) {
    long hundredths = 0;
    for (const float share : shares) hundredths += std::lround(share * 100);
    return hundredths == 100 ? 2 : 3;
}

/// One place of the row: its token, the bar of the guess to be drawn, and the answer below it once it is there.
class GuessBars {
 public:
    GuessBars(const Ui& ui, AppState& state, Controller& act, const Axis& axis, const Rect& place)
        : ui_(ui), state_(state), act_(act), axis_(axis), place_(place) {
        for (Index i = 0; i < axis.extent; ++i)
            tokens_ = std::max(tokens_, std::min(width_of(ui, drawn_label(axis, i), token()), place.size.x * 0.35f));
        guess_digits_ = digits_that_sum(state.lesson.guess.guess);
        answer_digits_ = digits_that_sum(state.lesson.guess.answer);
    }
    void draw() {
        for (Index i = 0; i < axis_.extent; ++i) draw_one(static_cast<std::size_t>(i));
    }

 private:
    float each() const { return place_.size.y / static_cast<float>(axis_.extent); }
    double token() const { return std::min(token_size, static_cast<double>(each() / ui_.s) * 0.8); }

    void draw_one(std::size_t i) {
        const GuessState& guess = state_.lesson.guess;
        const float s = ui_.s, high = each(), y = place_.at.y + high * static_cast<float>(i);
        const float left = place_.at.x + tokens_ + 12 * s, right = place_.at.x + place_.size.x - 52 * s;
        const bool chosen = !guess.revealed && guess.at == i;
        const std::string text = fitted(ui_, drawn_label(axis_, static_cast<Index>(i)), token(), Font::ui, tokens_ + s);
        ImGui::SetCursorScreenPos(
            {place_.at.x + tokens_ - width_of(ui_, text, token()), y + (high - static_cast<float>(token()) * 1.4f * s) / 2});
        label(ui_, text, chosen ? ui_.theme.selection : ui_.theme.text, token());
        ImGui::SetCursorScreenPos({left, y});
        ImGui::InvisibleButton(fmt::format("guess {}", i + 1).c_str(), {std::max(right - left, 8 * s), std::max(high, 4.0f)});
        note_place(state_, fmt::format("guess {}", i + 1));
        if (ImGui::IsItemActive()) act_.lesson().set_bar(i, (ImGui::GetIO().MousePos.x - left) / (right - left));
        if (ImGui::IsItemHovered() && !guess.revealed) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
        ImDrawList& list = *ImGui::GetWindowDrawList();
        const float thick = std::min(high * 0.62f, 26 * s), top = y + (high - thick) / 2;
        const auto x_of = [&](float share) { return left + (right - left) * std::clamp(share, 0.0f, 1.0f); };
        const float half = guess.revealed ? top + thick / 2 : top + thick;
        list.AddRectFilled({left, top}, {right, top + thick}, ui_.color(ui_.theme.raised), 4 * s);
        list.AddRectFilled({left, top}, {x_of(guess.guess[i]), half}, ui_.color(ui_.theme.selection), 4 * s);
        if (!guess.revealed) {
            const float x = x_of(guess.guess[i]);
            list.AddRectFilled({x - knob / 2 * s, top - 3 * s}, {x + knob / 2 * s, top + thick + 3 * s},
                               ui_.color(chosen ? ui_.theme.selection : ui_.theme.text), 2 * s);
        } else if (i < guess.answer.size()) {
            list.AddRectFilled({left, half}, {x_of(guess.answer[i]), top + thick}, ui_.color(ui_.theme.accent), 4 * s);
        }
        const bool answered = guess.revealed && i < guess.answer.size();
        const std::string number =
            fmt::format("{:.{}f}", answered ? guess.answer[i] : guess.guess[i], answered ? answer_digits_ : guess_digits_);
        ImGui::SetCursorScreenPos({right + 10 * s, y + (high - 20 * s) / 2});
        label(ui_, number, answered ? ui_.theme.accent : ui_.theme.secondary, std::min(number_size, token()), Font::mono);
    }

    const Ui& ui_;
    AppState& state_;
    Controller& act_;
    const Axis& axis_;
    Rect place_;
    float tokens_ = 0;
    int guess_digits_ = 2, answer_digits_ = 2;
};

/// How far off the guess is, in plain words.
std::string distance_text(const GuessState& guess, const TextsIn& in) {
    const double off = guess_distance(guess.guess, guess.answer);
    const auto right = std::lround(100 * (1 - off));
    return in.tr("{}% of your weight lies where it looks, {}% elsewhere", right, 100 - right);
}

void draw_card(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    const float s = ui.s;
    const GuessState& guess = state.lesson.guess;
    const TextsIn in(state.view.language);
    const float width = place.size.x - 2 * padding * s;
    card_ground(ui, place.at, {place.at.x + place.size.x, place.at.y + place.size.y});
    ImVec2 at(place.at.x + padding * s, place.at.y + (padding - 4) * s);
    const auto line = [&](const std::string& text, double size, Color color, float height, const char* name) {
        for (const std::string& part : wrapped_to(ui, text, size, width / s)) {
            ImGui::SetCursorScreenPos(at);
            label(ui, part, color, size);
            note_line(state, name);
            at.y += height * s;
        }
    };
    line(state.lesson.current()->question->text.in(in_chinese(state)), question_size, ui.theme.text, title_line,
         "present question");
    const bool in_window = !state.present.on;  // where the keys of Present are not heard
    const std::string hint =
        in_window ? in.tr("Draw the bars, then reveal the row.") : in.tr("Draw the bars, then press space.");
    const std::string told = guess.revealed ? distance_text(guess, in) : hint;
    line(told, guess.revealed ? told_size : hint_size, guess.revealed ? ui.theme.text : ui.theme.secondary, hint_line,
         "present told");
    const Axis& axis = *guess.matrix->tensor(guess.row.tensor).info.axes[1];
    const float button_high = in_window ? button_line * s : 0;
    const float low = place.at.y + place.size.y - (footer + padding - 6) * s - button_high;
    GuessBars(ui, state, act, axis, {{at.x, at.y + 4 * s}, {width, std::max(1.0f, low - at.y - 8 * s)}}).draw();
    ImGui::SetCursorScreenPos({at.x, low});
    const std::string own = in.tr("your guess");
    label(ui, own, ui.theme.selection, hint_size);
    const std::string right = guess.revealed ? in.tr("the model's weights") : in.tr("sums to 1");
    ImGui::SetCursorScreenPos({at.x + width - width_of(ui, right, hint_size), low});
    label(ui, right, guess.revealed ? ui.theme.accent : ui.theme.holds, hint_size);
    if (!in_window) return;
    ImGui::SetCursorScreenPos({at.x, low + (footer + 4) * s});
    if (button(ui, "reveal row", tr("Reveal"), ButtonKind::primary, width, tr("Uncovers the row; F5 asks it before a class")))
        act.lesson().reveal();
    note_place(state, "reveal row");
}

}  // namespace

void question_stage(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    const float s = ui.s;
    const ImVec2 window = ImGui::GetIO().DisplaySize;
    state.places = {{"(window)", {0, 0, window.x, window.y}}};
    state.grids.clear();
    state.typing = ImGui::GetIO().WantTextInput;
    state.pointed = false;
    act.stage().hover({});
    if (place.size.x < 2 * present_margin * s) return;  // the inspector has all of it
    const float left = place.at.x + present_margin * s, width = place.size.x - 2 * present_margin * s;
    begin_panel(ui, "question", place.at, place.size, ui.theme.background, {present_margin * s, 12 * s}, false);
    if (!state.present.on) banners(ui, state, act);
    const float top = ImGui::GetCursorScreenPos().y;
    const float high = std::max(1.0f, place.at.y + place.size.y - 12 * s - top);
    const float card = std::clamp(width * 0.4f, std::min(280 * s, width / 2), 460 * s);
    if (state.lesson.guess.matrix == nullptr) {
        ImGui::SetCursorScreenPos({left, top});
        if (!state.document.side().problem) label(ui, TextsIn(state.view.language).tr("Computing …"), ui.theme.secondary, 18);
        return end_panel();
    }
    try {
        draw_matrix(ui, state, {{left, top}, {width - card - gap * s, high}});
    } catch (const Error& error) {
        ImGui::SetCursorScreenPos({left, top});
        label(ui, shown_line(error), ui.theme.secondary, 14, Font::ui, width - card - gap * s);
    }
    draw_card(ui, state, act, {{left + width - card, top}, {card, high}});
    end_panel();
}

}  // namespace saccade
