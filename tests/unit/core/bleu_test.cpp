#include "train/bleu.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace saccade::bleu_test {
namespace {

using Counts = std::array<long, 4>;

Bleu of(const std::string& output, const std::vector<std::string>& references) {
    Bleu bleu;
    bleu.add(output, references);
    return bleu;
}

TEST(Bleu, identical_text_gives_1) {
    EXPECT_DOUBLE_EQ(of("I don't know him.", {"I don't know him."}).score(), 1);
    EXPECT_DOUBLE_EQ(of("i don't know him.", {"Who is he?", "I DON'T know him ."}).score(), 1) << "tokens, not characters";
}

TEST(Bleu, is_the_geometric_mean_of_the_precisions) {
    // the cat sat on a mat / the cat sat on the mat: 5/6, 3/5, 2/4, 1/3
    const Bleu bleu = of("the cat sat on a mat", {"the cat sat on the mat"});
    EXPECT_EQ(bleu.matches(), (Counts{5, 3, 2, 1}));
    EXPECT_EQ(bleu.totals(), (Counts{6, 5, 4, 3}));
    EXPECT_NEAR(bleu.score(), std::pow(5.0 / 6 * 3 / 5 * 2 / 4 * 1 / 3, 0.25), 1e-12);
}

TEST(Bleu, counts_are_clipped_by_the_best_reference) {
    // Papineni 2002, section 2.1, example 2: 2 of 7, since "the" occurs at most twice in a reference.
    const Bleu bleu = of("the the the the the the the", {"the cat is on the mat", "there is a cat on the mat"});
    EXPECT_EQ(bleu.matches(), (Counts{2, 0, 0, 0}));
    EXPECT_EQ(bleu.totals()[0], 7);
    EXPECT_EQ(bleu.score(), 0);
}

TEST(Bleu, n_grams_of_all_references_count) {
    const Bleu bleu = of("a b c d e", {"a b c x y", "z b c d e"});
    EXPECT_EQ(bleu.matches(), (Counts{5, 4, 3, 1}));
}

TEST(Bleu, short_outputs_pay) {
    const Bleu bleu = of("a b c d", {"a b c d e f"});
    EXPECT_EQ(bleu.output_length(), 4);
    EXPECT_EQ(bleu.reference_length(), 6);
    EXPECT_NEAR(bleu.score(), std::exp(1 - 6.0 / 4), 1e-12);
    EXPECT_NEAR(of("a b c d e f", {"a b c d"}).score(), std::pow(4.0 / 6 * 3 / 5 * 2 / 4 * 1 / 3, 0.25), 1e-12)
        << "long ones pay by precision alone";
}

TEST(Bleu, the_closest_reference_length_counts_and_of_two_the_shorter) {
    EXPECT_EQ(of("a b c d e", {"a", "a b c d e f", "a b c d e f g h"}).reference_length(), 6);
    EXPECT_EQ(of("a b c d e", {"a b c d e f g", "a b c"}).reference_length(), 3);
    EXPECT_EQ(of("a b c d e", {"a b c", "a b c d e f g"}).reference_length(), 3);
}

TEST(Bleu, is_of_the_corpus_not_a_mean_of_sentences) {
    Bleu together;
    together.add("a b c d", {"a b c d"});
    together.add("x y", {"x z"});
    EXPECT_NEAR(together.score(), std::pow(5.0 / 6 * 3.0 / 4, 0.25), 1e-12) << "a sentence of two has no 3-grams";
    Bleu parts = of("a b c d", {"a b c d"});
    parts.add(of("x y", {"x z"}));
    EXPECT_EQ(parts.score(), together.score());
    EXPECT_EQ(parts.sentences(), 2);
    EXPECT_EQ(parts.matches(), together.matches());
}

TEST(Bleu, nothing_in_common_or_nothing_at_all_gives_0) {
    EXPECT_EQ(of("a b c d", {"e f g h"}).score(), 0);
    EXPECT_EQ(of("", {"a b c d"}).score(), 0);
    EXPECT_EQ(Bleu().score(), 0);
    EXPECT_EQ(of("a b", {"a b"}).score(), 0) << "no 4-gram in the corpus, and no smoothing";
}

TEST(Bleu, case_width_and_quotes_do_not_count) {
    EXPECT_DOUBLE_EQ(of("It’s “FINE” now", {"it's \"fine\" now"}).score(), 1);
}

}  // namespace
}  // namespace saccade::bleu_test
