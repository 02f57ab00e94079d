#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "image/grey_noise.hpp"
#include "image/word_picture.hpp"
#include "io/atomic_file.hpp"
#include "testing.hpp"
#include "train/reading_data.hpp"

namespace saccade::word_picture_test {
namespace {

using test::contains;
using test::error_of;

WordLook plain() {
    WordLook look;
    look.family = "Noto Sans";
    look.ink = 0;
    look.paper = 1;
    return look;
}

/// Share of a picture's ink that lies within some box.
double inside(const WordPicture& drawn) {
    const Index height = drawn.grey.shape()[0], width = drawn.grey.shape()[1];
    double all = 0, held = 0;
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
            const double ink = 1 - static_cast<double>(drawn.grey.data()[y * width + x]);
            const double u = (static_cast<double>(x) + 0.5) / static_cast<double>(width);
            const double v = (static_cast<double>(y) + 0.5) / static_cast<double>(height);
            all += ink;
            if (std::ranges::any_of(drawn.boxes, [&](const LetterBox& box) { return box.holds(u, v); })) held += ink;
        }
    return held / all;
}

TEST(WordPicture, fills_its_picture_and_knows_where_each_letter_is) {
    for (const double bend : {0.0, 1.5, -1.5})
        for (const double far : {0.0, 0.5}) {
            WordLook look = plain();
            look.bend = bend;
            look.far_x = far;
            const WordPicture drawn = draw_word("Glyphs", look, 64, 200);
            ASSERT_EQ(drawn.boxes.size(), 6u);
            for (std::size_t i = 1; i < drawn.boxes.size(); ++i)
                EXPECT_LT(drawn.boxes[i - 1].left + drawn.boxes[i - 1].right, drawn.boxes[i].left + drawn.boxes[i].right);
            EXPECT_GT(inside(drawn), 0.97) << bend << ' ' << far;
            const auto [least, most] = std::ranges::minmax(drawn.grey.values());
            EXPECT_LT(least, 0.05f);
            EXPECT_GT(most, 0.95f);
        }
}

TEST(WordPicture, knows_the_edges_of_its_line) {
    WordLook look = plain();
    look.widest = 100;
    const WordPicture flat = draw_word("Glyphs", look, 64, 200);
    ASSERT_EQ(flat.edges.size(), 2u * places_of_an_edge);
    for (std::size_t k = 0; k < flat.edges.size(); ++k) {
        const double t = static_cast<double>(k % places_of_an_edge) / (places_of_an_edge - 1);
        EXPECT_NEAR(flat.edges[k][0], look.margins[0] + t * (1 - look.margins[0] - look.margins[1]), 1e-6) << k;
        EXPECT_NEAR(flat.edges[k][1], k < places_of_an_edge ? look.margins[2] : 1 - look.margins[3], 1e-6) << k;
    }
    look.bend = 1.2;  // its middle stands up
    const WordPicture bent = draw_word("Glyphs", look, 64, 200);
    EXPECT_LT(bent.edges[4][1], bent.edges[0][1] - 0.1);
    EXPECT_LT(bent.edges[14][1], bent.edges[10][1] - 0.1);
    // They end where the ink does along the line; a corner without ink may lie outside.
    for (const auto& [x, y] : bent.edges) {
        EXPECT_GT(x, -0.1);
        EXPECT_LT(x, 1.1);
        EXPECT_GT(y, -0.1);
        EXPECT_LT(y, 1.1);
    }
}

TEST(WordPicture, an_arc_lifts_the_middle) {
    WordLook look = plain();
    look.bend = 1.5;
    const WordPicture up = draw_word("mmmmm", look, 64, 200);
    EXPECT_LT(up.boxes[2].top, up.boxes[0].top);
    look.bend = -1.5;
    const WordPicture down = draw_word("mmmmm", look, 64, 200);
    EXPECT_GT(down.boxes[2].top, down.boxes[0].top);
}

TEST(WordPicture, is_the_same_for_the_same_look_and_other_for_another_seed) {
    WordLook look = plain();
    look.mottle = 0.2;
    look.grain = 0.05;
    look.strokes = 2;
    look.blur = 0.8;
    look.jpeg = 40;
    const auto pixels = [&] {
        const WordPicture drawn = draw_word("again", look, 32, 100);
        return std::vector<float>(drawn.grey.values().begin(), drawn.grey.values().end());
    };
    const auto first = pixels();
    EXPECT_EQ(first, pixels());
    look.seed = 8;
    EXPECT_NE(first, pixels());
    for (const float p : first) EXPECT_TRUE(p >= 0 && p <= 1);
}

TEST(WordPicture, is_the_same_when_many_are_drawn_at_once) {
    // As when a model is trained: cairo's glyphs of a font belong to all threads.
    const auto draw = [](int i) {
        WordLook look = plain();
        look.family = word_families()[static_cast<std::size_t>(i) % word_families().size()];
        look.weight = 100 * (1 + i % 9);
        look.italic = i % 2 == 1;
        return draw_word(fmt::format("{}{:c}{:c}q{}", i * 7919, '!' + i % 90, 'A' + i % 50, i), look, 32, 100).grey;
    };
    constexpr int words = 400, painters = 4;
    std::vector<Tensor<float>> together(words);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < painters; ++t)
            threads.emplace_back([&, t] {
                for (int i = t; i < words; i += painters) together[static_cast<std::size_t>(i)] = draw(i);
            });
    }
    for (int i = 0; i < words; i += 37)
        EXPECT_TRUE(std::ranges::equal(together[static_cast<std::size_t>(i)].values(), draw(i).values())) << i;
}

