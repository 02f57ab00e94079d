#include "model/bpe.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace saccade::bpe_test {
namespace {

using Texts = std::vector<std::string>;
using Merges = std::vector<std::pair<std::string, std::string>>;

TEST(Pretokenize, words_digits_and_marks) {
    EXPECT_EQ(pretokenize("Tom's 3rd try: don't!"), (Texts{"▁tom's", "▁3", "rd", "▁try", ":", "▁don't", "!"}));
    EXPECT_EQ(pretokenize("\"Yes,\" he said."), (Texts{"▁\"", "yes", ",", "\"", "▁he", "▁said", "."}));
    EXPECT_EQ(pretokenize("1,234.5%"), (Texts{"▁1", ",", "234", ".", "5", "%"}));
    EXPECT_EQ(pretokenize("'tis o' clock'"), (Texts{"▁'", "tis", "▁o", "'", "▁clock", "'"}));
    EXPECT_EQ(pretokenize("..."), (Texts{"▁.", ".", "."}));
    EXPECT_EQ(pretokenize(""), Texts{});
    EXPECT_EQ(pretokenize(" \t\n "), Texts{});
}

TEST(Pretokenize, forms_of_one_text_are_one) {
    EXPECT_EQ(pretokenize("I’m “here”"), pretokenize("i'm \"HERE\""));
    EXPECT_EQ(pretokenize("ｆｕｌｌ　ｗｉｄｔｈ"), (Texts{"▁full", "▁width"}));  // NFKC
    EXPECT_EQ(pretokenize("cafe\u0301"), pretokenize("CAF\u00c9"));              // composed or not
    EXPECT_EQ(pretokenize("a\u00a0 b"), (Texts{"▁a", "▁b"}));
    EXPECT_EQ(pretokenize("a\xff b"), (Texts{"▁a", "\ufffd", "▁b"}));  // what is no UTF-8 is seen, not fatal
}

TEST(Pretokenize, joined_pieces_are_the_text) {
    for (const std::string text : {"don't stop, tom!", "it's 3.5% of 20.", "\"why?\" asked mary-ann.", "我爱 tom。"})
        EXPECT_EQ(join_pieces(pretokenize(text)), text);
    EXPECT_EQ(join_pieces({}), "");
    EXPECT_EQ(join_pieces({"a", "▁b", "c"}), "a bc");
}

TEST(NormalizeText, cuts_white_space_and_composes) {
    EXPECT_EQ(normalize_text("  \tａ b\r\n"), "a b");
    EXPECT_EQ(normalize_text("e\u0301"), "\u00e9");
    EXPECT_EQ(normalize_text(" \n"), "");
    EXPECT_EQ(normalize_text("\xc3"), "\ufffd");
}

/// Sennrich 2016, figure 1, in our notation: the first merges of low low low low low lower lower newest*6 widest*3.
TEST(Bpe, learns_the_most_frequent_pairs_first) {
    Texts texts;
    for (const auto& [word, count] : {std::pair{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}})
        for (int i = 0; i < count; ++i) texts.emplace_back(word);
    const Bpe bpe = Bpe::learn(texts, 4);
    // e s and s t occur 9 times each: the tie goes to the text that comes first. Then es t (9), and of the pairs that occur 7
    // times o w comes before its fellow.
    EXPECT_EQ(bpe.merges(), (Merges{{"e", "s"}, {"es", "t"}, {"o", "w"}, {"▁l", "ow"}}));
    EXPECT_EQ(bpe.encode("lowest"), (Texts{"▁low", "est"}));
}

const Texts sample = {"the cat sat on the mat.", "the dog sat on the log.", "that cat, that dog!", "Tom's cat isn't there."};

TEST(Bpe, learning_is_deterministic_and_does_not_see_the_order) {
    const Bpe bpe = Bpe::learn(sample, 30);
    EXPECT_EQ(Bpe::learn(sample, 30).merges(), bpe.merges());
    Texts turned(sample.rbegin(), sample.rend());
    EXPECT_EQ(Bpe::learn(turned, 30).merges(), bpe.merges());
    // More merges only go on from there.
    ASSERT_GE(bpe.merges().size(), 8u);
    EXPECT_EQ(Bpe::learn(sample, 5).merges(), Merges(bpe.merges().begin(), bpe.merges().begin() + 5));
}

TEST(Bpe, encoding_loses_nothing) {
    for (const std::size_t merges : {0u, 5u, 30u, 1000u}) {
        const Bpe bpe = Bpe::learn(sample, merges);
        for (const std::string& text :
             {std::string("the cat isn't there."), std::string("zebra quilts, 42 αβγ 猫。"), sample[2]}) {
            const Texts words = pretokenize(text);
            EXPECT_EQ(std::accumulate(words.begin(), words.end(), std::string()), [&] {
                const Texts pieces = bpe.encode(text);
                return std::accumulate(pieces.begin(), pieces.end(), std::string());
            }());
        }
    }
}

TEST(Bpe, frequent_words_stay_whole_and_unknown_ones_fall_into_characters) {
    const Bpe bpe = Bpe::learn(sample, 1000);
    EXPECT_EQ(bpe.encode("The cat"), (Texts{"▁the", "▁cat"}));
    EXPECT_EQ(bpe.encode("zx猫"), (Texts{"▁z", "x", "猫"}));
    EXPECT_EQ(bpe.encode(""), Texts{});
}

TEST(Bpe, stops_where_every_pair_occurs_once) {
    EXPECT_TRUE(Bpe::learn({"abc def"}, 10).merges().empty());
    EXPECT_TRUE(Bpe::learn({}, 10).merges().empty());
    EXPECT_EQ(Bpe::learn({"ab ab"}, 10).merges(), (Merges{{"▁a", "b"}}));
    EXPECT_TRUE(Bpe::learn({"ab ab"}, 0).merges().empty());
}

TEST(Bpe, merges_are_applied_in_the_order_they_were_learned) {
    const Bpe bpe(Merges{{"b", "c"}, {"▁a", "b"}, {"▁a", "bc"}});
    EXPECT_EQ(bpe.encode("abc"), (Texts{"▁abc"}));
    EXPECT_EQ(bpe.encode("ab"), (Texts{"▁ab"}));
    EXPECT_EQ(Bpe(Merges{{"▁a", "b"}, {"b", "c"}}).encode("abc"), (Texts{"▁ab", "c"}));
    EXPECT_EQ(Bpe(Merges{{"a", "a"}}).encode("xaaaa"), (Texts{"▁x", "aa", "aa"}));
}

}  // namespace
}  // namespace saccade::bpe_test
