#include "viz/figure_panels.hpp"

#include <nlohmann/json.hpp>

#include "figure_checks.hpp"
#include "figure_items.hpp"
#include "io/input_file.hpp"
#include "io/npz.hpp"
#include "run/run_request.hpp"
#include "sample_trace.hpp"
#include "viz/export.hpp"
#include "viz/latex.hpp"
#include "viz_testing.hpp"

// Several views in one figure, and tables for LaTeX.

namespace saccade::figure_panels_test {
namespace {

using namespace test;

Trace sentence() {
    return attention_trace({"她", "买", "书", "。"}, {"she", "bought", "a", "book"}, 6);
}

ViewState state_of(const std::string& view) {
    ViewState state;
    state.view = view;
    state.marks = false;
    return state;
}

FigurePanels panels_of(std::initializer_list<const char*> views, Index columns) {
    FigurePanels panels;
    for (const char* view : views) panels.states.push_back(state_of(view));
    panels.columns = columns;
    return panels;
}

TEST(FigurePanels, letters_go_on_after_z) {
    EXPECT_EQ(panel_letter(0), "a");
    EXPECT_EQ(panel_letter(25), "z");
    EXPECT_EQ(panel_letter(26), "aa");
    EXPECT_EQ(panel_letter(52), "ba");
}

TEST(FigurePanels, one_alone_is_the_view_itself) {
    const Trace trace = sentence();
    const PlainMeasure measure;
    ViewState whole = state_of("heatmap");
    whole.width = 500;
    whole.height = 300;
    const Figure alone = view("heatmap").layout(trace, whole, measure);
    const Figure panel = figure_of_panels(trace, whole, panels_of({"heatmap"}, 3), measure);
    ASSERT_EQ(panel.items.size(), alone.items.size());
    const auto a = items_of<HeatmapItem>(alone), b = items_of<HeatmapItem>(panel);
    ASSERT_EQ(a.size(), 1u);
    EXPECT_EQ(a[0].box.x, b[0].box.x);
    EXPECT_EQ(a[0].box.right(), b[0].box.right());
}

TEST(FigurePanels, each_has_its_place_and_its_letter) {
    const Trace trace = sentence();
    const PlainMeasure measure;
    ViewState whole = state_of("heatmap");
    whole.width = 900;
    whole.height = 640;
    for (const Index columns : {1, 2, 3, 9}) {
        SCOPED_TRACE(columns);
        const Figure figure = figure_of_panels(trace, whole, panels_of({"heatmap", "flow", "bars"}, columns), measure);
        EXPECT_EQ(figure.width, 900);
        EXPECT_EQ(figure.height, 640);
        check_sound(figure, measure, true);
        std::vector<Point> at;
        for (const TextItem& text : items_of<TextItem>(figure))
            for (const char* letter : {"a", "b", "c"})
                if (text.text == letter && text.valign == VAlign::top) at.push_back(text.at);
        ASSERT_EQ(at.size(), 3u);
        for (const double edge : {at[0].x, at[0].y}) {
            EXPECT_GT(edge, 0) << "not on the edge of the page";
            EXPECT_LT(edge, 10);
        }
        EXPECT_EQ(at[1].y == at[0].y, columns > 1);
        EXPECT_EQ(at[2].y == at[0].y, columns > 2);
        EXPECT_EQ(at[2].x == at[0].x, columns < 3);
    }
}

TEST(FigurePanels, all_text_has_the_size_that_is_asked_for) {
    const Trace trace = sentence();
    const PlainMeasure measure;
    ViewState whole = state_of("heatmap");
    whole.width = 170 / 25.4 * 96;
    whole.height = 300;
    whole.text_size = 8.0 / 72 * 96;
    whole.text_scale = whole.text_size / 13;
    FigurePanels panels = panels_of({"heatmap", "flow"}, 2);
    for (ViewState& state : panels.states) {
        state.text_size = whole.text_size;
        state.text_scale = whole.text_scale;
    }
    const Figure figure = figure_of_panels(trace, whole, panels, measure);
    for (const TextItem& text : items_of<TextItem>(figure)) EXPECT_GE(text.size, whole.text_size - 1e-9) << text.text;
}

FigureOrigin origin_of(FigurePanels panels) {
    FigureOrigin origin;
    RunRequest request;
    request.exhibit = "alignment";
    request.interventions.push_back(parse_intervention("weights[1,2]=0.25"));
    origin.request = request_text(request);
    origin.view = panels.states.front();
    origin.view.width = 700;
    origin.view.height = 700;
    origin.panels = std::move(panels);
    return origin;
}

TEST(FigurePanels, a_picture_carries_them) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    FigureOrigin origin = origin_of(panels_of({"flow", "heatmap", "bars"}, 2));
    origin.panels.shared_range = true;
    origin.panels.heights = {320, 360};
    for (const char* ending : {".png", ".svg", ".pdf"}) {
        const std::string path = folder / (std::string("figure") + ending);
        export_figure(path, trace, origin);
        const FigureOrigin back = read_origin(path);
        EXPECT_EQ(to_json(back.view), to_json(origin.view));
        ASSERT_EQ(back.panels.states.size(), 3u);
        EXPECT_EQ(back.panels.columns, 2);
        EXPECT_TRUE(back.panels.shared_range);
        EXPECT_EQ(back.panels.heights, origin.panels.heights);
        for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(to_json(back.panels.states[n]), to_json(origin.panels.states[n]));
    }
    // What a hand changed is said by each.
    const std::string svg = read_file(folder / "figure.svg"), said = "edited by hand";
    std::size_t count = 0;
    for (std::size_t at = svg.find(said); at != std::string::npos; at = svg.find(said, at + 1)) ++count;
    EXPECT_EQ(count, 3u);
}

TEST(FigurePanels, their_numbers_are_written_panel_by_panel) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    const FigureOrigin origin = origin_of(panels_of({"heatmap", "bars"}, 1));
    export_figure(folder / "n.npz", trace, origin);
    const auto arrays = read_npz<float>(folder / "n.npz");
    bool first = false, second = false;
    for (const auto& [name, array] : arrays) {
        first = first || name == "a.weights";
        second = second || name.starts_with("b.");
    }
    EXPECT_TRUE(first && second);
    export_figure(folder / "n.csv", trace, origin);
    const std::string csv = read_file(folder / "n.csv");
    EXPECT_NE(csv.find("\r\n\r\n"), std::string::npos) << "an empty line between two tables";
    ExportOptions marked;
    marked.byte_order_mark = true;
    export_figure(folder / "m.csv", trace, origin, marked);
    EXPECT_EQ(read_file(folder / "m.csv"), "\xEF\xBB\xBF" + csv);
}

