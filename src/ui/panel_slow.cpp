#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "run/language.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/present_band.hpp"

namespace saccade {

namespace {

// Logical px.
constexpr float told_height = 58, head_height = 30, gap = 14;
constexpr double told_size = 18, head_size = 14, formula_size = 14;

enum class Told { score, mask, weight, sum };

Told told(const RowStory& story, std::size_t stage) {
    if (story.is_masked()) return static_cast<Told>(stage);
    return stage == 0 ? Told::score : stage == 1 ? Told::weight : Told::sum;
}

/// Two digits, so that points stand below each other; a true minus sign.
std::string number(float value) {
    if (!std::isfinite(value)) return "−∞";
    const std::string size = fmt::format("{:.2f}", std::abs(value));
    return value < 0 && size != "0.00" ? "−" + size : size;
}

/// What happens to one number, in a sentence.
std::string sentence(const RowStory& story, Told what, std::size_t j, const TextsIn& in) {
    const std::string &query = story.query, &key = story.keys[j];
    const float sum =
        std::accumulate(story.products.begin(), story.products.begin() + static_cast<std::ptrdiff_t>(j) + 1, 0.0f);
    switch (what) {
        case Told::score:
            return in.tr("Score: how well does the key of {} fit the query of “{}”? {}", key, query, number(story.scores[j]));
        case Told::mask:
            return std::isinf(story.mask[j]) ? in.tr("Mask: {} is hidden, its score becomes −∞", key)
                                             : in.tr("Mask: {} may be seen, its score stays", key);
        case Told::weight:
            return in.tr("Softmax: of the weight of 1, {} gets {:.2f}", key, story.weights[j]);
        case Told::sum:
            return in.tr("Weighted sum: {:.2f} times {} is {}, so far {}", story.weights[j], number(story.values[j]),
                         number(story.products[j]), number(sum));
    }
    return {};
}

const std::string& formula_of(const RowStory& story, Told what) {
    static const std::string masked = "e_ij + m_ij";
    return what == Told::score    ? story.score_formula
           : what == Told::mask   ? masked
           : what == Told::weight ? story.weight_formula
                                  : story.context_formula;
}

std::string heading_of(const RowStory& story, Told what, const TextsIn& in) {
    switch (what) {
        case Told::score:
            return in.tr("1 scores");
        case Told::mask:
            return in.tr("2 mask");
        case Told::weight:
            return story.is_masked() ? "3 softmax" : "2 softmax";
        case Told::sum:
            return in.tr("{} weighted sum, coordinate {}", story.is_masked() ? 4 : 3, story.coordinate + 1);
    }
    return {};
}

/// The numbers of all stages: a row for each key, a column for each stage, each as far as it was told.
class StoryTable {
 public:
    StoryTable(const Ui& ui, const SlowPlay& play, const TextsIn& in, const Rect& place)
        : ui_(ui), play_(play), story_(*play.story), in_(in), place_(place) {
        const auto n = static_cast<float>(story_.keys.size());
        each_ = (place.size.y - head_height * ui.s) / n;
        size_ = std::clamp(static_cast<double>(each_ / ui.s) * 0.62, 9.0, 18.0);
        for (const std::string& key : story_.keys) tokens_ = std::max(tokens_, width_of(ui, key, size_));
        tokens_ = std::min(tokens_, place.size.x / 5);
        largest_ = 1e-6f;
        for (const float score : story_.scores)
            if (std::isfinite(score)) largest_ = std::max(largest_, std::abs(score));
        for (const float product : story_.products) most_ = std::max(most_, std::abs(product));
    }
    void draw() {
        const std::size_t stages = story_.stages();
        const float left = place_.at.x + tokens_ + gap * ui_.s,
                    width = (place_.at.x + place_.size.x - left) / static_cast<float>(stages);
        for (std::size_t j = 0; j < story_.keys.size(); ++j) {
            const bool now = play_.now() % story_.keys.size() == j;
            const std::string key = fitted(ui_, story_.keys[j], size_, Font::ui, tokens_ + ui_.s);
            put({place_.at.x + tokens_ - width_of(ui_, key, size_), row(j)}, key, now ? ui_.theme.selection : ui_.theme.text,
                size_);
        }
        for (std::size_t stage = 0; stage < stages; ++stage) {
            const float x = left + width * static_cast<float>(stage);
            const Told what = told(story_, stage);
            const bool now = play_.now() / story_.keys.size() == stage;
            put({x, place_.at.y}, fitted(ui_, heading_of(story_, what, in_), head_size, Font::ui, width - gap * ui_.s),
                now ? ui_.theme.selection : ui_.theme.secondary, head_size);
            for (std::size_t j = 0; j < story_.keys.size(); ++j) cell(stage, what, j, x, width - gap * ui_.s);
        }
    }

