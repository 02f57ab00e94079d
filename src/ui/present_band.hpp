#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/language.hpp"
#include "ui/panels.hpp"
#include "ui/shown_point.hpp"

namespace saccade {

constexpr float present_margin = 28;  // logical px: of what is written in Present, from the edges of the picture

/// What is talked about, at the lower edge of the picture: what is wrong with the run, the text, its claims, the keys. What is
/// higher than a third of the picture is turned over in pages (Presentation::page).
class PresentBand {
 public:
    PresentBand(const Ui& ui, AppState& state, Controller& act, ImVec2 screen);

    /// px; the same for all points of a lesson, so that the stage keeps its size.
    float height() const { return height_; }
    void draw();

 private:
    /// A line; all of a point are laid out one below the other.
    struct Line {
        std::string text;
        double size;
        Color color;
        float height, indent = 0;
        const char* place = "present text";
        bool beside_controls = false;       // it is no wider than what the buttons leave
        std::optional<ShownClaim> claim{};  // whose mark stands before it
        std::optional<std::size_t> selects{};
    };

    std::vector<Line> lines_of(std::size_t point) const;
    float height_of(const std::vector<Line>& lines, std::size_t from, std::size_t to) const;
    std::vector<std::size_t> page_starts(const std::vector<Line>& lines) const;
    void draw_lines(ImVec2 at);
    void claim_button(std::size_t first, ImVec2 at);
    void draw_controls(ImVec2 right_low);
    void draw_progress(ImVec2 at, float width) const;
    std::string hints(float room) const;
    std::string onward_text() const;
    std::string back_text() const;
    float controls_width() const;

    const Ui& ui_;
    AppState& state_;
    Controller& act_;
    ImVec2 screen_;
    TextsIn in_;  // the lesson's language
    bool can_play_ = false;
    float room_, most_, controls_;  // logical px: of a line; of all lines; of the buttons' width
    std::vector<Line> lines_;
    std::size_t from_ = 0, to_ = 0;  // those of the page
    float height_ = 0;
    std::string focused_finding_;  // of the claim that Tab went to: stands in place of the keys, so that no tip hides the stage
};

/// A text to a width in logical px, line by line; and its width, px.
std::vector<std::string> wrapped_to(const Ui& ui, const std::string& text, double size, float room);
float width_of(const Ui& ui, const std::string& text, double size);
/// What is placed twice is one box for tests: all lines of a text.
void note_line(AppState& state, const std::string& name);

}  // namespace saccade
