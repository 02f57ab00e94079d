#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "viz/beam_tree.hpp"
#include "viz/layout.hpp"
#include "viz_testing.hpp"

namespace saccade::tree_test {
namespace {

using namespace test;

struct Candidate {
    int parent, token;
    float score;
    int fate, rank;
};

Trace trace_of(const std::vector<std::vector<Candidate>>& steps, Index candidates, const std::vector<std::string>& words) {
    Trace trace;
    const auto n = static_cast<Index>(steps.size());
    const AxisPtr step = trace.add_axis({"beam.step", AxisKind::step, n, {}, "t"});
    const AxisPtr candidate = trace.add_axis({"beam.candidate", AxisKind::batch, candidates, {}, "b"});
    trace.add_axis({"target_vocabulary", AxisKind::class_, static_cast<Index>(words.size()), words, ""});
    const float none = std::nanf("");
    Tensor<float> parent({n, candidates}, none), token = parent.clone(), score = parent.clone(), fate = parent.clone(),
                                                 rank = parent.clone();
    for (Index t = 0; t < n; ++t)
        for (std::size_t c = 0; c < steps[static_cast<std::size_t>(t)].size(); ++c) {
            const Candidate& one = steps[static_cast<std::size_t>(t)][c];
            const Index cell = t * candidates + static_cast<Index>(c);
            parent.data()[cell] = static_cast<float>(one.parent);
            token.data()[cell] = static_cast<float>(one.token);
            score.data()[cell] = one.score;
            fate.data()[cell] = static_cast<float>(one.fate);
            rank.data()[cell] = static_cast<float>(one.rank);
        }
    const auto add = [&](const char* name, const Tensor<float>& values) {
        trace.add({name, Role::metric, "", "", "", {step, candidate}}, values);
    };
    add("beam.parent", parent);
    add("beam.token", token);
    add("beam.score", score);
    add("beam.fate", fate);
    add("beam.rank", rank);
    return trace;
}

/// Two steps: "我" and "you"; "我" goes on to an end and to a pruned word.
Trace small_tree() {
    return trace_of({{{-1, 0, -0.1f, 1, 0}, {-1, 1, -0.9f, 1, 0}, {-1, 2, -2.5f, 0, 0}},
                     {{0, 3, -0.2f, 2, 1}, {1, 3, -0.7f, 2, 2}, {0, 2, -1.5f, 0, 0}}},
                    4, {"我", "you", "love", "<end>"});
}

/// One long word among short ones: each step is as wide as its words, so that none is cut.
TEST(Tree, ColumnsAreAsWideAsTheirWords) {
    std::vector<std::vector<Candidate>> steps;
    for (int t = 0; t < 6; ++t) steps.push_back({{t == 0 ? -1 : 0, t, -0.1f, 1, 0}, {t == 0 ? -1 : 0, 0, -2.5f, 0, 0}});
    steps.push_back({{0, 6, -0.2f, 2, 1}});
    const std::vector<std::string> words = {"a", "go", "internationalisation", "to", "it", "is", "<end>"};
    const Trace trace = trace_of(steps, 2, words);
    ViewState state;
    state.view = "tree";
    state.tensor = "beam.score";
    state.width = 460;
    state.height = 260;
    const Figure figure = view("tree").layout(trace, state, PlainMeasure());
    for (const std::string& word : words) EXPECT_TRUE(says(figure, word)) << word;
    for (const TextItem& text : items_of<TextItem>(figure)) EXPECT_FALSE(text.text.ends_with("…")) << text.text;
}

/// A search as wide and long as the window must draw it: each live hypothesis has two children, the worse half is pruned, one
/// ends every third step from the tenth on.
Trace large_tree(Index length, Index width) {
    std::vector<std::vector<Candidate>> steps;
    std::vector<int> live{-1};
    int rank = 0;
    for (Index t = 0; t < length; ++t) {
        std::vector<Candidate> now;
        std::vector<int> next;
        for (Index c = 0; c < 2 * width; ++c) {
            const auto from = live[static_cast<std::size_t>(c) % live.size()];
            if (c >= 2 * static_cast<Index>(live.size())) break;
            Candidate one{from, static_cast<int>((t * 7 + c * 3) % 11), -0.1f - 0.05f * static_cast<float>(c), 0, 0};
            if (t >= 9 && t % 3 == 0 && c == 1) {
                one.fate = 2;
                one.rank = ++rank;
            } else if (static_cast<Index>(next.size()) < width) {
                one.fate = 1;
                next.push_back(static_cast<int>(c));
            }
            now.push_back(one);
        }
        steps.push_back(now);
        live = next;
    }
    return trace_of(steps, 2 * width, tokens("interesting", 11));
}

ViewState tree_state(double width, double height) {
    ViewState state;
    state.view = "tree";
    state.theme = "dark";
    state.width = width;
    state.height = height;
    state.decorations = false;
    return state;
}

std::vector<std::string> texts_of(const Figure& figure) {
    std::vector<std::string> texts;
    for (const FigureItem& item : figure.items)
        if (const auto* text = std::get_if<TextItem>(&item)) texts.push_back(text->text);
    return texts;
}

bool has(const std::vector<std::string>& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

TEST(BeamTree, ReadsNodesParentsAndFates) {
    const Trace trace = small_tree();
    const BeamTree tree = beam_tree_of(trace, trace.tensor("beam.score"));
    ASSERT_EQ(tree.nodes.size(), 6u);
    EXPECT_EQ(tree.prefix, "beam.");
    EXPECT_EQ(tree.at(1, 3), -1);  // no such candidate
    const int best = tree.at(1, 0);
    EXPECT_EQ(tree.nodes[static_cast<std::size_t>(best)].rank, 1);
    EXPECT_EQ(tree.nodes[static_cast<std::size_t>(best)].fate, BeamTree::Fate::finished);
    EXPECT_EQ(tree.path(best), (std::vector<int>{best, tree.at(0, 0)}));
    EXPECT_TRUE(tree.nodes[static_cast<std::size_t>(tree.at(0, 1))].lasting);
    EXPECT_FALSE(tree.nodes[static_cast<std::size_t>(tree.at(0, 2))].lasting);
    EXPECT_EQ(tree.label(tree.nodes[0]), "我");
}

TEST(BeamTree, RefusesAParentThatIsNotThere) {
    const Trace trace = trace_of({{{-1, 0, -0.1f, 1, 0}}, {{2, 1, -0.2f, 1, 0}}}, 4, {"a", "b"});
    const Error error = error_of([&] { beam_tree_of(trace, trace.tensor("beam.score")); });
    EXPECT_NE(error.message().find("step 1"), std::string::npos);
}

TEST(BeamTree, TheViewTakesItByAnyOfItsTensorsAndNothingElse) {
    const Trace trace = small_tree(), other = attention_trace({"a", "b"}, {"c"});
    EXPECT_TRUE(view("tree").accepts(trace, trace.tensor("beam.parent")));
    EXPECT_TRUE(view("tree").accepts(trace, trace.tensor("beam.rank")));
    for (const TraceTensor& tensor : other.tensors()) EXPECT_FALSE(view("tree").accepts(other, tensor));
}

TEST(SettleColumn, KeepsOrderDistanceAndBounds) {
    const std::vector<ColumnItem> items{{50, 20, 1}, {50, 20, 1}, {50, 10, 1}, {90, 20, 1}, {10, 20, 1}};
    const std::vector<double> y = place_column(items, 0, 200);
    for (std::size_t i = 1; i < y.size(); ++i) EXPECT_GE(y[i] - y[i - 1], (items[i - 1].room + items[i].room) / 2 - 1e-9);
    EXPECT_GE(y.front(), 10 - 1e-9);
    EXPECT_LE(y.back(), 190 + 1e-9);
    // One alone stands where it wants to; outside it is moved in.
    EXPECT_DOUBLE_EQ(place_column({{50, 20, 1}}, 0, 200).front(), 50);
    EXPECT_DOUBLE_EQ(place_column({{500, 20, 1}}, 0, 200).front(), 190);
    EXPECT_TRUE(place_column({}, 0, 200).empty());
}

TEST(SettleColumn, TheHeavyOneHardlyMoves) {
    const std::vector<double> y = place_column({{100, 20, 1}, {100, 20, 100}, {100, 20, 1}}, 0, 200);
    EXPECT_NEAR(y[1], 100, 0.5);
    EXPECT_NEAR(y[0], 80, 0.5);
    EXPECT_NEAR(y[2], 120, 0.5);
}

TEST(TreeView, WritesTokensInBothScriptsAndTheRankAndScoreOfEachEnd) {
    const PlainMeasure measure;
    const Trace trace = small_tree();
    const std::vector<std::string> texts = texts_of(view("tree").layout(trace, tree_state(600, 300), measure));
    for (const char* text : {"我", "you", "love", "<end>", "1", "2", "−0.2", "−0.7"}) EXPECT_TRUE(has(texts, text)) << text;
}

TEST(TreeView, ThePickedHypothesisIsOrangeAndASelectedOneInItsPlace) {
    const PlainMeasure measure;
    const Trace trace = small_tree();
    const auto orange = [&](const ViewState& state) {
        std::vector<std::string> picked;
        for (const FigureItem& item : view("tree").layout(trace, state, measure).items)
            if (const auto* text = std::get_if<TextItem>(&item); text != nullptr && text->color == theme("dark").selection)
                picked.push_back(text->text);
        return picked;
    };
    ViewState state = tree_state(600, 300);
    EXPECT_TRUE(has(orange(state), "我"));
    EXPECT_FALSE(has(orange(state), "you"));
    state.selected = focus_of(trace, {"beam.score", {1, 1}});
    EXPECT_TRUE(has(orange(state), "you"));
    EXPECT_FALSE(has(orange(state), "我"));
}

TEST(TreeView, TheHypothesisWhoseOutputIsShownIsThePickedOne) {
    const PlainMeasure measure;
    Trace trace = small_tree();
    trace.add_axis({"output", AxisKind::query, 2, {"you", "<end>"}, "i"});
    ViewState state = tree_state(600, 300);
    state.selected = focus_of(trace, {"beam.score", {1, 0}});  // clicked before; the run has picked since
    for (const FigureItem& item : view("tree").layout(trace, state, measure).items)
        if (const auto* text = std::get_if<TextItem>(&item); text != nullptr && text->text == "you") {
            EXPECT_EQ(text->color, theme("dark").selection);
        }
    state.selected = focus_of(trace, {"beam.score", {0, 0}});  // a node on the way: what leads to it
    for (const FigureItem& item : view("tree").layout(trace, state, measure).items)
        if (const auto* text = std::get_if<TextItem>(&item); text != nullptr && text->text == "我") {
            EXPECT_EQ(text->color, theme("dark").selection);
        }
}

TEST(TreeView, AClickOnAnEndLeadsToItsCell) {
    const PlainMeasure measure;
    const Trace trace = small_tree();
    const Figure figure = view("tree").layout(trace, tree_state(600, 300), measure);
    for (const FigureItem& item : figure.items) {
        const auto* text = std::get_if<TextItem>(&item);
        if (text == nullptr || text->text != "−0.7") continue;
        const std::optional<Hit> hit = figure.hit({text->at.x + 4, text->at.y});
        ASSERT_TRUE(hit.has_value());
        EXPECT_EQ(hit->ref, (CellRef{"beam.score", {1, 1}}));
        return;
    }
    FAIL() << "no end is drawn";
}

TEST(TreeView, ThirtyStepsOfTenHypothesesFitWithoutLabelsOverLabels) {
    const PlainMeasure measure;
    const Trace trace = large_tree(30, 10);
    for (const auto& [w, h] : {std::pair{1000.0, 420.0}, {1600.0, 900.0}, {480.0, 180.0}}) {
        const Figure figure = view("tree").layout(trace, tree_state(w, h), measure);
        std::vector<Box> boxes;
        for (const FigureItem& item : figure.items) {
            if (const auto* curve = std::get_if<CurveItem>(&item)) {
                EXPECT_GE(curve->to.x, curve->from.x) << w;
                EXPECT_GE(std::min(curve->from.y, curve->to.y), -0.5);
                EXPECT_LE(std::max(curve->from.y, curve->to.y), h + 0.5);
            }
            const auto* text = std::get_if<TextItem>(&item);
            if (text == nullptr) continue;
            const Point start = text_start(*text, measure);
            const Box box{text->at.x + start.x, text->at.y + start.y - 0.72 * text->size,
                          measure.width(text->text, text->size, text->font), 0.8 * text->size};
            EXPECT_GE(box.x, -0.5);
            EXPECT_LE(box.right(), w + 0.5) << text->text;
            for (const Box& other : boxes)
                EXPECT_FALSE(box.x + 0.5 < other.right() && other.x + 0.5 < box.right() && box.y + 0.5 < other.bottom() &&
                             other.y + 0.5 < box.bottom())
                    << text->text << " at " << w << " x " << h;
            boxes.push_back(box);
        }
        if (w > 900) {
            EXPECT_GT(boxes.size(), 10u);
        }
    }
}

}  // namespace
}  // namespace saccade::tree_test
