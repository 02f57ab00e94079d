#include "ui/palette.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/utf8.hpp"
#include "ui/controller.hpp"
#include "ui/palette_match.hpp"

namespace saccade::palette_test {
namespace {

double score(const std::string& query, const std::string& text) {
    return match_score(query, text).value_or(-1e9);
}

bool is_han(char32_t c) {
    return c >= 0x3400 && c <= 0x9fff;
}

TEST(PaletteMatch, BeginningsOfWordsComeFirst) {
    EXPECT_GT(score("at", "Attention weights"), score("at", "Saturation"));
    EXPECT_GT(score("gtb", "Go to Bottleneck"), score("gtb", "Light background: to be"));
    EXPECT_GT(score("mask", "Causal mask"), score("mask", "Unmasked")) << "a word of it";
    EXPECT_GT(score("mask", "Mask"), score("mask", "Mask it, and more")) << "all of it";
    EXPECT_GT(score("self", "Self-attention"), score("self", "Shape of the leaf")) << "letters that stand together";
}

TEST(PaletteMatch, EveryWordMustBeThereInAnyOrderAndCase) {
    EXPECT_TRUE(match_score("causal MASK", "Mask: causal"));
    EXPECT_FALSE(match_score("causal beam", "Mask: causal"));
    EXPECT_TRUE(match_score("trnsfrmr", "Transformer"));
    EXPECT_FALSE(match_score("remrof", "Transformer")) << "in order";
    EXPECT_EQ(match_score("", "anything"), 0);
    EXPECT_EQ(match_score("  ", "anything"), 0);
    EXPECT_FALSE(match_score("x", ""));
}

TEST(PaletteMatch, ChineseIsFoundByItselfAndByPinyin) {
    EXPECT_TRUE(match_score("对齐", "作为对齐的注意力"));
    EXPECT_TRUE(match_score("zwdq", "作为对齐的注意力"));
    EXPECT_GT(score("dqdzyl", "作为对齐的注意力"), score("dqdzyl", "Dequeue drizzly"));
    EXPECT_TRUE(match_score("cf", "重复"));
    EXPECT_TRUE(match_score("zhongfu", "重复")) << "the other reading";
    EXPECT_TRUE(match_score("duiqi", "作为对齐的注意力"));
    EXPECT_TRUE(match_score("zuoweiduiqi", "作为对齐的注意力"));
    EXPECT_TRUE(match_score("dui zhuyi", "作为对齐的注意力"));
    EXPECT_TRUE(match_score("duiq", "作为对齐的注意力")) << "a part of a syllable";
    EXPECT_GT(score("duiqi", "作为对齐的注意力"), score("duiqi", "Quite during queues"));
    EXPECT_FALSE(match_score("duihao", "作为对齐的注意力"));
    EXPECT_FALSE(match_score("qqqq", "作为对齐的注意力"));
    EXPECT_EQ(pinyin(U'重').size(), 2u) << "zhong and chong";
    EXPECT_EQ(pinyin(U'绿').front().front(), 'l');
    EXPECT_TRUE(pinyin(U'龘').empty());
}

TEST(PaletteMatch, EveryCharacterOfOurTitlesAndExamplesHasAReading) {
    std::size_t characters = 0;
    const auto look_at = [&](const std::string& text, const std::string& where) {
        for (const char32_t c : decode_utf8(text)) {
            if (!is_han(c)) continue;
            ++characters;
            EXPECT_FALSE(pinyin(c).empty()) << encode_utf8(c) << " in " << where;
        }
    };
    for (const Exhibit& e : exhibits()) {
        look_at(e.title + e.lesson.title_chinese, e.id);
        for (const ParamSpec& spec : e.params) {
            look_at(spec.title, e.id + " " + spec.name);
            for (const std::string& title : spec.choice_titles) look_at(title, e.id + " " + spec.name);
            for (const std::string& example : spec.examples) look_at(example, e.id + " " + spec.name);
        }
    }
    EXPECT_GT(characters, 200u);
}

/// Over the real engine, no window.
class PaletteTest : public testing::Test {
 protected:
    PaletteTest() : act_(state_, runner_, second_runner_) { go_to("alignment"); }
    void go_to(const std::string& id) {
        act_.choose_exhibit(id);
        settle();
    }
    void settle() {
        while (act_.files().opening() || state_.document.running() || runner_.busy()) {
            act_.poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        act_.poll();
    }
    /// The best that is found; does it, too.
    PaletteEntry best(const std::string& query) {
        const auto found = palette_found(state_, act_, query);
        if (found.empty()) {
            ADD_FAILURE() << "nothing is found for " << query;
            return {};
        }
        found.front().run(state_, act_);
        settle();
        return found.front();
    }
    const RunRequest& request() const { return state_.document.side().request; }

    AppState state_;
    Runner runner_, second_runner_;
    Controller act_;
};

TEST_F(PaletteTest, ExhibitsByTheirNames) {
    for (const Exhibit& e : exhibits()) {
        EXPECT_EQ(palette_found(state_, act_, "go to " + e.title).front().title, "Go to " + e.title);
        const auto found = palette_found(state_, act_, e.title);
        const auto at = std::ranges::find(found, "Go to " + e.title, &PaletteEntry::title);
        EXPECT_EQ(at - found.begin(), 0) << e.title;
    }
    EXPECT_EQ(best("bottleneck").kind, "exhibit");
    EXPECT_EQ(request().exhibit, "bottleneck");
}

TEST_F(PaletteTest, LessonsInBothLanguagesAndByPinyin) {
    for (const char* query : {"attention as alignment", "作为对齐", "zwdqdzyl"}) {
        state_.view.lesson = false;
        const PaletteEntry entry = palette_found(state_, act_, query).front();
        EXPECT_EQ(entry.kind, "lesson") << query << ": " << entry.title;
        EXPECT_EQ(entry.title, "Attention as alignment · 作为对齐的注意力") << query;
    }
    EXPECT_EQ(best("读的是集合").kind, "lesson");
    EXPECT_EQ(request().exhibit, "permutation");
    EXPECT_TRUE(state_.view.lesson);
}

TEST_F(PaletteTest, SettingsAndTheirValues) {
    EXPECT_EQ(best("score dot").title, "Score: Dot");
    EXPECT_EQ(request().params.text("score"), "dot");
    EXPECT_EQ(best("beam 5").title, "Beam: 5");
    EXPECT_EQ(request().params.integer("beam"), 5);
    EXPECT_EQ(state_.history.undo.size(), 2u) << "each is an edit of its own";
    EXPECT_EQ(best("temperature").kind, "setting");
    EXPECT_EQ(state_.reveal.place, "temperature");
    EXPECT_TRUE(state_.settings_more);
    for (const PaletteEntry& entry : palette_found(state_, act_, "beam 99999"))
        EXPECT_NE(entry.title.substr(0, 5), "Beam:") << "out of its range";
}

TEST_F(PaletteTest, AblationByWhatPeopleCallIt) {
    act_.stage().select({"weights", {3, 2}});
    const auto is_found = [&](const std::string& query) {
        const auto found = palette_found(state_, act_, query);
        return !found.empty() && found.front().title.starts_with("Ablate");
    };
    for (const char* query : {"ablate", "switch off", "silence"}) EXPECT_TRUE(is_found(query)) << query;
    act_.set_language("zh");
    for (const char* query : {"ablate", "switch off", "消融", "关闭", "xiaorong", "guanbi"})
        EXPECT_TRUE(is_found(query)) << query;
    act_.set_language("en");
    best("ablate");
    ASSERT_EQ(request().interventions.size(), 1u);
    EXPECT_EQ(request().interventions[0].value, 0);
    best("ablate");
    EXPECT_TRUE(request().interventions.empty());
}

TEST_F(PaletteTest, ModelsOfAnyExhibitAndExamplesOfThisOne) {
    EXPECT_EQ(best("transformer lists of dates").kind, "model");
    EXPECT_EQ(request().exhibit, "transformer");
    EXPECT_EQ(request().params.text("model"), "dates");
    EXPECT_EQ(best("hcjddbj").kind, "example");  // 火车几点到北京？
    EXPECT_EQ(request().params.text("source"), "火车几点到北京？");
}

TEST_F(PaletteTest, TokensOfTheText) {
    go_to("transformer");
    const auto found = palette_found(state_, act_, "morning");
    const auto token = std::ranges::find(found, std::string("token"), &PaletteEntry::kind);
    ASSERT_NE(token, found.end());
    EXPECT_NE(token->title.find("“morning” · output "), std::string::npos) << token->title;
    token->run(state_, act_);
    const Trace& trace = *state_.document.trace();
    const auto at = state_.document.stage.selected.on(trace.axis("output"));
    ASSERT_TRUE(at || !state_.document.stage.selected.empty());
    const auto marks = state_.document.stage.selected.marks;
    EXPECT_TRUE(
        std::ranges::any_of(marks, [&](const auto& mark) { return trace.axis(mark.first)->label(mark.second) == "morning"; }));
    const auto in_source = palette_found(state_, act_, "床");
    EXPECT_TRUE(std::ranges::any_of(in_source, [](const PaletteEntry& e) { return e.kind == "token"; }));
}

TEST_F(PaletteTest, RecentFilesByNameAndFolder) {
    state_.recent = {{"checkpoint", "/home/me/models/gpt2-tuned"}};
    EXPECT_EQ(palette_found(state_, act_, "gpt2-t").front().kind, "recent");
    EXPECT_TRUE(std::ranges::any_of(palette_found(state_, act_, "me/models"),
                                    [](const PaletteEntry& e) { return e.kind == "recent"; }));
}

TEST_F(PaletteTest, AnEmptyQueryShowsAllButTokensAndNonsenseNothing) {
    const auto all = palette_found(state_, act_, " ");
    EXPECT_GT(all.size(), exhibits().size() * 2);
    EXPECT_TRUE(std::ranges::none_of(all, [](const PaletteEntry& e) { return e.kind == "token"; }));
    for (const PaletteEntry& entry : all) {
        EXPECT_TRUE(entry.run) << entry.title;
        EXPECT_NE(entry.title, "");
        EXPECT_NE(entry.kind, "");
    }
    EXPECT_TRUE(palette_found(state_, act_, "zzxqzzkqj").empty());
}

}  // namespace
}  // namespace saccade::palette_test
