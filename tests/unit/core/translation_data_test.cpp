#include "train/translation_data.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/sha256.hpp"
#include "model/bpe.hpp"
#include "unit/core/testing.hpp"

namespace saccade::translation_data_test {
namespace {

using test::contains;
using test::error_of;
using test::TemporaryFolder;

std::string english(int n) {
    return "Number " + std::to_string(n) + " is here.";
}
std::string chinese(int n) {
    return "第" + std::to_string(n) + "号在这里。";
}
bool is_held_out(int n) {
    return fnv1a(normalize_text(chinese(n))) % 25 == 0;
}
int first_held_out() {
    for (int n = 0;; ++n)
        if (is_held_out(n)) return n;
}
int first_training() {
    for (int n = 0;; ++n)
        if (!is_held_out(n)) return n;
}

TranslationData read(const std::string& text) {
    const TemporaryFolder folder;
    test::put_bytes(folder / "pairs.txt", text);
    return read_translation_data(folder / "pairs.txt");
}

std::string line(const std::string& e, const std::string& c, const std::string& rest = "\tCC-BY 2.0 (France) #1 & #2") {
    return e + "\t" + c + rest + "\n";
}

/// Two hundred sentences, about eight of them held out.
std::string many() {
    std::string text;
    for (int n = 0; n < 200; ++n) text += line(english(n), chinese(n));
    return text;
}

TEST(TranslationData, hash_is_fnv1a) {
    // Test vectors of Noll's page on FNV.
    EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325u);
    EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cu);
    EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8u);
}

TEST(TranslationData, no_sentence_is_on_both_sides) {
    std::string text = many();
    // English of held-out sentences again, with other Chinese, cased and spaced otherwise: they must leave the training side.
    const std::string same = "NUMBER  " + std::to_string(first_held_out()) + " is here .";
    for (int n = 1000; n < 1040; ++n) text += line(same, chinese(n));
    const TranslationData data = read(text);
    std::set<std::string> held_out_chinese, held_out_english;
    const auto key = [](const std::string& e) {
        std::string all;
        for (const std::string& piece : pretokenize(e)) all += piece == "▁." ? "." : piece;
        return all;
    };
    for (const HeldOutSentence& h : data.held_out) {
        EXPECT_TRUE(held_out_chinese.insert(h.chinese).second) << "once";
        for (const std::string& e : h.references) held_out_english.insert(key(e));
    }
    EXPECT_GE(data.held_out.size(), 3u);
    EXPECT_GE(data.training.size(), 150u);
    for (const SentencePair& pair : data.training) {
        EXPECT_NE(fnv1a(pair.chinese) % 25, 0u);
        EXPECT_FALSE(held_out_chinese.contains(pair.chinese)) << pair.chinese;
    }
    for (const HeldOutSentence& h : data.held_out) EXPECT_EQ(fnv1a(h.chinese) % 25, 0u);
}

TEST(TranslationData, training_pairs_with_held_out_english_are_dropped) {
    const int held = first_held_out(), other = first_training();
    const std::string base = line(english(held), chinese(held)) + line("Something else.", chinese(other));
    EXPECT_EQ(read(base).training.size(), 1u);
    const TranslationData data = read(base + line("number " + std::to_string(held) + " is HERE.", chinese(other)));
    ASSERT_EQ(data.training.size(), 1u);
    EXPECT_EQ(data.training[0].english, "Something else.");
    EXPECT_EQ(read(line(english(held), chinese(other)) + base).training.size(), 1u) << "wherever in the file it stands";
}

TEST(TranslationData, all_translations_of_a_held_out_sentence_are_its_references) {
    const int held = first_held_out();
    const TranslationData data = read(line("One.", chinese(held)) + line("Else.", chinese(first_training())) +
                                      line("Two.", chinese(held)) + line("Three.", " " + chinese(held) + " "));
    ASSERT_EQ(data.held_out.size(), 1u);
    EXPECT_EQ(data.held_out[0].references, (std::vector<std::string>{"One.", "Two.", "Three."}));
}

