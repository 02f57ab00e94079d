#include "ui/history.hpp"

#include <fmt/format.h>

#include "unit/gui/controller_fixture.hpp"

namespace saccade::history_test {
namespace {

/// One history over all exhibits.
class HistoryTest : public ControllerTest {
 protected:
    std::vector<std::string> names() {
        std::vector<std::string> all;
        for (const History::Step& step : steps()) all.push_back(step.exhibit + ": " + step.what);
        return all;
    }
    std::vector<History::Step> steps() { return act_.history().steps(); }
    const std::string& open_exhibit() const { return state_.document.sides[0].request.exhibit; }
    const std::string& source() const { return state_.document.side().request.params.text("source"); }
};

TEST_F(HistoryTest, UndoGoesToTheExhibitOfTheLastChange) {
    const std::string first = source();
    set_source("1 May 2020");
    act_.choose_exhibit("transformer");
    settle();
    const std::string sentence = source();
    set_source("我爱中国。");
    act_.choose_exhibit("memory");
    settle();
    act_.undo();
    settle();
    EXPECT_EQ(open_exhibit(), "transformer");
    EXPECT_EQ(source(), sentence);
    ASSERT_TRUE(state_.banner.has_value());
    EXPECT_NE(state_.banner->text.find("Source"), std::string::npos) << state_.banner->text;
    act_.undo();
    settle();
    EXPECT_EQ(open_exhibit(), "alignment");
    EXPECT_EQ(source(), first);
    act_.choose_exhibit("memory");  // to look about is no change: the way forward stays
    act_.redo();
    settle();
    EXPECT_EQ(open_exhibit(), "alignment");
    EXPECT_EQ(source(), "1 May 2020");
    act_.redo();
    settle();
    EXPECT_EQ(open_exhibit(), "transformer");
    EXPECT_EQ(source(), "我爱中国。");
    act_.redo();
    EXPECT_EQ(state_.banner->text, "Nothing to redo");
}

TEST_F(HistoryTest, AChangeInAnotherExhibitEndsTheWayForward) {
    set_source("1 May 2020");
    act_.undo();
    settle();
    ASSERT_EQ(state_.history.redo.size(), 1u);
    act_.choose_exhibit("memory");
    act_.inputs().set_seed(3);
    EXPECT_TRUE(state_.history.redo.empty());
    settle();
}

TEST_F(HistoryTest, HowItIsShownIsAChangeLikeAnyOther) {
    act_.poll();
    state_.document.options.special = ViewOptions::Special::dim;  // as a panel does
    act_.poll();
    act_.history().pause();
    act_.cycle_scale();
    act_.poll();
    EXPECT_EQ(names(), (std::vector<std::string>{"alignment: Special tokens: dim", "alignment: Scale: √"}));
    act_.choose_exhibit("memory");
    settle();
    act_.undo();
    act_.poll();
    EXPECT_EQ(state_.view.scale, Normalization::Scale::linear);
    EXPECT_EQ(open_exhibit(), "alignment");
    EXPECT_EQ(state_.document.options.special, ViewOptions::Special::dim);
    act_.undo();
    act_.poll();
    EXPECT_EQ(state_.document.options, ViewOptions());
    EXPECT_TRUE(state_.history.undo.empty());
    ASSERT_EQ(state_.history.redo.size(), 2u);
    act_.redo();
    act_.redo();
    act_.poll();
    EXPECT_EQ(state_.view.scale, Normalization::Scale::sqrt);
    EXPECT_EQ(state_.document.options.special, ViewOptions::Special::dim);
    EXPECT_EQ(state_.history.undo.size(), 2u);
    settle();
}

TEST_F(HistoryTest, TheThemeIsNoChangeOfTheWork) {
    act_.toggle_theme();
    act_.set_ui_scale(1.5);
    act_.poll();
    EXPECT_TRUE(state_.history.undo.empty());
}

TEST_F(HistoryTest, EveryChangeIsNamedAndGoneBackTo) {
    set_source("1 May 2020");
    act_.inputs().set_param("beam", std::int64_t{5});
    settle();
    act_.history().remember("");
    act_.hand().set_weight({"weights", {3, 1}}, 0.9);
    settle();
    act_.choose_exhibit("memory");
    settle();
    act_.inputs().set_seed(3);
    settle();
    const std::vector<std::string> all = names();
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[0], "alignment: Source: “1 May 2020”");
    EXPECT_EQ(all[1], "alignment: Beam: 5");
    EXPECT_TRUE(all[2].starts_with("alignment: ") && all[2].ends_with("→ 0.90")) << all[2];
    EXPECT_EQ(all[3], "memory: Seed: 3");
    act_.go_back_to(steps()[0].made);
    settle();
    EXPECT_EQ(open_exhibit(), "alignment");
    EXPECT_EQ(source(), "1 May 2020");
    EXPECT_EQ(state_.document.side().request.params.integer("beam"), 1);
    EXPECT_TRUE(state_.document.side().request.interventions.empty());
    EXPECT_EQ(names().size(), 4u);
    EXPECT_FALSE(steps()[0].undone);
    EXPECT_TRUE(steps()[1].undone);
    act_.go_back_to(steps()[2].made);
    settle();
    EXPECT_EQ(state_.document.side().request.interventions.size(), 1u);
    act_.go_back_to(steps()[3].made);
    settle();
    EXPECT_EQ(open_exhibit(), "memory");
    EXPECT_EQ(state_.document.side().request.seed, 3u);
    act_.go_back_to(0);
    settle();
    EXPECT_TRUE(state_.history.undo.empty());
    EXPECT_EQ(steps().size(), 4u);
}

TEST_F(HistoryTest, WhatCameToNothingIsNotGoneBackTo) {
    set_source("1 May 2020");
    act_.history().remember("");  // a hand took hold and let go where it was
    EXPECT_EQ(steps().size(), 1u);
    act_.undo();
    settle();
    EXPECT_NE(source(), "1 May 2020");
    EXPECT_TRUE(state_.history.undo.empty());
}

TEST_F(HistoryTest, WhatNobodyCouldSeeIsNoStep) {
    set_source("1 May 2020");
    act_.history().remember("");  // what the side that is closed would do
    state_.document.sides[1].request.seed += 1;
    set_source("2 May 2020");
    EXPECT_EQ(steps().size(), 2u);
    act_.history().remember("");
    state_.document.sides[1].request.seed += 1;
    EXPECT_EQ(steps().size(), 2u);
    act_.undo();
    settle();
    EXPECT_EQ(source(), "1 May 2020");
    act_.redo();
    settle();
    EXPECT_EQ(source(), "2 May 2020");
    act_.go_back_to(1);
    settle();
    EXPECT_EQ(source(), "1 May 2020");
    ASSERT_EQ(steps().size(), 2u);
    act_.go_back_to(steps().back().made);
    settle();
    EXPECT_EQ(source(), "2 May 2020");
    act_.go_back_to(0);
    settle();
    EXPECT_NE(source(), "1 May 2020");
}

TEST_F(HistoryTest, BothSidesOfAComparisonAreNamed) {
    act_.comparison().toggle();
    settle();
    act_.inputs().set_param("score", std::string("dot"));
    set_source("1 May 2020");
    EXPECT_EQ(names(), (std::vector<std::string>{"alignment: A beside B", "alignment: B · Score: Dot",
                                                 "alignment: Source: “1 May 2020”"}));
}

TEST_F(HistoryTest, InterventionsAreNamedByWhatBecameOfThem) {
    const auto last = [&] { return steps().back().what; };
    act_.hand().toggle_ablation({"weights", {3, -1}});
    settle();
    EXPECT_TRUE(last().starts_with("ablate ")) << last();
    act_.hand().toggle_intervention(0, 1);
    settle();
    EXPECT_TRUE(last().starts_with("switched off: ablate ")) << last();
    act_.hand().toggle_intervention(0, 1);
    settle();
    EXPECT_TRUE(last().starts_with("on again: ablate ")) << last();
    act_.hand().clear_interventions();
    settle();
    EXPECT_TRUE(last().starts_with("removed: ablate ")) << last();
}

TEST_F(HistoryTest, EditsOfOneCellSayFromWhatToWhat) {
    const CellRef cell{"weights", {3, 1}};
    for (const double weight : {0.9, 0.4}) {
        act_.history().remember("");
        act_.hand().set_weight(cell, weight);
        settle();
    }
    ASSERT_EQ(steps().size(), 2u);
    EXPECT_TRUE(steps()[0].what.ends_with("→ 0.90")) << steps()[0].what;
    EXPECT_NE(steps()[1].what.find(" 0.90 → 0.40"), std::string::npos) << steps()[1].what;
    act_.choose_exhibit("memory");
    settle();
    Tensor<float> k = state_.document.side().request.params.matrix("k").clone();
    const float first = k.data()[1];
    for (const float value : {first + 1, first + 2}) {
        k = k.clone();
        k.data()[1] = value;
        act_.history().pause();
        act_.inputs().set_param("k", k);
        settle();
    }
    EXPECT_TRUE(steps().back().what.ends_with(fmt::format("1,2: {:.4g} → {:.4g}", first + 1, first + 2)))
        << steps().back().what;
}

TEST_F(HistoryTest, SwappingIsNamed) {
    act_.comparison().toggle();
    settle();
    act_.inputs().set_param("score", std::string("dot"));
    settle();
    act_.comparison().swap();
    settle();
    EXPECT_EQ(steps().back().what, "A and B swapped");
    act_.comparison().swap();
    settle();
    EXPECT_EQ(steps().back().what, "A and B swapped");
}

TEST_F(HistoryTest, UndoComesBackToTheSideThatWasWorkedOn) {
    act_.comparison().toggle();
    settle();
    ASSERT_EQ(state_.document.focus, 1u);
    act_.inputs().set_param("score", std::string("dot"));
    settle();
    act_.comparison().focus_on(0);
    act_.undo();
    settle();
    EXPECT_EQ(state_.document.focus, 1u);
    act_.comparison().focus_on(0);
    act_.redo();
    settle();
    EXPECT_EQ(state_.document.focus, 1u);
    act_.comparison().toggle();
    settle();
    ASSERT_EQ(state_.document.focus, 0u);
    act_.undo();
    settle();
    EXPECT_TRUE(state_.document.comparing);
    EXPECT_EQ(state_.document.focus, 1u);
    act_.undo();
    act_.undo();
    settle();
    EXPECT_FALSE(state_.document.comparing);
    EXPECT_EQ(state_.document.focus, 0u);
    act_.redo();
    settle();
    EXPECT_EQ(state_.document.focus, 1u);
}

TEST_F(HistoryTest, WhatWasUndoneElsewhereIsSaidUntilTheNextChange) {
    set_source("1 May 2020");
    act_.choose_exhibit("memory");
    settle();
    act_.undo();
    act_.poll();
    ASSERT_TRUE(state_.banner.has_value());
    act_.inputs().set_seed(3);
    act_.poll();
    EXPECT_FALSE(state_.banner.has_value()) << state_.banner->text;
    settle();
}

TEST_F(HistoryTest, WhatIsOpenedInAnExhibitThatWasNotOpenIsAChangeToo) {
    RunRequest opened;
    opened.exhibit = "transformer";
    opened.params.set("source", std::string("我爱中国。"));
    act_.open_request(opened, std::nullopt);
    EXPECT_FALSE(state_.document.edited);
    settle();
    ASSERT_EQ(steps().size(), 1u);
    EXPECT_EQ(names()[0], "transformer: Source: “我爱中国。”");
    act_.undo();
    settle();
    EXPECT_EQ(open_exhibit(), "transformer");
    EXPECT_NE(source(), "我爱中国。");
    act_.redo();
    settle();
    EXPECT_EQ(source(), "我爱中国。");
}

}  // namespace
}  // namespace saccade::history_test
