#include "train/training_pairs.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/core/testing.hpp"

namespace saccade::training_pairs_test {
namespace {

DictionaryEntry entry(const std::string& simplified, const std::string& pinyin, const std::string& gloss,
                      const std::string& traditional = {}) {
    return {simplified, traditional.empty() ? simplified : traditional, pinyin, {gloss}};
}

std::vector<DictionaryEntry> dictionary() {
    return {entry("中国", "Zhong1 guo2", "China", "中國"),
            entry("日本", "Ri4 ben3", "Japan"),
            entry("法国", "Fa3 guo2", "France", "法國"),
            entry("法兰西", "Fa3 lan2 xi1", "France"),
            entry("法国人", "Fa3 guo2 ren2", "Frenchman", "法國人"),
            entry("波士顿", "Bo1 shi4 dun4", "Boston, capital of Massachusetts", "波士頓"),
            entry("汤姆", "Tang1 mu3", "Tom (name)", "湯姆"),
            entry("玛丽", "Ma3 li4", "Mary or Marie (name)", "瑪麗"),
            entry("三", "san1", "three"),
            entry("五", "wu3", "five"),
            entry("苹果", "ping2 guo3", "apple", "蘋果"),
            entry("橙子", "cheng2 zi5", "orange"),
            entry("个", "ge4", "number"),
            entry("来自", "lai2 zi4", "to come from", "來自")};
}

const std::vector<SentencePair> sentences = {{"我去中国。", "I go to China."},
                                             {"我来自日本。", "I come from Japan."},
                                             {"他是日本人。", "He is from Japan, a Japanese."},
                                             {"汤姆有三个苹果。", "Tom has three apples."},
                                             {"我要一个苹果。", "I want an apple."},
                                             {"十三个人。", "Thirteen people, three."},
                                             {"我去过汤姆的家。", "I went to Tom's house."}};

TranslationData data(const std::vector<SentencePair>& training, const std::vector<HeldOutSentence>& held_out) {
    return {training, held_out, {}};
}

const ClassWord* usual(const std::vector<ClassWord>& words, const std::string& english) {
    const auto found = std::ranges::find_if(words, [&](const ClassWord& w) { return w.usual && w.english == english; });
    return found == words.end() ? nullptr : &*found;
}

TEST(WordClasses, the_dictionary_says_which_word) {
    const auto words = class_words(dictionary(), sentences);
    ASSERT_NE(usual(words, "france"), nullptr);
    EXPECT_EQ(usual(words, "france")->chinese, "法国")
        << "of two that stand in no pair, the one that other entries are made of";
    EXPECT_EQ(usual(words, "boston")->chinese, "波士顿");
    EXPECT_EQ(usual(words, "apples")->word_class, WordClass::fruits);
    EXPECT_EQ(usual(words, "china")->word_class, WordClass::place);
    EXPECT_EQ(usual(words, "germany"), nullptr) << "not in the dictionary";
    // The word that stands in the pairs is the usual one.
    const std::vector<SentencePair> pairs = {{"法兰西在哪里？", "Where is France?"}};
    EXPECT_EQ(usual(class_words(dictionary(), pairs), "france")->chinese, "法兰西");
}

TEST(PairAugmenter, words_stand_on_both_sides_once) {
    const PairAugmenter augmenter(class_words(dictionary(), sentences), sentences);
    EXPECT_EQ(augmenter.slots(0).size(), 1u);
    EXPECT_TRUE(augmenter.has_place(0));
    EXPECT_TRUE(augmenter.slots(2).empty()) << "日本 of 日本人";
    EXPECT_EQ(augmenter.slots(3).size(), 3u) << "name, number and fruit";
    EXPECT_TRUE(augmenter.slots(5).empty()) << "三 of 十三";
    EXPECT_EQ(augmenter.slots(6).size(), 1u);
    EXPECT_FALSE(augmenter.has_place(6));
}

TEST(PairAugmenter, another_word_of_the_class_takes_the_place) {
    const PairAugmenter augmenter(class_words(dictionary(), sentences), sentences);
    std::set<std::pair<std::string, std::string>> made;
    Rng rng(7);
    for (int n = 0; n < 60; ++n) {
        const SentencePair pair = augmenter.substituted(sentences[0], augmenter.slots(0)[0], rng);
        made.emplace(pair.chinese, pair.english);
    }
    EXPECT_EQ(made, (std::set<std::pair<std::string, std::string>>{{"我去中国。", "i go to china."},
                                                                   {"我去日本。", "i go to japan."},
                                                                   {"我去法国。", "i go to france."},
                                                                   {"我去波士顿。", "i go to boston."}}));
    bool article = false, owner = false;
    for (int n = 0; n < 30; ++n) {
        article = article || augmenter.substituted(sentences[4], augmenter.slots(4)[0], rng).english == "i want an orange.";
        owner = owner || augmenter.substituted(sentences[6], augmenter.slots(6)[0], rng).english == "i went to mary's house.";
    }
    EXPECT_TRUE(article);
    EXPECT_TRUE(owner);
}

/// 我爱中国 was read as in 我爱中国菜, because no pair loved a place.
TEST(PairAugmenter, what_is_liked_can_be_a_place) {
    const std::vector<SentencePair> liked = {
        {"我喜欢爵士乐。", "i like jazz music."}, {"她爱汤姆", "she loves tom"}, {"我不喜欢我的车！", "i don't like my car!"}};
    const std::vector<SentencePair> others = {{"你喜欢音乐吗？", "do you like music?"},
                                              {"我爱上她了。", "i'm in love with her."},
                                              {"我也爱你。", "i love you, too."},
                                              {"恋爱使人盲目。", "love is blind."},
                                              {"我喜欢跑步。", "i like to run."},
                                              {"我爱。", "i love."},
                                              {"爱", "love"},
                                              {"你最喜欢什么科目？", "what subjects do you like best?"}};
    const auto words = class_words(dictionary(), sentences);
    const PairAugmenter augmenter(words, liked), none(words, others);
    const auto made = [&](std::size_t i) {
        std::set<std::pair<std::string, std::string>> all;
        Rng rng(7);
        for (int n = 0; n < 60; ++n) {
            const SentencePair pair = augmenter.substituted(liked[i], augmenter.slots(i).back(), rng);
            all.emplace(pair.chinese, pair.english);
        }
        return all;
    };
    EXPECT_TRUE(made(0).contains({"我喜欢中国。", "i like china."}));
    EXPECT_TRUE(made(1).contains({"她爱法国", "she loves france"}));
    EXPECT_EQ(augmenter.slots(1).size(), 2u) << "汤姆 is a name as before, and what is loved";
    EXPECT_TRUE(made(2).contains({"我不喜欢日本!", "i don't like japan!"}) ||
                made(2).contains({"我不喜欢日本！", "i don't like japan!"}));
    for (std::size_t i = 0; i < others.size(); ++i) EXPECT_FALSE(none.has_place(i)) << others[i].chinese;
}

TEST(PairAugmenter, sentences_end_otherwise_on_both_sides) {
    const SentencePair pair{"我爱中国。", "I love China."};
    EXPECT_EQ(with_end(pair, SentenceEnd::none, false)->chinese, "我爱中国");
    EXPECT_EQ(with_end(pair, SentenceEnd::none, false)->english, "I love China");
    EXPECT_EQ(with_end(pair, SentenceEnd::exclamation, false)->chinese, "我爱中国!");
    EXPECT_EQ(with_end(pair, SentenceEnd::exclamation, false)->english, "I love China!");
    EXPECT_EQ(with_end(pair, SentenceEnd::full_stop, false)->chinese, "我爱中国.");
    EXPECT_EQ(with_end(pair, SentenceEnd::full_stop, true)->chinese, "我爱中国。");
    EXPECT_FALSE(with_end({"你好吗?", "How are you?"}, SentenceEnd::none, false));
    EXPECT_FALSE(with_end({"嗯...", "Hm..."}, SentenceEnd::none, false));
    EXPECT_FALSE(with_end({"。", "."}, SentenceEnd::none, false));
}

TEST(SentenceKey, neither_marks_nor_case_nor_characters_of_another_kind_make_another_sentence) {
    const CharacterMap map = {{"愛", "爱"}, {"國", "国"}};
    EXPECT_EQ(sentence_key("我愛中國！", map), sentence_key(" 我爱中国 。", map));
    EXPECT_EQ(sentence_key("I love China."), sentence_key("i LOVE, china"));
    EXPECT_NE(sentence_key("3"), sentence_key("4"));
}

/// Of every pair of many epochs; the held-out sentences can be made from training pairs by each of the means.
TEST(TrainingPairs, no_held_out_sentence_enters_by_any_means) {
    const std::vector<HeldOutSentence> held_out = {{"我去日本！", {"I'm going to Japan!"}},    // by another place, and end
                                                   {"我來自法國。", {"I come from France."}},  // traditional
                                                   {"你要什么？", {"I want an orange"}},       // its English
                                                   {"苹果", {"An apple."}}};                   // by an entry
    std::vector<SentencePair> training = sentences;
    training.push_back({"我去日本", "I go to Japan, I do."});  // held out but for its mark
    training.push_back({"我非常要。", "I want an orange."});
    for (int n = 0; n < 40; ++n)
        training.push_back({"这是第" + std::to_string(n) + "句。", "This is number " + std::to_string(n) + "."});
    const auto words = dictionary();
    const TrainingPairs pairs(data(training, held_out), words);
    EXPECT_EQ(pairs.sentences().size(), training.size() - 2);
    std::set<std::string> chinese, english;
    for (const HeldOutSentence& h : held_out) {
        chinese.insert(sentence_key(h.chinese, simplified_characters(words)));
        for (const std::string& e : h.references) english.insert(sentence_key(e));
    }
    std::set<std::string> all;
    for (std::uint64_t epoch = 0; epoch < 200; ++epoch) {
        const auto made = pairs.epoch(7, epoch);
        ASSERT_EQ(made.size(), pairs.size());
        for (const SentencePair& pair : made) {
            EXPECT_FALSE(chinese.contains(sentence_key(pair.chinese))) << pair.chinese;
            EXPECT_FALSE(english.contains(sentence_key(pair.english))) << pair.english;
            all.insert(pair.chinese);
        }
    }
    for (const char* made : {"我去法国。", "我去波士顿。", "我去中国", "我去中国!", "我来自中国。", "三"})
        EXPECT_TRUE(all.contains(made)) << made;
}

TEST(TrainingPairs, an_epoch_is_the_same_for_the_same_seed_and_another_for_another) {
    const TrainingPairs pairs(data(sentences, {}), dictionary());
    const auto texts = [&](std::uint64_t seed, std::uint64_t epoch) {
        std::string all;
        for (const SentencePair& p : pairs.epoch(seed, epoch)) all += p.chinese + "\t" + p.english + "\n";
        return all;
    };
    EXPECT_EQ(texts(7, 3), texts(7, 3));
    EXPECT_NE(texts(7, 3), texts(7, 4));
    EXPECT_NE(texts(7, 3), texts(8, 3));
}

TEST(TrainingPairs, without_a_dictionary_an_epoch_is_the_pairs) {
    const TrainingPairs pairs(data(sentences, {}), {});
    const auto made = pairs.epoch(7, 0);
    ASSERT_EQ(made.size(), sentences.size());
    for (std::size_t i = 0; i < made.size(); ++i) EXPECT_EQ(made[i].english, sentences[i].english);
    EXPECT_TRUE(pairs.description().empty());
}

}  // namespace
}  // namespace saccade::training_pairs_test
