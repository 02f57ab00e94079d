#include "model/sequence_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/core/testing.hpp"

namespace saccade::sequence_text_test {
namespace {

using nlohmann::json;
using test::contains;
using test::error_of;
using Texts = std::vector<std::string>;

json dates_card() {
    return {{"vocabulary", {{"source", {"<pad>", "<unk>", "3", "年", " "}}, {"target", {"0", "1", "-", "<end>", "<start>"}}}}};
}

json subword_card() {
    return {{"vocabulary",
             {{"source", {"<pad>", "<unk>", "我", "爱", "1"}},
              {"target", {"<unk>", "▁i", "▁lo", "ve", "v", ".", "e", "<end>", "<start>"}}}},
            {"merges", {"v e", "▁l o"}}};
}

TEST(SequenceText, characters_of_dates) {
    const SequenceText text(dates_card(), "dates.json");
    EXPECT_FALSE(text.subwords());
    const auto source = text.read("3年x 年x");
    EXPECT_EQ(source.ids, (Ids{2, 3, 1, 4, 3, 1}));
    EXPECT_EQ(source.tokens, (Texts{"3", "年", "x", " ", "年", "x"}));
    EXPECT_EQ(source.unseen, Texts{"x"});
    EXPECT_EQ(text.target("10-1"), (Ids{1, 0, 2, 1}));
    EXPECT_EQ(text.write({1, 0, 2, 1, 3, 0}), "10-1") << "up to <end>";
    EXPECT_EQ(text.write({}), "");
    EXPECT_EQ(text.target_labels(), (Texts{"0", "1", "-", "<end>", "<start>"}));
    const std::string line = error_of(ErrorCode::invalid_input, [&] { text.target("10/1"); });
    EXPECT_TRUE(contains(line, "'/'") && contains(line, "01-")) << line;
    EXPECT_TRUE(text.read("").ids.empty());
}

TEST(SequenceText, full_width_digits_stay_as_typed_and_are_read_as_digits) {
    for (const json& card : {dates_card(), subword_card()}) {
        const auto source = SequenceText(card, "f").read(card == dates_card() ? "３" : " １");
        EXPECT_EQ(source.tokens, (card == dates_card() ? Texts{"３"} : Texts{"１"}));
        EXPECT_EQ(source.read, (card == dates_card() ? Texts{"3"} : Texts{"1"}));
        EXPECT_TRUE(source.unseen.empty());
    }
    EXPECT_EQ(SequenceText(dates_card(), "f").target("１０－１").size(), 4u);
}

TEST(SequenceText, what_is_not_to_be_seen_is_no_token) {
    const auto source = SequenceText(dates_card(), "f").read("\ufeff3\u200b年");
    EXPECT_EQ(source.ids, (Ids{2, 3}));
    EXPECT_EQ(source.dropped.size(), 2u);
    EXPECT_TRUE(source.unseen.empty());
    const auto target = SequenceText(subword_card(), "f").read_target("I lo\u00adve. x");
    EXPECT_EQ(target.ids, (Ids{1, 2, 3, 5, 0}));
    EXPECT_EQ(target.unseen, Texts{"x"}) << "what becomes <unk> is said";
    EXPECT_EQ(target.dropped, Texts{"U+00AD soft hyphen"});
}

TEST(SequenceText, subwords) {
    const SequenceText text(subword_card(), "zh.json");
    EXPECT_TRUE(text.subwords());
    EXPECT_EQ(text.read("我爱你").ids, (Ids{2, 3, 1}));
    EXPECT_EQ(text.target("I love."), (Ids{1, 2, 3, 5}));
    EXPECT_EQ(text.write({1, 2, 3, 5, 7, 1}), "i love.");
    EXPECT_EQ(text.target("I hate"), (Ids{1, 0, 0, 0, 6})) << "what it does not have is <unk>";
    EXPECT_EQ(text.target_labels(), (Texts{"<unk>", "i", "lo", "·ve", "·v", ".", "·e", "<end>", "<start>"}));
}

TEST(SequenceText, traditional_characters_are_read_as_simplified_ones) {
    json card = subword_card();
    card["simplified"] = {{"from", "國愛"}, {"to", "国爱"}};
    const SequenceText text(card, "zh.json");
    const auto source = text.read("我愛愛爱國");
    EXPECT_EQ(source.ids, (Ids{2, 3, 3, 3, 1}));
    EXPECT_EQ(source.tokens, (Texts{"我", "愛", "愛", "爱", "國"})) << "as typed";
    EXPECT_EQ(source.mapped, Texts{"愛 as 爱"});
    EXPECT_EQ(source.unseen, Texts{"國"}) << "国 is not in the vocabulary either";
    json again;
    text.into_card(again);
    EXPECT_EQ(again, card);
    for (const json& bad : {json("愛"), json{{"from", "愛國"}, {"to", "爱"}}, json{{"from", 1}, {"to", 2}}, json::object()}) {
        card["simplified"] = bad;
        EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { SequenceText(card, "zh.json"); }), "simplified"));
    }
}

TEST(SequenceText, survives_its_card) {
    for (const json& card : {dates_card(), subword_card()}) {
        json again = json::object();
        const SequenceText text(card, "f");
        text.into_card(again);
        EXPECT_EQ(again, card);
    }
}

TEST(SequenceText, bad_cards_are_refused_with_the_reason) {
    const auto refused = [](const std::function<void(json&)>& change) {
        json card = subword_card();
        change(card);
        const std::string line = error_of(ErrorCode::bad_format, [&] { SequenceText(card, "f.json"); });
        EXPECT_TRUE(contains(line, "f.json")) << line;
        return line;
    };
    EXPECT_TRUE(contains(refused([](json& c) { c["merges"] = "v e"; }), "merges"));
    for (const json& merge : {json("ve"), json(" e"), json("v "), json(3), json::array({"v", "e"})})
        EXPECT_TRUE(contains(refused([&](json& c) { c["merges"] = json::array({merge}); }), "merges"));
    EXPECT_TRUE(contains(refused([](json& c) { c.erase("vocabulary"); }), "vocabulary"));
    EXPECT_TRUE(contains(refused([](json& c) { c["vocabulary"]["source"] = {"<pad>"}; }), "<unk>"));
    EXPECT_TRUE(contains(refused([](json& c) { c["vocabulary"]["target"] = {"a", "<start>", "<end>"}; }), "<end>"));
    EXPECT_TRUE(contains(refused([](json& c) { c["vocabulary"]["target"] = {"a", 1, "<end>", "<start>"}; }), "not text"));
    refused([](json& c) { c = json::array(); });
}

}  // namespace
}  // namespace saccade::sequence_text_test