ShownValues values_of(std::vector<std::string> rows, std::vector<std::string> cols, const std::vector<float>& values) {
    const Axis row{
        .name = "output", .kind = AxisKind::query, .extent = static_cast<Index>(rows.size()), .labels = rows, .symbol = "i"};
    const Axis col{
        .name = "source_set", .kind = AxisKind::key, .extent = static_cast<Index>(cols.size()), .labels = cols, .symbol = "j"};
    return {"weights",
            {std::make_shared<const Axis>(row), std::make_shared<const Axis>(col)},
            Tensor<float>::from(Shape{row.extent, col.extent}, values)};
}

TEST(Latex, a_matrix_is_a_table) {
    ShownValues shown = values_of({"50%", "a_b"}, {"{x}", "\\~^<"}, {0.25f, -0.5f, 1.5e-5f, 123456.0f});
    shown.mask = Tensor<float>::from(shown.values.shape(), {0, 0, -INFINITY, 0});
    EXPECT_EQ(latex_of({shown}),
              "\\begin{tabular}{lrr}\n\\toprule\n"
              "output & \\{x\\} & \\textbackslash{}\\textasciitilde{}\\textasciicircum{}\\textless{} \\\\\n\\midrule\n"
              "50\\% & 0.250 & $-0.500$ \\\\\n"
              "a\\_b & -- & $1.235 \\cdot 10^{5}$ \\\\\n"
              "\\bottomrule\n\\end{tabular}\n");
}

TEST(Latex, a_page_has_two_axes) {
    ShownValues shown = values_of({"x"}, {"y"}, {1});
    shown.axes.push_back(shown.axes[0]);
    EXPECT_EQ(error_of([&] { latex_of({shown}); }).code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace saccade::figure_panels_test
