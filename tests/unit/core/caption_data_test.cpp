#include <algorithm>
#include <set>

#include "testing.hpp"
#include "train/caption_sentence.hpp"

// Scenes, the captions that are true of them, and where their nouns are.

namespace saccade::test::caption_data_test {
namespace {

constexpr CaptionLanguage both[] = {CaptionLanguage::english, CaptionLanguage::chinese};

/// A large blue square on the right, a small red circle left of it, a small green star below the circle.
Scene three_shapes() {
    Scene scene;
    scene.width = scene.height = 96;
    scene.shapes = {{ShapeKind::circle, "red", 0.2, 0.3, 0.15},
                    {ShapeKind::square, "blue", 0.7, 0.35, 0.3},
                    {ShapeKind::star, "green", 0.25, 0.8, 0.15}};
    return scene;
}

std::vector<std::string> words_of(const std::vector<CaptionWord>& caption) {
    std::vector<std::string> words;
    for (const CaptionWord& w : caption) words.push_back(w.word);
    return words;
}

TEST(CaptionSentence, says_what_is_there_in_both_languages) {
    const Scene scene = three_shapes();
    EXPECT_EQ(text_of(caption_of(scene, both[0]), both[0]),
              "a large blue square is right of a small red circle and is above a small green star");
    EXPECT_EQ(text_of(caption_of(scene, both[1]), both[1]), "大蓝方块在小红圆的右边，在小绿星星的上方");
}

TEST(CaptionSentence, every_word_of_a_phrase_knows_its_shape) {
    const auto caption = caption_of(three_shapes(), CaptionLanguage::english);
    EXPECT_EQ(caption[3].word, "square");
    EXPECT_EQ(caption[3].shape, 1);
    EXPECT_TRUE(caption[3].noun);
    EXPECT_EQ(caption[2].shape, 1);
    EXPECT_FALSE(caption[2].noun);
    EXPECT_EQ(caption[4].shape, -1);
}

TEST(CaptionSentence, any_true_order_is_accepted_and_nothing_else) {
    const Scene scene = three_shapes();
    std::vector<CaptionShape> order = caption_shapes(scene);
    std::ranges::reverse(order);
    for (const CaptionLanguage language : both) {
        const auto words = words_of(caption_of(scene, order, language));
        EXPECT_TRUE(describes(scene, words, language));
        for (std::size_t i = 0; i < words.size(); ++i) {
            auto less = words;
            less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
            EXPECT_FALSE(describes(scene, less, language)) << i;
        }
    }
    const auto english = words_of(caption_of(scene, both[0]));
    auto wrong = english;
    *std::ranges::find(wrong, "right") = "left";
    EXPECT_FALSE(describes(scene, wrong, both[0]));
    wrong = english;
    *std::ranges::find(wrong, "red") = "black";
    EXPECT_FALSE(describes(scene, wrong, both[0]));
    wrong = english;
    wrong.emplace_back(";");
    EXPECT_FALSE(describes(scene, wrong, both[0]));
}

TEST(CaptionSentence, inside_and_overlapping) {
    Scene scene = three_shapes();
    scene.shapes.resize(2);
    std::swap(scene.shapes[0], scene.shapes[1]);  // the small one in front
    scene.shapes[1].x = 0.7;
    scene.shapes[1].y = 0.36;
    EXPECT_EQ(relation_of(scene, 1, 0), CaptionRelation::inside);
    EXPECT_EQ(relation_of(scene, 0, 1), CaptionRelation::contains);
    EXPECT_EQ(text_of(caption_of(scene, both[1]), both[1]), "大蓝方块里面有小红圆");
    scene.shapes[1].x = 0.56;
    EXPECT_EQ(relation_of(scene, 1, 0), CaptionRelation::overlaps);
}

TEST(CaptionScene, random_ones_are_what_they_promise) {
    std::set<std::size_t> counts;
    std::set<std::string> words;
    for (std::uint64_t i = 0; i < 150; ++i) {
        Rng rng(i);
        const Scene scene = random_caption_scene(rng);
        counts.insert(scene.shapes.size());
        for (const CaptionLanguage language : both) {
            const auto caption = words_of(caption_of(scene, language));
            EXPECT_TRUE(describes(scene, caption, language)) << i << ": " << text_of(caption_of(scene, language), language);
            words.insert(caption.begin(), caption.end());
            std::vector<CaptionShape> order = caption_shapes(scene);
            std::ranges::reverse(order);  // "inside" is only said where the smaller one comes first
            const auto other = words_of(caption_of(scene, order, language));
            EXPECT_TRUE(describes(scene, other, language)) << i;
            words.insert(other.begin(), other.end());
            EXPECT_LE(caption.size(), 33u);
        }
        for (int s = 0; s < static_cast<int>(scene.shapes.size()); ++s) {
            double cells = 0;
            const Tensor<float> region = caption_region(scene, s, 12, 12);
            for (const float v : region.values()) cells += static_cast<double>(v);
            EXPECT_GT(cells, 0.3) << i;
        }
    }
    EXPECT_EQ(counts.size(), 5u);
    EXPECT_EQ(words.size(), static_cast<std::size_t>(caption_text().vocabulary().size()) - 3) << "every word is used";
}

TEST(CaptionScene, the_same_seed_gives_the_same_scene) {
    Rng one(5), two(5), other(6);
    EXPECT_EQ(random_caption_scene(one), random_caption_scene(two));
    EXPECT_NE(random_caption_scene(one), random_caption_scene(other));
}

TEST(CaptionText, reads_what_it_writes) {
    const CaptionText text = caption_text();
    for (const CaptionLanguage language : both) {
        const std::string caption = text_of(caption_of(three_shapes(), language), language);
        EXPECT_EQ(text.write(text.read(caption), language), caption);
    }
    try {
        text.read("a small red elephant");
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(e.line().find("'elephant'"), std::string::npos) << e.line();
        EXPECT_EQ(e.line().find('\n'), std::string::npos);
    }
    EXPECT_THROW(text.read("大红狗"), Error);
    EXPECT_THROW(text.read("a <end>"), Error);
}

TEST(CaptionText, words_of_an_own_caption_find_their_shapes) {
    const std::vector<std::string> words = {"a", "small", "red", "circle", "is", "above", "a", "star"};
    const auto regions = word_regions(three_shapes(), words);
    EXPECT_EQ(regions[3].shapes, std::vector<int>{0});
    EXPECT_TRUE(regions[3].noun);
    EXPECT_EQ(regions[1].shapes, std::vector<int>{0});
    EXPECT_TRUE(regions[4].shapes.empty());
    EXPECT_EQ(regions[7].shapes, std::vector<int>{2});
}

}  // namespace
}  // namespace saccade::test::caption_data_test
