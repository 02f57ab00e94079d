#include <algorithm>
#include <cmath>

#include "figure_items.hpp"
#include "io/input_file.hpp"
#include "run/run.hpp"
#include "run/run_request.hpp"
#include "sample_trace.hpp"
#include "trace/untouched.hpp"
#include "viz/color_space.hpp"
#include "viz/difference.hpp"
#include "viz/export.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/layout.hpp"
#include "viz/map_picture.hpp"
#include "viz/text_measure_pango.hpp"
#include "viz_testing.hpp"

namespace saccade::beyond_test {
namespace {

using namespace test;

RunRequest asking(const std::string& exhibit, const std::string& text, const std::vector<std::string>& interventions) {
    RunRequest request;
    request.exhibit = exhibit;
    request.params.set("text", text);
    for (const std::string& spec : interventions) request.interventions.push_back(parse_intervention(spec));
    return request;
}

ViewState state_of(const std::string& view, const std::string& tensor) {
    ViewState state;
    state.view = view;
    state.tensor = tensor;
    return state;
}

double apart(Color a, Color b) {
    const Lab x = lab_from(a), y = lab_from(b);
    return std::sqrt((x.l - y.l) * (x.l - y.l) + (x.a - y.a) * (x.a - y.a) + (x.b - y.b) * (x.b - y.b));
}

TEST(Extremes, AreThoseOfTheFiniteValuesWhereverTheyStand) {
    constexpr float infinity = std::numeric_limits<float>::infinity(), none = std::numeric_limits<float>::quiet_NaN();
    for (const Index n : {1, 31, 32, 33, 65536, 65537, 200001})
        for (const Index at : {Index{0}, n / 2, n - 1}) {
            Tensor<float> values(Shape{n}, 0.5f);
            values.data()[at] = 7;
            EXPECT_EQ(extremes_of(values).high, 7) << n << " " << at;
            EXPECT_EQ(extremes_of(values).low, n == 1 ? 7 : 0.5f) << n << " " << at;
            for (const float odd : {infinity, -infinity, none}) {
                values.data()[at] = odd;
                EXPECT_EQ(extremes_of(values).high, n == 1 ? -infinity : 0.5f) << n << " " << at << " " << odd;
                EXPECT_EQ(extremes_of(values).low, n == 1 ? infinity : 0.5f) << n << " " << at << " " << odd;
            }
            values.data()[at] = -3;
            EXPECT_EQ(beyond(values, Normalization()).below, 1) << n << " " << at;
            EXPECT_EQ(beyond(values, Normalization()).lowest, -3) << n << " " << at;
        }
    EXPECT_FALSE(beyond(Tensor<float>(Shape{40}, none), Normalization()).any());
    EXPECT_EQ(normalization_for(Tensor<float>(Shape{3}, -infinity), false, false, Normalization::Scale::linear).high, 1);
}

TEST(Beyond, CountsWhatTheLimitsDoNotReachButNotRounding) {
    const Beyond found = beyond(Tensor<float>::from(Shape{6}, {0, 1, 1.00001f, 5, -0.5f, std::nanf("")}), Normalization());
    EXPECT_EQ(found.above, 1);
    EXPECT_EQ(found.below, 1);
    EXPECT_EQ(found.highest, 5);
    EXPECT_EQ(found.lowest, -0.5);
    EXPECT_EQ(beyond_text(found), "1 cell above 1, up to 5 · 1 cell below 0, down to −0.5");
}

// The kind: wherever weights are read against 0 and 1, what a hand put outside is told from 0 and 1.
TEST(Beyond, WeightsOutsideTheScaleAreMarkedInCellAndLegend) {
    const PlainMeasure measure;
    const TracePtr trace = run(asking("multi-head", "火车几点", {"weights[0,1]*=5", "weights[1,2]*=-1"}));
    const std::string name = trace->with_role(Role::weights).front()->info.name;
    for (const std::string& theme_id : theme_ids()) {
        const Theme& colors = theme(theme_id);
        for (const Index head : {0, 1}) {
            ViewState state = state_of("heatmap", name);
            state.theme = theme_id;
            state.selected.marks = {{"head", head}, {"layer", 0}};
            for (const AxisPtr& axis : trace->tensor(name).info.axes)
                if (axis->kind == AxisKind::head) state.selected.marks[axis->name] = head;
            const Figure figure = view("heatmap").layout(*trace, state, measure);
            const HeatmapItem item = items_of<HeatmapItem>(figure).front();
            const Beyond found = beyond(item.values, Normalization());
            ASSERT_TRUE(found.any()) << head;
            EXPECT_TRUE(says(figure, head == 0 ? "above 1, up to" : "below 0, down to"));
            EXPECT_TRUE(says(figure, "> 1"));
            EXPECT_TRUE(says(figure, "< 0"));
            EXPECT_EQ(heatmap_color(item, 5), colors.over);
            EXPECT_EQ(heatmap_color(item, -0.2), colors.under);
            EXPECT_NE(heatmap_color(item, 1), colors.over);
            EXPECT_GE(items_of<LineItem>(figure).size(), static_cast<std::size_t>(found.above + found.below));
        }
        for (const std::string& map : {std::string("ember"), std::string("blue"), std::string("grey")})
            for (const double t : {0.0, 1.0}) {
                EXPECT_GT(apart(colormap(map, colors).at(t), colors.over), 25) << theme_id << map;
                EXPECT_GT(apart(colormap(map, colors).at(t), colors.under), 25) << theme_id << map;
            }
    }
    const Figure grid = view("head-grid").layout(*trace, state_of("head-grid", name), measure);
    EXPECT_GT(items_of<HeatmapGridItem>(grid).front().over.a, 0);
    EXPECT_TRUE(says(grid, "above 1"));
    EXPECT_TRUE(says(view("flow").layout(*trace, state_of("flow", name), measure), "above 1") ||
                says(view("flow").layout(*trace, state_of("flow", name), measure), "below 0"));
    const TracePtr plain = run(asking("multi-head", "火车几点", {}));
    const Figure usual = view("heatmap").layout(*plain, state_of("heatmap", name), measure);
    EXPECT_FALSE(says(usual, "> 1"));
    EXPECT_EQ(items_of<HeatmapItem>(usual).front().over.a, 0);
}

TEST(Beyond, RowsThatAHandTookOffTheirSumAreNoted) {
    const auto noted = [](const std::vector<std::string>& interventions) {
        const TracePtr trace = run(asking("self-attention", "火车几点", interventions));
        return std::any_of(trace->notes().begin(), trace->notes().end(),
                           [](const Note& note) { return note.text.find("sum to ") != std::string::npos; });
    };
    EXPECT_TRUE(noted({"weights[1,:]*=5"}));
    EXPECT_TRUE(noted({"weights[1,:]*=-1"}));
    EXPECT_TRUE(noted({"weights[1,:]*=0"}));
    EXPECT_FALSE(noted({"weights[1,2]=0.5"}));
    EXPECT_FALSE(noted({}));
}

TEST(Beyond, AFigureOfAnEditedRunSaysWhatItWroteBefore) {
    RunRequest request;
    request.exhibit = "alignment";
    const TracePtr plain = run(request);
    request.interventions.push_back(parse_intervention("context*=0"));
    const Trace trace = with_untouched(*run(request), *plain);
    const std::string said = changed_by_hand(trace, {request_text(request), state_of("heatmap", "weights")});
    EXPECT_NE(said.find(" · output “2019-09-30” → “"), std::string::npos) << said;
    EXPECT_EQ(changed_by_hand(*run(request), {request_text(request), {}}).find("output"), std::string::npos);
}

TEST(Beyond, AFigureOfAnEditedRunSaysSoAndWhat) {
    const TemporaryFolder folder;
    const RunRequest request = asking("self-attention", "火车几点", {"weights[1,2]=0.5", "context[0,:]*=0"});
    const TracePtr trace = run(request);
    for (const char* id : {"heatmap", "flow", "stages", "bars", "neuron"}) {
        export_figure(folder / "f.svg", *trace, {request_text(request), state_of(id, "weights")});
        const std::string svg = read_file(folder / "f.svg");
        EXPECT_NE(svg.find("edited by hand: "), std::string::npos) << id;
        EXPECT_NE(svg.find("→ 0.50"), std::string::npos) << id;
        EXPECT_NE(svg.find("(context)"), std::string::npos) << id;
    }
    const RunRequest plain = asking("self-attention", "火车几点", {});
    export_figure(folder / "f.svg", *run(plain), {request_text(plain), state_of("heatmap", "weights")});
    EXPECT_EQ(read_file(folder / "f.svg").find("by hand"), std::string::npos);
    EXPECT_EQ(changed_by_hand(*trace, {request_text(plain), {}, request_text(request)}).find("in B "), 0u);
    // Compared: the trace holds differences; what was set is a weight, in both runs.
    const Trace difference = difference_of(*trace, *trace);
    const std::string both = changed_by_hand(difference, {request_text(request), {}, request_text(request)});
    EXPECT_EQ(both.find("in A and B α₂,₃"), 0u) << both;
    EXPECT_EQ(both.find("Δ"), std::string::npos) << both;
    RunRequest off = request;
    for (Intervention& one : off.interventions) one.enabled = false;
    EXPECT_EQ(changed_by_hand(*trace, {request_text(off), {}}), "");
}

TEST(ColourScale, TheLargestValueIsMarkedAndAScaleShowsIt) {
    const PlainMeasure measure;
    const Trace trace = attention_trace(tokens("s", 12), tokens("o", 4), 2);
    const auto values = trace.tensor("weights").values.values();
    const float largest = *std::max_element(values.begin(), values.end());
    ASSERT_LT(largest, 0.5f);
    ViewState state = state_of("heatmap", "weights");
    const Figure figure = view("heatmap").layout(trace, state, measure);
    EXPECT_TRUE(says(figure, "largest " + number_text(static_cast<double>(largest))));
    const Box bar = items_of<ColorBarItem>(figure).front().box;
    const auto lines = items_of<LineItem>(figure);
    EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [&](const LineItem& line) {
        return std::abs(line.points[0].x - (bar.x + bar.w * static_cast<double>(largest))) < 0.01;
    }));
    state.scale = Normalization::Scale::largest;
    const Figure shown = view("heatmap").layout(trace, state, measure);
    EXPECT_FLOAT_EQ(static_cast<float>(items_of<HeatmapItem>(shown).front().normalization.high), largest);
    EXPECT_TRUE(says(shown, "scale to the largest"));
    EXPECT_TRUE(says(shown, number_text(static_cast<double>(largest))));
}

