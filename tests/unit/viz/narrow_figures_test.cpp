#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "figure_items.hpp"
#include "run/run.hpp"
#include "run/run_request.hpp"
#include "trace/hand.hpp"
#include "viz/export.hpp"
#include "viz/layout.hpp"
#include "viz/length.hpp"
#include "viz/text_measure_pango.hpp"
#include "viz_testing.hpp"

// Figures of every view, of the width that a page gives them: from a thumbnail in the margin to all of its width.

namespace saccade::narrow_figures_test {
namespace {

using namespace test;

/// What an exhibit shows, as it opens; with a search, where it has one.
RunRequest request_of(const Exhibit& exhibit) {
    RunRequest request;
    request.exhibit = exhibit.id;
    for (const ParamSpec& spec : exhibit.params)
        if (spec.name == "beam") request.params.set("beam", std::int64_t{3});
    return request;
}

ViewState state_of(const ViewPlacement& placed, double width_mm, double font_pt, double shape) {
    ViewState state;
    state.view = placed.view;
    state.tensor = placed.tensor;
    state.width = width_mm * px_per_mm;
    state.height = state.width / shape;
    state.marks = false;
    if (font_pt > 0) set_text_px(state, font_pt * px_per_pt);
    return state;
}

/// Texts of a figure as they overlap each other or its edge, by corners made here and not by the layout: of upright and turned
/// ones their boxes, of slanted ones a few points along the line.
std::vector<Box> boxes_of(const TextItem& text, const TextMeasure& measure) {
    const Point start = text_start(text, measure);
    const double w = measure.width(text.text, text.size, text.font), up = 0.7 * text.size, down = 0.15 * text.size;
    if (text.angle == 0) return {{text.at.x + start.x, text.at.y + start.y - up, w, up + down}};
    if (text.angle == -90) return {{text.at.x + start.y - up, text.at.y - start.x - w, up + down, w}};
    std::vector<Box> dots;
    constexpr double slope = 0.70710678;
    for (double along = 0; along <= w; along += text.size / 4)
        dots.push_back({text.at.x + slope * (start.x + along) + slope * start.y - 1,
                        text.at.y - slope * (start.x + along) + slope * start.y - 1, 2, 2});
    return dots;
}

bool overlap(const Box& a, const Box& b) {
    return a.x + 0.6 < b.right() && b.x + 0.6 < a.right() && a.y + 0.6 < b.bottom() && b.y + 0.6 < a.bottom();
}

void check_texts(const Figure& figure, const TextMeasure& measure) {
    std::vector<std::pair<Box, std::size_t>> taken;
    const auto texts = items_of<TextItem>(figure);
    for (std::size_t i = 0; i < texts.size(); ++i)
        for (const Box& box : boxes_of(texts[i], measure)) {
            EXPECT_TRUE(box.x >= -1 && box.y >= -1 && box.right() <= figure.width + 1 && box.bottom() <= figure.height + 1)
                << texts[i].text << " is cut by the edge";
            for (const auto& [other, of] : taken)
                EXPECT_FALSE(of != i && overlap(box, other)) << texts[i].text << " over " << texts[of].text;
            taken.emplace_back(box, i);
        }
}

/// What an exhibit places, and what else can be drawn of its run.
std::vector<ViewPlacement> views_of(const Exhibit& exhibit, const RunRequest& request, const Trace& trace) {
    std::vector<ViewPlacement> all = placements(exhibit, request.params);
    for (const View* one : views()) {
        const auto accepts = [&](const TraceTensor& tensor) { return one->accepts(trace, tensor); };
        const auto found = std::ranges::find_if(trace.tensors(), accepts);
        if (found == trace.tensors().end() || std::ranges::find(all, one->id(), &ViewPlacement::view) != all.end()) continue;
        all.push_back({one->id(), found->info.name});
    }
    return all;
}

/// The runs of all exhibits that need no file, and what they show.
struct Shown {
    TracePtr trace;
    RunRequest request;
    std::vector<ViewPlacement> views;
};

const std::vector<Shown>& all_shown() {
    static const std::vector<Shown> all = [] {
        std::vector<Shown> made;
        for (const Exhibit& exhibit : exhibits()) {
            const RunRequest request = request_of(exhibit);
            try {
                const TracePtr trace = run(request);
                made.push_back({trace, request, views_of(exhibit, request, *trace)});
            } catch (const Error&) {
                // Reads a file of a person's own.
            }
        }
        return made;
    }();
    return all;
}

TEST(NarrowFigures, NoTextLiesOnAnotherOrIsCutByTheEdge) {
    const PangoTextMeasure measure;
    std::set<std::string> seen;
    for (const Shown& shown : all_shown())
        for (const ViewPlacement& placed : shown.views) {
            if (!placed.tensor.empty() && shown.trace->find(placed.tensor) == nullptr) continue;
            for (const double width : {20.0, 40.0, 85.0, 170.0})
                for (const double font : {0.0, 8.0})
                    for (const double shape : {1.5, 0.8}) {
                        const ViewState state = state_of(placed, width, font, shape);
                        SCOPED_TRACE(fmt::format("{} {} {} {} mm {} pt {}", shown.request.exhibit, placed.view, placed.tensor,
                                                 width, font, shape));
                        const Figure figure = view(placed.view).layout(*shown.trace, state, measure);
                        check_texts(figure, measure);
                        seen.insert(placed.view);
                    }
        }
    for (const View* one : views()) EXPECT_TRUE(seen.contains(one->id())) << one->id() << " is not tried";
}

TEST(NarrowFigures, WhatHasNoRoomIsSaidWithTheWidthThatHasIt) {
    const PangoTextMeasure measure;
    std::size_t narrow = 0;
    for (const Shown& shown : all_shown())
        for (const ViewPlacement& placed : shown.views) {
            if (!placed.tensor.empty() && shown.trace->find(placed.tensor) == nullptr) continue;
            FigureOrigin origin;
            origin.request = request_text(shown.request);
            origin.view = state_of(placed, 40, 0, 1.5);
            SCOPED_TRACE(fmt::format("{} {} {}", shown.request.exhibit, placed.view, placed.tensor));
            const LaidOut laid = laid_out(*shown.trace, origin, measure);
            const ViewState wide = state_of(placed, 320, 0, 1.5);
            if (laid.figure.left_out.size() <= view(placed.view).layout(*shown.trace, wide, measure).left_out.size()) continue;
            ++narrow;
            EXPECT_TRUE(std::ranges::any_of(laid.notes, [](const Note& note) {
                return note.hint.find("width") != std::string::npos || note.hint.find("height") != std::string::npos;
            })) << fmt::format("{} texts are left out, such as {}", laid.figure.left_out.size(), laid.figure.left_out.front());
        }
    EXPECT_GE(narrow, 10u);
}

/// Of two texts at one place the first is kept, but what is in focus before the others.
TEST(NarrowFigures, TheTitleAndWhatIsInFocusStay) {
    const PlainMeasure measure;
    const Color ink{0, 0, 0, 255}, lit{200, 100, 0, 255};
    Figure figure;
    figure.width = figure.height = 100;
    const auto put = [&](Point at, const char* text, Color color, double angle = 0) {
        figure.items.emplace_back(TextItem{.at = at, .text = text, .size = 10, .color = color, .angle = angle});
    };
    put({5, 20}, "title", ink);
    put({10, 22}, "on the title", lit);
    put({5, 50}, "first", ink);
    put({8, 50}, "lit", lit);
    put({5, 70}, "apart", ink);
    put({5, 80.0}, "below", ink);
    put({90, 90}, "over the edge", ink);
    // Slanted: their boxes overlap, their inks do not.
    put({50, 60}, "slanted", ink, -45);
    put({65, 60}, "slanted", ink, -45);
    put({70, 60}, "close", ink, -45);
    leave_out_crowded(figure, measure, {lit});
    std::vector<std::string> kept;
    for (const TextItem& text : items_of<TextItem>(figure)) kept.push_back(text.text);
    EXPECT_EQ(kept, (std::vector<std::string>{"title", "lit", "apart", "below", "slanted", "slanted"}));
    EXPECT_EQ(figure.left_out, (std::vector<std::string>{"on the title", "first", "over the edge", "close"}));
}

TEST(NarrowFigures, AHeadThatAHandAblatedIsSaidByTheBarsAndTheHeads) {
    const PangoTextMeasure measure;
    RunRequest request;
    request.exhibit = "multi-head";
    request.interventions.push_back(parse_intervention("weights[1,:,:]*=0"));
    const TracePtr trace = run(request);
    for (const bool card : {true, false})
        for (const char* id : {"bars", "head-grid", "heatmap", "flow"}) {
            ViewState state;
            state.view = id;
            state.tensor = "weights";
            state.decorations = !card;
            state.selected = focus_of(*trace, {"weights", {1, 0, 0}});
            const Figure figure = view(id).layout(*trace, state, measure);
            EXPECT_TRUE(says(figure, "ablated by hand")) << id << " " << card;
            state.selected = focus_of(*trace, {"weights", {0, 0, 0}});
            const bool all = std::string(id) == "head-grid";
            EXPECT_EQ(says(view(id).layout(*trace, state, measure), "ablated by hand"), all) << id << " " << card;
        }
}

}  // namespace
}  // namespace saccade::narrow_figures_test
