#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include "io/atomic_file.hpp"
#include "ui/controller.hpp"
#include "unit/scratch.hpp"

namespace saccade::hand_test {
namespace {

constexpr float hidden = -std::numeric_limits<float>::infinity();

/// The hand over the real engine, no window: an exhibit with a mask (alignment within a window) and one untouched run beside.
class HandTest : public testing::Test {
 protected:
    HandTest() : act_(state_, runner_, second_runner_, {&untouched_, &second_untouched_}) {
        act_.choose_exhibit("alignment");
        settle();
    }
    void settle() {
        while (act_.files().opening() || state_.document.running() || runner_.busy() || second_runner_.busy() ||
               untouched_.busy() || second_untouched_.busy()) {
            act_.poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        for (int frame = 0; frame < 2; ++frame) act_.poll();
    }
    void set(const std::string& name, ParamValue value) {
        act_.inputs().set_param(name, std::move(value));
        state_.history.coalescing.clear();
        settle();
    }
    const Tensor<float>& values(const char* tensor) const { return state_.document.trace()->tensor(tensor).values; }
    const std::vector<Intervention>& list() const { return state_.document.side().request.interventions; }
    float row_sum(Index i) const {
        float sum = 0;
        for (const float w : values("weights").row(i).values()) sum += w;
        return sum;
    }

    AppState state_;
    Runner runner_, second_runner_, untouched_, second_untouched_;
    Controller act_;
};

TEST_F(HandTest, ABlockIsAblatedAndComesBack) {
    const CellRef block = block_around(state_.document.trace()->tensor("weights"), {"weights", {3, 2}});
    EXPECT_EQ(act_.hand().factor_of(block), 1);
    act_.hand().toggle_ablation(block);
    settle();
    ASSERT_EQ(list().size(), 1u);
    EXPECT_EQ(to_string(list()[0]), "weights[3,:]*=0");
    EXPECT_FLOAT_EQ(row_sum(3), 0);
    EXPECT_NEAR(row_sum(2), 1, 1e-5);
    act_.hand().toggle_intervention(0);
    settle();
    EXPECT_NEAR(row_sum(3), 1, 1e-5);
    act_.undo();
    settle();
    EXPECT_FLOAT_EQ(row_sum(3), 0);
    act_.hand().toggle_ablation(block);
    settle();
    EXPECT_TRUE(list().empty());
    act_.undo();
    act_.undo();
    settle();
    EXPECT_TRUE(list().empty());
    EXPECT_NEAR(row_sum(3), 1, 1e-5);
}

TEST_F(HandTest, ASliderIsOneInterventionAndOneUndoEntry) {
    const CellRef block{"context", {2, -1}};
    const std::size_t entries = state_.history.undo.size();
    for (const double factor : {0.9, 0.7, 0.5, 1.4}) act_.hand().scale_block(block, factor);
    settle();
    ASSERT_EQ(list().size(), 1u);
    EXPECT_FLOAT_EQ(list()[0].value, 1.4f);
    EXPECT_EQ(state_.history.undo.size(), entries + 1);
    const TraceTensor& context = state_.document.trace()->tensor("context");
    EXPECT_FLOAT_EQ(context.values.at({2, 0}), 1.4f * context.before.at({2, 0}));
    act_.hand().scale_block(block, 1);
    EXPECT_TRUE(list().empty());
}

TEST_F(HandTest, TheEffectIsToldAgainstTheUntouchedRunOfTheSameText) {
    EXPECT_EQ(act_.runs().untouched(), nullptr) << "nothing was changed";
    act_.stage().set_step(0);
    act_.hand().toggle_ablation({"context", {-1, -1}});
    settle();
    ASSERT_NE(act_.runs().untouched(), nullptr);
    const auto changes = act_.hand().probability_changes();
    ASSERT_FALSE(changes.empty());
    EXPECT_GT(std::abs(changes[0].after - changes[0].before), 1e-3f);
    // Another text: the run without interventions is made beside.
    set("source", std::string("1 May 1987"));
    ASSERT_NE(act_.runs().untouched(), nullptr);
    EXPECT_EQ(act_.runs().untouched()->texts().at("output"), "1987-05-01");
    EXPECT_TRUE(act_.runs().untouched()->tensor("context").before.empty());
}

TEST_F(HandTest, WhatIsShownSaysWhatItWasWithoutTheChange) {
    const auto has = [&](const char* name) { return state_.document.trace()->find(name) != nullptr; };
    const auto says = [&] { return state_.document.trace()->texts().count("output.untouched") > 0; };
    EXPECT_FALSE(has("probabilities.untouched") || says()) << "nothing was changed";
    const Tensor<float> before = values("probabilities").clone();
    const std::string wrote = state_.document.trace()->texts().at("output");
    act_.hand().toggle_ablation({"context", {-1, -1}});
    settle();
    ASSERT_TRUE(has("probabilities.untouched"));
    EXPECT_EQ(values("probabilities.untouched").at({0, 3}), before.at({0, 3}));
    ASSERT_NE(state_.document.trace()->texts().at("output"), wrote);
    EXPECT_EQ(state_.document.trace()->texts().at("output.untouched"), wrote);
    // Switched off, nothing is changed; and the text of another input is that of the run without hands on it.
    act_.hand().toggle_intervention(0);
    settle();
    EXPECT_FALSE(has("probabilities.untouched") || says());
    act_.hand().toggle_intervention(0);
    set("source", std::string("1 May 1987"));
    EXPECT_EQ(state_.document.trace()->texts().at("output.untouched"), "1987-05-01");
}

TEST_F(HandTest, AnEditOfATokenThatIsGoneIsSetAsideAndComesBackWithIt) {
    act_.hand().set_weight({"weights", {3, 5}}, 0.75);
    settle();
    EXPECT_TRUE(act_.hand().set_aside().empty());
    // More text after the named token: it is still the same one.
    set("source", std::string("Mon, 30 Sep 2019 "));
    EXPECT_TRUE(list()[0].enabled);
    set("source", std::string("二〇一九年九月三十日"));
    ASSERT_EQ(list().size(), 1u);
    EXPECT_FALSE(list()[0].enabled) << "it changes another character";
    EXPECT_TRUE(values("weights").shape()[1] > 5 && state_.document.trace()->tensor("weights").before.empty());
    ASSERT_EQ(act_.hand().set_aside().size(), 1u);
    EXPECT_NE(act_.hand().set_aside()[0].find("→ 0.75"), std::string::npos) << act_.hand().set_aside()[0];
    // The text comes back by hand, and with it the edit; so it does by undo.
    set("source", std::string("Mon, 30 Sep 2019 "));
    EXPECT_TRUE(list()[0].enabled);
    EXPECT_NEAR(values("weights").at({3, 5}), 0.75f, 1e-6f);
    EXPECT_TRUE(act_.hand().set_aside().empty());
    set("source", std::string("1 May 2020"));
    EXPECT_FALSE(list()[0].enabled);
    act_.undo();
    settle();
    EXPECT_TRUE(list()[0].enabled);
    act_.redo();
    settle();
    EXPECT_FALSE(list()[0].enabled);
    EXPECT_EQ(act_.hand().set_aside().size(), 1u) << "redone, it must be said again";
}

TEST_F(HandTest, WhatWasSetAsideCanBeAppliedToTheNewText) {
    act_.hand().set_weight({"weights", {3, 5}}, 0.75);
    settle();
    set("source", std::string("1 May 2020"));
    ASSERT_FALSE(list()[0].enabled);
    act_.hand().apply_set_aside();
    settle();
    EXPECT_TRUE(list()[0].enabled);
    EXPECT_TRUE(act_.hand().set_aside().empty());
    EXPECT_NEAR(values("weights").at({3, 5}), 0.75f, 1e-6f);
    act_.undo();
    settle();
    EXPECT_FALSE(list()[0].enabled);
    EXPECT_EQ(act_.hand().set_aside().size(), 1u);
    // By its box it is the same; and one that a person switched off stays off when its text comes back.
    act_.hand().toggle_intervention(0);
    settle();
    EXPECT_TRUE(list()[0].enabled);
    act_.hand().toggle_intervention(0);
    settle();
    set("source", std::string("Mon, 30 Sep 2019"));
    EXPECT_FALSE(list()[0].enabled);
}

TEST_F(HandTest, OnlyWhatNamesTokensIsSetAside) {
    act_.hand().toggle_ablation({"context", {-1, -1}});
    act_.hand().freeze({"weights", {}});
    settle();
    set("source", std::string("1 May 2020"));
    for (const Intervention& i : list()) EXPECT_TRUE(i.enabled) << to_string(i);
    act_.hand().clear_interventions();
    settle();
    // A row and a drawn mask name tokens as a cell does.
    act_.hand().toggle_ablation({"weights", {8, -1}});
    settle();
    set("source", std::string("Mon, 30 Sep 2019"));
    EXPECT_FALSE(list()[0].enabled);
}

TEST_F(HandTest, AChangedSettingMovesNoEditAside) {
    act_.hand().set_weight({"weights", {0, 0}}, 1);  // the output after it may be another
    settle();
    set("temperature", 3.0);
    EXPECT_TRUE(list()[0].enabled);
    act_.files().save_session_to(test::scratch_path("anchors.json"));
    set("source", std::string("1 May 2020"));
    EXPECT_FALSE(list()[0].enabled);
    act_.files().open(test::scratch_path("anchors.json"));
    settle();
    EXPECT_TRUE(list()[0].enabled) << "the session's own text";
    std::filesystem::remove(test::scratch_path("anchors.json"));
}

TEST_F(HandTest, OfNothingNothingIsTakenAway) {
    const Tensor<float>& w = values("weights");
    CellRef least{"weights", {0, 0}}, most{"weights", {0, 0}};
    for (Index j = 0; j < w.shape()[1]; ++j) {
        if (w.at({0, j}) < w.at(least.index)) least.index[1] = j;
        if (w.at({0, j}) > w.at(most.index)) most.index[1] = j;
    }
    ASSERT_LT(w.at(least.index), 5e-4f);
    const std::size_t entries = state_.history.undo.size();
    act_.stage().select(least);
    act_.hand().nudge_selected(-0.05);
    EXPECT_TRUE(list().empty());
    ASSERT_TRUE(state_.banner.has_value());
    EXPECT_NE(state_.banner->text.find("nothing to take away"), std::string::npos) << state_.banner->text;
    act_.hand().begin_weight_drag(least, 500, 160);
    act_.hand().drag_weight(600);
    act_.hand().end_weight_drag();
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(state_.history.undo.size(), entries);
    act_.hand().nudge_selected(0.05);
    EXPECT_EQ(list().size(), 1u);
    settle();
}

TEST_F(HandTest, AFrozenPatternStaysWhileTheTextChangesAndInTheSession) {
    const Tensor<float> kept = values("weights").clone();
    act_.hand().freeze({"weights", {}});
    settle();
    for (Index i = 0; i < kept.size(); ++i) EXPECT_EQ(values("weights").data()[i], kept.data()[i]);
    set("source", std::string("Mon, 30 Sep 2017"));  // as long as it was
    for (Index j = 0; j < kept.shape()[1]; ++j) EXPECT_EQ(values("weights").at({2, j}), kept.at({2, j}));
    set("source", std::string("30 Sep 2017"));
    for (Index i = 0; i < values("weights").shape()[0]; ++i) EXPECT_NEAR(row_sum(i), 1, 1e-5);
    bool said = false;
    for (const Note& note : state_.document.trace()->notes()) said = said || note.text.find("are frozen") != std::string::npos;
    EXPECT_TRUE(said);
    const std::string path = test::scratch_path("frozen.json");
    act_.files().save_session_to(path);
    const std::vector<Intervention> saved = list();
    act_.hand().clear_interventions();
    settle();
    act_.files().open(path);
    settle();
    std::filesystem::remove(path);
    EXPECT_EQ(list(), saved);
}

TEST_F(HandTest, ARowOfTheOtherSideIsTakenOver) {
    act_.comparison().toggle();
    settle();
    set("score", std::string("dot"));
    const Tensor<float> a = state_.document.sides[0].trace()->tensor("weights").values;
    act_.hand().patch_from_other({"weights", {1, -1}});
    settle();
    ASSERT_EQ(list().size(), 1u);
    EXPECT_EQ(list()[0].origin, "A");
    for (Index j = 0; j < a.shape()[1]; ++j) EXPECT_EQ(values("weights").at({1, j}), a.at({1, j}));
    EXPECT_TRUE(state_.document.sides[0].request.interventions.empty());
    act_.undo();
    settle();
    EXPECT_TRUE(list().empty());
}

TEST_F(HandTest, AMaskIsDrawnInAStrokeAndTakenBack) {
    set("alignment", std::string("local_m"));
    ASSERT_NE(state_.document.trace()->find("mask"), nullptr);
    const std::size_t entries = state_.history.undo.size();
    Index visible = 0;
    while (values("mask").at({2, visible}) != 0) ++visible;
    act_.hand().toggle_mask_drawing();
    act_.hand().begin_mask_stroke({"weights", {2, visible}});
    act_.hand().extend_mask_stroke({"weights", {2, visible}});
    act_.hand().extend_mask_stroke({"weights", {3, visible}});
    act_.hand().end_mask_stroke();
    act_.hand().extend_mask_stroke({"weights", {4, visible}});
    settle();
    EXPECT_EQ(list().size(), 2u);
    EXPECT_EQ(state_.history.undo.size(), entries + 1);
    EXPECT_EQ(values("mask").at({2, visible}), hidden);
    EXPECT_EQ(values("weights").at({2, visible}), 0);
    EXPECT_NEAR(row_sum(2), 1, 1e-5);
    EXPECT_EQ(groups_of(list(), state_.document.trace()).size(), 1u);
    act_.hand().begin_mask_stroke({"mask", {2, visible}});
    act_.hand().end_mask_stroke();
    settle();
    EXPECT_EQ(list().size(), 1u) << "drawn back: as the model has it";
    EXPECT_EQ(values("mask").at({2, visible}), 0);
    act_.undo();
    act_.undo();
    settle();
    EXPECT_TRUE(list().empty());
}

TEST_F(HandTest, ATokenWithoutAnyKeyReadsNothingAndIsNoted) {
    set("alignment", std::string("local_m"));
    const Index keys = values("mask").shape()[1];
    act_.hand().toggle_mask_drawing();
    for (Index j = 0; j < keys; ++j) {
        if (values("mask").at({3, j}) == hidden) continue;
        act_.hand().begin_mask_stroke({"mask", {3, j}});
        act_.hand().end_mask_stroke();
        settle();
    }
    ASSERT_FALSE(state_.document.side().problem.has_value());
    EXPECT_FLOAT_EQ(row_sum(3), 0);
    for (const TraceTensor& tensor : state_.document.trace()->tensors())
        for (const float v : tensor.values.values()) ASSERT_FALSE(std::isnan(v)) << tensor.info.name;
    bool said = false;
    for (const Note& note : state_.document.trace()->notes())
        said = said || note.text.find("may attend to nothing") != std::string::npos;
    EXPECT_TRUE(said);
}

TEST_F(HandTest, WhereThereIsNoMaskNothingIsDrawn) {
    ASSERT_EQ(state_.document.trace()->find("mask"), nullptr);
    act_.hand().toggle_mask_drawing();
    act_.hand().begin_mask_stroke({"weights", {2, 1}});
    EXPECT_FALSE(state_.document.hand.mask.stroke);
    EXPECT_TRUE(list().empty());
    act_.hand().toggle_ablation({"weights", {0, -1}});
    EXPECT_NE(act_.hand().command_line_text().find("--intervene 'weights[0,:]*=0'"), std::string::npos);
}

}  // namespace
}  // namespace saccade::hand_test
