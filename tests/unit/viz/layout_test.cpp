#include "viz/layout.hpp"

#include <cmath>

#include "viz_testing.hpp"

namespace saccade::layout_test {
namespace {

using test::PlainMeasure;

TEST(Layout, shares_that_would_read_nothing_say_how_little_they_are) {
    EXPECT_EQ(share_text(0.274), "0.27");
    EXPECT_EQ(share_text(1), "1.00");
    EXPECT_EQ(share_text(0), "0.00");
    EXPECT_EQ(share_text(0.00021), "2.1e-4");
    EXPECT_EQ(share_text(0.0049), "0.005");
    EXPECT_EQ(share_text(0.00349), "0.003") << "in one column with 0.01";
}

TEST(Labels, BlanksAndControlsAreVisible) {
    const Axis axis{"source", AxisKind::key, 7, {" ", "\n", "\t", "", "a b", "ab ", "\x01z"}, "j"};
    const char* drawn[] = {"␣", "⏎", "⇥", "∅", "a b", "ab␣", "·z"};
    for (Index i = 0; i < axis.extent; ++i) EXPECT_EQ(drawn_label(axis, i), drawn[i]);
    const Axis broken{"source", AxisKind::key, 1, {"a\xff"}, "j"};
    EXPECT_EQ(find_invalid_utf8(drawn_label(broken, 0)), std::string::npos);
}

TEST(Labels, CaptionsNameKindAndAxis) {
    EXPECT_EQ(axis_caption({"output", AxisKind::query, 2, {}, "i"}), "query: output");
    EXPECT_EQ(axis_caption({"head", AxisKind::head, 2, {}, "h"}), "head");
}

TEST(Labels, CutKeepsWholeCharacters) {
    const PlainMeasure measure;
    EXPECT_EQ(cut_to_fit("abcdef", 36, 10, Font::ui, measure), "abcdef");
    EXPECT_EQ(cut_to_fit("abcdef", 30, 10, Font::ui, measure), "abc…");  // 18 px of letters, 10 of the ellipsis
    EXPECT_EQ(cut_to_fit("十九年九月", 31, 10, Font::ui, measure), "十九…");
    EXPECT_EQ(cut_to_fit("abcdef", 5, 10, Font::ui, measure), "");
    EXPECT_EQ(cut_to_fit("", 5, 10, Font::ui, measure), "");
    const std::string family = "👨‍👩‍👧‍👦";
    const std::string cut = cut_to_fit(family + family, 75, 10, Font::ui, measure);
    EXPECT_TRUE(cut == "…" || cut == family + "…") << cut;
}

TEST(Numbers, ThreeDigitsAndATrueMinus) {
    const std::pair<double, const char*> cases[] = {
        {0, "0"},         {0.614, "0.614"}, {0.6, "0.6"},          {-2.314, "−2.31"}, {31.06, "31.1"}, {12345, "12345"},
        {1.2e6, "1.2e6"}, {1e-5, "1e-5"},   {-3.46e-4, "−3.5e-4"}, {1, "1"},          {100, "100"},    {0.001, "0.001"}};
    for (const auto& [value, text] : cases) EXPECT_EQ(number_text(value), text);
    EXPECT_EQ(number_text(std::nan("")), "NaN");
    EXPECT_EQ(number_text(-INFINITY), "−∞");
}

TEST(Ticks, AreRoundAndCover) {
    const std::pair<double, double> ranges[] = {{0, 1}, {0, 2.42}, {-31, 3}, {0.001, 0.0013}, {-5e6, 7e8}, {3, 3}, {0, 0}};
    for (const auto& [low, high] : ranges)
        for (const int wanted : {1, 3, 5, 8}) {
            const Ticks ticks = nice_ticks(low, high, wanted);
            EXPECT_LE(ticks.low, low);
            EXPECT_GE(ticks.high, high);
            ASSERT_GE(ticks.values.size(), 2u);
            EXPECT_LE(ticks.values.size(), static_cast<std::size_t>(wanted) + 3);
            const double step = ticks.values[1] - ticks.values[0];
            const double mantissa = step / std::pow(10, std::floor(std::log10(step) + 1e-9));
            EXPECT_TRUE(std::abs(mantissa - 1) < 1e-6 || std::abs(mantissa - 2) < 1e-6 || std::abs(mantissa - 5) < 1e-6)
                << step;
        }
    EXPECT_EQ(nice_stride(0.3), 1);
    EXPECT_EQ(nice_stride(3), 5);
    EXPECT_EQ(nice_stride(11), 20);
    EXPECT_EQ(nice_stride(50), 50);
}

ViewState state_of(double width, double height) {
    ViewState state;
    state.width = width;
    state.height = height;
    return state;
}

TEST(Sketch, RefusesWhatIsNoSize) {
    const PlainMeasure measure;
    for (const double bad : {0.0, -5.0, 1e9, std::nan("")}) {
        EXPECT_EQ(test::error_of([&] { Sketch(state_of(bad, 100), measure); }).code(), ErrorCode::usage);
        EXPECT_EQ(test::error_of([&] { Sketch(state_of(100, bad), measure); }).code(), ErrorCode::usage);
    }
    ViewState state = state_of(100, 100);
    state.text_scale = 0;
    EXPECT_EQ(test::error_of([&] { Sketch(state, measure); }).code(), ErrorCode::usage);
}

TEST(AxisLabels, ThinOutButKeepTheFocus) {
    const PlainMeasure measure;
    ViewState state = state_of(400, 300);
    state.selected.marks["source"] = 37;
    const Sketch sketch(state, measure);
    Axis axis{"source", AxisKind::key, 200, {}, "j"};
    for (Index i = 0; i < axis.extent; ++i) axis.labels.push_back("token");
    const auto shared = std::make_shared<const Axis>(axis);
    const AxisLabels labels = fit_column_labels(sketch, axis, 2.0, 80);
    EXPECT_TRUE(labels.positions);  // every ninth token would be read as a text: numbers stand upright instead
    EXPECT_FALSE(labels.rotated);
    EXPECT_GT(labels.stride, 1);
    EXPECT_EQ(written_label(sketch, shared, labels, 6, 1), "@7");  // no token, and never cut
    const auto written = labelled_positions(sketch, shared, labels);
    EXPECT_NE(std::find(written.begin(), written.end(), 37), written.end());
    for (std::size_t i = 1; i < written.size(); ++i) EXPECT_GE(written[i] - written[i - 1], labels.stride);
    EXPECT_LE(labels.size * 1.1, 2.0 * static_cast<double>(labels.stride));
}

TEST(AxisLabels, StandUprightWhenTheyFit) {
    const PlainMeasure measure;
    const ViewState state = state_of(400, 300);
    const Sketch sketch(state, measure);
    const AxisLabels letters = fit_column_labels(sketch, {"source", AxisKind::key, 3, {"a", "b", "c"}, "j"}, 30, 80);
    EXPECT_FALSE(letters.rotated);
    EXPECT_EQ(letters.stride, 1);
    EXPECT_TRUE(fit_column_labels(sketch, {"source", AxisKind::key, 2, {"internationalisation", "of"}, "j"}, 30, 80).rotated);
    EXPECT_FALSE(fit_column_labels(sketch, {"feature", AxisKind::feature, 512, {}, "k"}, 1.5, 80).rotated);
}

}  // namespace
}  // namespace saccade::layout_test