 private:
    float row(std::size_t j) const {
        return place_.at.y + head_height * ui_.s + each_ * static_cast<float>(j) +
               (each_ - static_cast<float>(size_) * 1.36f * ui_.s) / 2;
    }
    void put(ImVec2 at, const std::string& text, Color color, double size) const {
        ImGui::SetCursorScreenPos(at);
        label(ui_, text, color, size);
    }
    /// A bar that grows while its number is told, and the number once it has.
    void cell(std::size_t stage, Told what, std::size_t j, float x, float width) const {
        const double shown = play_.shown(stage, j);
        if (shown <= 0) return;
        const bool now = play_.now() == stage * story_.keys.size() + j;
        float share = 0;
        std::string text;
        if (what == Told::score) {
            text = number(story_.scores[j]);
            share = std::isfinite(story_.scores[j]) ? story_.scores[j] / largest_ : 0;
        } else if (what == Told::mask) {
            text = std::isinf(story_.mask[j]) ? "−∞" : number(story_.scores[j] + story_.mask[j]);
        } else if (what == Told::weight) {
            text = fmt::format("{:.2f}", story_.weights[j]);
            share = story_.weights[j];
        } else {
            text = number(story_.products[j]);
            share = most_ > 0 ? story_.products[j] / most_ : 0;
        }
        const float s = ui_.s, numbers = 58 * s, room = std::max(width - numbers, 4.0f);
        const float high = std::min(each_ * 0.5f, 20 * s);
        const float y = place_.at.y + head_height * s + each_ * static_cast<float>(j) + (each_ - high) / 2;
        const float length = room * std::abs(share) * static_cast<float>(shown);
        const Color color = now ? ui_.theme.selection : share < 0 ? ui_.theme.faint : ui_.theme.accent;
        if (what != Told::mask)
            ImGui::GetWindowDrawList()->AddRectFilled({x + numbers, y}, {x + numbers + length, y + high}, ui_.color(color),
                                                      3 * s);
        put({x, row(j)}, text, with_alpha(now ? ui_.theme.selection : ui_.theme.text, shown), std::min(size_, 16.0));
    }

    const Ui& ui_;
    const SlowPlay& play_;
    const RowStory& story_;
    const TextsIn& in_;
    Rect place_;
    float each_ = 0, tokens_ = 0, largest_ = 1, most_ = 0;
    double size_ = 16;
};

}  // namespace

void slow_stage(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    const float s = ui.s, left = present_margin * s, width = place.size.x - 2 * left;
    const TextsIn in(state.view.language);
    SlowPlay& play = state.slow;
    play.advance(static_cast<double>(ImGui::GetIO().DeltaTime));
    const ImVec2 window = ImGui::GetIO().DisplaySize;
    state.places = {{"(window)", {0, 0, window.x, window.y}}};
    state.grids.clear();
    state.typing = state.pointed = false;
    act.stage().hover({});
    begin_panel(ui, "slow", place.at, place.size, ui.theme.background, {0, 0}, false);
    const RowStory& story = *play.story;
    const std::size_t stage = play.now() / story.keys.size(), key = play.now() % story.keys.size();
    const Told what = told(story, stage);
    const float table = std::max(1.0f, place.size.y - (told_height + 20) * s);
    StoryTable(ui, play, in, {{left, place.at.y + 8 * s}, {width, table}}).draw();
    const float y = place.at.y + place.size.y - told_height * s;
    ImGui::SetCursorScreenPos({left, y});
    label(ui, sentence(story, what, key, in), ui.theme.text, told_size, Font::ui, width);
    note_place(state, "slow told");
    ImGui::SetCursorScreenPos({left, y + 27 * s});
    label(ui, formula_of(story, what), ui.theme.secondary, formula_size, Font::ui, width);
    end_panel();
}

}  // namespace saccade
