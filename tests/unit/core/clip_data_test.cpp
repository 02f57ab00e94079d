#include <algorithm>
#include <set>

#include "testing.hpp"
#include "train/clip_judge.hpp"
#include "train/clip_sentence.hpp"
#include "train/clip_story.hpp"

// Clips, the sentences that are true of them, and when and where their words are.

namespace saccade::test::clip_data_test {
namespace {

constexpr CaptionLanguage both[] = {CaptionLanguage::english, CaptionLanguage::chinese};

Clip example(const std::string& story =
                 "the red circle appears, then the blue square moves left, then the red circle meets the "
                 "blue square") {
    Rng rng(5);
    return clip_of(story_from(story), rng);
}

std::vector<std::string> plain(const std::vector<ClipWord>& sentence) {
    std::vector<std::string> words;
    for (const ClipWord& w : sentence) words.push_back(w.word);
    return words;
}

std::string written(const Clip& clip, CaptionLanguage language) {
    const CaptionText text = clip_text();
    return text.write(ids_of(text, sentence_of(clip, language)), language);
}

TEST(ClipSentence, says_what_happens_in_both_languages_and_is_read_back) {
    const std::string story = "the red circle appears, then the blue square moves left, then the green cross turns";
    EXPECT_EQ(written(example(story), both[0]), story);
    EXPECT_EQ(written(example(story), both[1]), "红圆出现，然后蓝方块向左移动，然后绿十字旋转");
    EXPECT_EQ(written(example("红圆出现，然后蓝方块向左移动，然后绿十字旋转"), both[0]), story);
    EXPECT_EQ(written(example("A purple ring moves up and then a purple ring vanishes."), both[0]),
              "the purple ring moves up, then the purple ring vanishes");
}

TEST(ClipSentence, every_word_less_or_other_is_wrong) {
    const Clip clip = example();
    for (const CaptionLanguage language : both) {
        const auto words = plain(sentence_of(clip, language));
        EXPECT_TRUE(tells(clip, words, language));
        for (std::size_t i = 0; i < words.size(); ++i) {
            auto less = words;
            less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
            EXPECT_EQ(tells(clip, less, language), words[i] == "the") << i;
        }
    }
    auto wrong = plain(sentence_of(clip, both[0]));
    *std::ranges::find(wrong, "left") = "right";
    EXPECT_FALSE(tells(clip, wrong, both[0]));
}

TEST(ClipSentence, of_two_that_meet_either_may_come_first) {
    const Clip clip = example("the red circle meets the blue square");
    EXPECT_TRUE(tells(clip, {"the", "red", "circle", "meets", "the", "blue", "square"}, both[0]));
    EXPECT_TRUE(tells(clip, {"the", "blue", "square", "meets", "the", "red", "circle"}, both[0]));
    EXPECT_FALSE(tells(clip, {"the", "blue", "square", "meets", "the", "blue", "square"}, both[0]));
}

TEST(ClipSentence, words_know_their_event_and_shape_whoever_wrote_them) {
    const Clip clip = example();
    const auto words = words_of(
        clip, {"the", "blue", "square", "moves", "left", ",", "then", "the", "red", "circle", "appears", "<end>"}, both[0]);
    EXPECT_EQ(words[2].kind, ClipWord::Kind::noun);
    EXPECT_EQ(words[2].event, 1);
    EXPECT_EQ(words[4].kind, ClipWord::Kind::verb);
    EXPECT_EQ(words[5].event, -1);
    EXPECT_EQ(words[10].event, 0);
    EXPECT_EQ(clip_shape(clip, words[9].shapes.at(0)), (ClipShape{0, 0}));
    EXPECT_EQ(words[11].event, -1);
    for (const CaptionLanguage language : both) {
        const auto taught = sentence_of(clip, language), found = words_of(clip, plain(taught), language);
        for (std::size_t i = 0; i < taught.size(); ++i) {
            EXPECT_EQ(found[i].event, taught[i].event) << i;
            EXPECT_EQ(found[i].kind, taught[i].kind) << i;
            EXPECT_EQ(std::set<int>(found[i].shapes.begin(), found[i].shapes.end()),
                      std::set<int>(taught[i].shapes.begin(), taught[i].shapes.end()))
                << i;
        }
    }
}

TEST(ClipScene, frames_of_an_event_differ_from_those_before_and_no_others_do) {
    for (Index n = 0; n < 40; ++n) {
        const Clip clip = held_out_clip(n);
        const Clip clips[] = {clip};
        const Tensor<float> frames = clip_pictures(clips).row(0);
        ASSERT_EQ(frames.shape()[0], clip_frames);
        EXPECT_GE(clip.events.size(), 1u);
        EXPECT_LE(clip.events.size(), 3u);
        for (Index t = 1; t < clip_frames; ++t) {
            const auto now = frames.row(t).values(), before = frames.row(t - 1).values();
            const bool differs = !std::equal(now.begin(), now.end(), before.begin());
            const bool event =
                std::ranges::any_of(clip.events, [&](const ClipEvent& e) { return t >= e.first && t <= e.last; });
            EXPECT_EQ(differs, event) << "clip " << n << ", frame " << t;
        }
    }
}

TEST(ClipScene, what_a_word_may_look_at_is_in_its_event_and_on_its_shape) {
    const Clip clip = example();
    const auto words = sentence_of(clip, both[0]);
    for (const ClipWord& word : words) {
        const Tensor<float> gold = clip_gold(clip, word, 6, 6);
        if (word.event < 0) {
            EXPECT_TRUE(gold.empty());
            continue;
        }
        const ClipEvent& event = clip.events[static_cast<std::size_t>(word.event)];
        for (Index t = 0; t < clip.frames; ++t) {
            const auto cells = gold.row(t).values();
            const bool any = std::ranges::any_of(cells, [](float v) { return v > 0; });
            EXPECT_EQ(any, t >= event.first && t <= event.last) << word.word << " " << t;
            EXPECT_LT(std::ranges::count(cells, 1.0f), 24) << "a shape is no whole picture";
        }
    }
}

TEST(ClipScene, the_same_seed_makes_the_same_clip) {
    Rng one(3), two(3), other(4);
    const Clip a = random_clip(one), b = random_clip(two), c = random_clip(other);
    EXPECT_EQ(a.shapes, b.shapes);
    EXPECT_NE(a.shapes, c.shapes);
}

TEST(ClipStory, says_in_one_line_what_cannot_be) {
    const auto line = [](const std::string& story) { return error_of(ErrorCode::invalid_input, [&] { story_from(story); }); };
    EXPECT_TRUE(contains(line("the red elephant appears"), "'elephant' is none of its words"));
    EXPECT_TRUE(contains(line(""), "nothing happens"));
    EXPECT_TRUE(contains(line("the red circle"), "nothing happens"));
    EXPECT_TRUE(contains(line("the circle appears"), "a shape without a colour"));
    EXPECT_TRUE(contains(line("the red appears"), "a colour without a shape"));
    EXPECT_TRUE(contains(line("the red circle moves"), "moves in no direction"));
    EXPECT_TRUE(contains(line("the red circle turns"), "not seen to turn"));
    EXPECT_TRUE(contains(line("the red circle meets"), "names 1 shape where 2 are needed"));
    EXPECT_TRUE(contains(line("the red circle meets the red circle"), "cannot meet itself"));
    EXPECT_TRUE(contains(line("the red circle vanishes, then the red circle moves left"), "event 2: the shape is gone"));
    EXPECT_TRUE(contains(line("the red circle moves up, then the red circle appears"), "event 1: the shape is not there yet"));
    EXPECT_TRUE(contains(line("the red circle moves up, the red circle moves down, the red circle moves up, the red circle "
                              "vanishes"),
                         "more than 3 events"));
    EXPECT_TRUE(contains(line("红圆爱蓝方块"), "'爱' is none of its words"));
}

TEST(ClipStory, an_event_that_is_moved_keeps_its_length_and_ends_with_the_clip) {
    ClipStory story = story_from("the red circle appears, then the blue square moves left");
    const Index length = story.events[1].last - story.events[1].first;
    begin_event(story, 1, 2);
    EXPECT_EQ(story.events[1].first, 2);
    EXPECT_EQ(story.events[1].last, 2 + length);
    begin_event(story, 1, 40);
    EXPECT_EQ(story.events[1].first, clip_frames - 1);
    EXPECT_EQ(story.events[1].last, clip_frames - 1);
}

}  // namespace
}  // namespace saccade::test::clip_data_test