TEST(TranslationData, the_split_sees_the_normal_form) {
    const int held = first_held_out();
    std::string wide;  // the same digits, full width
    for (const char c : std::to_string(held)) wide += "\xef\xbc" + std::string(1, static_cast<char>(c + 0x60));
    const TranslationData data =
        read(line("One.", chinese(held)) + line("Two.", "第" + wide + "号在这里。") + line("Else.", chinese(first_training())));
    ASSERT_EQ(data.held_out.size(), 1u);
    EXPECT_EQ(data.held_out[0].references.size(), 2u);
}

TEST(TranslationData, lines_may_end_as_they_like) {
    const std::string held = chinese(first_held_out()), other = chinese(first_training());
    const TranslationData data = read("One.\t" + held + "\r\n\n\r\nElse.\t" + other);  // no third column, no newline at the end
    ASSERT_EQ(data.held_out.size(), 1u);
    ASSERT_EQ(data.training.size(), 1u);
    EXPECT_EQ(data.held_out[0].chinese, normalize_text(held));
    EXPECT_EQ(data.training[0].chinese, normalize_text(other));
    EXPECT_EQ(read("\t" + other + "\nNothing\t\n" + many()).training.size(), read(many()).training.size())
        << "half a pair is none";
}

TEST(TranslationData, bad_files_are_refused_with_the_line) {
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [] { read(line("A.", "甲") + "no tab here\n"); }), "line 2"));
    error_of(ErrorCode::bad_format, [] { read(""); });
    error_of(ErrorCode::bad_format, [] { read(line("One.", chinese(first_training()))); });
    error_of(ErrorCode::bad_format, [] { read(line("One.", chinese(first_held_out()))); });
    error_of(ErrorCode::io, [] { read_translation_data("/nowhere/pairs.txt"); });
    const std::string gbk = error_of(ErrorCode::bad_format, [] { read(many() + "Hi.\t\xc4\xe3\xba\xc3\xa1\xa3\n"); });
    EXPECT_TRUE(contains(gbk, "pairs.txt: line 201") && contains(gbk, "GBK")) << gbk;
    const std::string wide = error_of(ErrorCode::bad_format, [] { read(many() + line("Hi.", std::string(1 << 17, '9'))); });
    EXPECT_TRUE(contains(wide, "pairs.txt: line 201 is")) << wide;
}

TEST(TranslationData, swapped_columns_are_noticed) {
    std::string swapped;
    for (int n = 0; n < 200; ++n) swapped += line(chinese(n), english(n));
    const std::string found = error_of(ErrorCode::bad_format, [&] { read(swapped); });
    EXPECT_TRUE(contains(found, "pairs.txt, line 1") && contains(found, "English TAB Chinese")) << found;
    error_of(ErrorCode::bad_format, [] { read(line("你好。", "Hi.") + line("嗨。", "Hey.")); });
    EXPECT_EQ(read(many() + line("你好 is hello.", chinese(first_training()))).training.size(),
              read(many()).training.size() + 1)
        << "a line may quote the other language";
}

TEST(TranslationData, says_what_file_it_is_and_whose) {
    const TranslationData data = read(many());
    EXPECT_EQ(data.source.name, "pairs.txt");
    EXPECT_EQ(data.source.sha256, sha256(many()));
    EXPECT_EQ(data.source.licence, "") << "the lines say CC-BY, but not whose";
    std::string tatoeba;
    for (int n = 0; n < 200; ++n)
        tatoeba += line(english(n), chinese(n), "\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (x)");
    EXPECT_TRUE(contains(read(tatoeba).source.licence, "CC BY 2.0 FR"));
    EXPECT_EQ(read(tatoeba + line("Mine.", chinese(first_training()), "")).source.licence, "") << "every line must say it";
    EXPECT_TRUE(contains(data.source.licence_of("Sentences"), "gives no licence"));
}

}  // namespace
}  // namespace saccade::translation_data_test