TEST(Colours, SeriesHaveNoColourThatMeansSomethingElse) {
    for (const std::string& id : theme_ids()) {
        const Theme& t = theme(id);
        for (std::size_t i = 0; i < 12; ++i) {
            for (const Color other : {t.selection, t.holds, t.broken, t.negative})
                EXPECT_GT(apart(series_color(t, i), other), 18) << id << " " << i;
            for (std::size_t k = 0; k < i; ++k) EXPECT_GT(apart(series_color(t, i), series_color(t, k)), 10) << id << i << k;
            EXPECT_GE(contrast(series_color(t, i), t.panel), 2.0) << id << " " << i;
        }
        const Color negative = colormap("diverging", t).at(0);
        EXPECT_GT(apart(negative, t.selection), 35) << id;
        EXPECT_GT(apart(negative, t.broken), 35) << id;
    }
}

TEST(Labels, TokensThatAreTooManyAreCounted) {
    const PlainMeasure measure;
    std::vector<std::string> letters;
    for (int i = 0; i < 200; ++i) letters.push_back(std::string(1, static_cast<char>('a' + i % 26)));
    const Trace trace = attention_trace(letters, letters, 2);
    for (const char* id : {"heatmap", "flow", "stages"}) {
        ViewState state = state_of(id, "weights");
        state.selected = focus_of(trace, {"weights", {57, 100}});
        const Figure figure = view(id).layout(trace, state, measure);
        std::size_t numbers = 0;
        for (const TextItem& text : items_of<TextItem>(figure)) {
            const bool letter = text.text.size() == 1 && text.text[0] >= 'a' && text.text[0] <= 'z';
            EXPECT_TRUE(!letter || text.text == letters[57] || text.text == letters[100]) << id << " " << text.text;
            numbers += text.text == "@101" || text.text == "@51" || text.text == "@151" ? 1 : 0;
        }
        EXPECT_GT(numbers, 0u) << id;
    }
}

TEST(Labels, AllCellsCarryNumbersOrNone) {
    Tensor<float> values(Shape{3, 6}, 1.0f);
    values.data()[4] = -1.234e-7f;
    for (const double width : {200.0, 300.0, 420.0, 700.0}) {
        const Trace trace = plain_trace(values, Role::state, {AxisKind::query, AxisKind::feature});
        ViewState state = state_of("heatmap", "values");
        state.width = width;
        state.height = 260;
        const Figure figure = view("heatmap").layout(trace, state, PlainMeasure());
        std::size_t written = 0;
        for (const TextItem& text : items_of<TextItem>(figure)) written += text.font == Font::mono ? 1 : 0;
        EXPECT_TRUE(written == 0 || written == 18) << width << ": " << written;
    }
}

TEST(Labels, ALongWordBesideShortOnesIsWhole) {
    const Trace trace = attention_trace(tokens("s", 9), {"he", "gets", "up", "at", "six", "every", "morning", ".", "<end>"}, 2);
    ViewState state = state_of("flow", "weights");
    state.width = 460;
    state.height = 300;
    EXPECT_TRUE(says(view("flow").layout(trace, state, PlainMeasure()), "morning"));
}

}  // namespace
}  // namespace saccade::beyond_test