TEST(WordPicture, says_what_cannot_be_drawn) {
    const auto said = [](const std::string& word, const WordLook& look) {
        return error_of(ErrorCode::invalid_input, [&] { draw_word(word, look, 32, 100); });
    };
    EXPECT_TRUE(contains(said("", plain()), "0 characters"));
    EXPECT_TRUE(contains(said(std::string(65, 'a'), plain()), "65 characters"));
    WordLook look = plain();
    look.family = "No Such Font";
    EXPECT_TRUE(contains(said("a", look), "no font family 'No Such Font'"));
    look = plain();
    look.bend = 6;
    EXPECT_TRUE(contains(said("i", look), "folded"));
}

TEST(WordPicture, blanks_and_other_scripts_leave_a_picture) {
    EXPECT_EQ(draw_word(" ", plain(), 32, 100).boxes.size(), 1u);
    EXPECT_EQ(draw_word("中国", plain(), 32, 100).boxes.size(), 2u);
}

TEST(GreyNoise, blur_keeps_the_mean_and_spreads) {
    Tensor<float> grey(Shape{9, 9});
    grey.data()[4 * 9 + 4] = 1;
    blur(grey, 1);
    EXPECT_NEAR(std::accumulate(grey.values().begin(), grey.values().end(), 0.0), 1, 1e-5);
    EXPECT_LT(grey.data()[4 * 9 + 4], 0.25f);
    EXPECT_GT(grey.data()[4 * 9 + 5], 0.05f);
}

TEST(ReadingData, splits_a_list_by_letters_and_leaves_out_what_no_class_writes) {
    const test::TemporaryFolder folder;
    std::string text = "caf\xc3\xa9\ntwo words\nFrench\nfrench\n\n";
    for (int i = 0; i < 400; ++i) text += "word" + std::to_string(i) + "\n";
    write_file(folder / "words.txt", text);
    const WordList list = read_word_list(folder / "words.txt");
    EXPECT_EQ(list.train.size() + list.held_out.size(), 402u);
    EXPECT_NEAR(static_cast<double>(list.held_out.size()), 20, 15);
    write_file(folder / "few.txt", "one\ntwo\n");
    // However it is written, a word is on one side.
    const auto holds = [](const std::vector<std::string>& words, const char* word) {
        return std::ranges::find(words, word) != words.end();
    };
    EXPECT_EQ(holds(list.train, "French"), holds(list.train, "french"));
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_word_list(folder / "few.txt"); }), "2 words can be used"));
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { read_word_list(folder / "none.txt"); }), "none.txt"));
}

TEST(ReadingData, draws_what_the_classes_can_write_and_no_font_that_is_held_out) {
    Rng rng(5);
    const std::vector<std::string> words = {"alpha", "Beta", "gamma"};
    for (int i = 0; i < 60; ++i) {
        const DrawnWord drawn = draw_example(words, training_families(), WordShape::mixed, 32, 100, rng);
        EXPECT_EQ(drawn.picture.boxes.size(), drawn.example.word.size());
        for (const char c : drawn.example.word) EXPECT_TRUE(c >= '!' && c <= '~') << drawn.example.word;
    }
    for (const std::string& family : training_families())
        for (const char* other : held_out_families()) EXPECT_FALSE(family.starts_with(other)) << family;
}

}  // namespace
}  // namespace saccade::word_picture_test
