#include "train/dictionary.hpp"

#include <gtest/gtest.h>

#include "unit/core/testing.hpp"

namespace saccade::dictionary_test {
namespace {

using test::contains;
using test::error_of;
using test::TemporaryFolder;
using Texts = std::vector<std::string>;

std::vector<DictionaryEntry> read(const std::string& text) {
    const TemporaryFolder folder;
    test::put_bytes(folder / "d.tsv", text);
    return read_dictionary(folder / "d.tsv").entries;
}

TEST(Dictionary, reads_entries) {
    const auto entries = read("爱\t愛\tai4\tto love/to be fond of\r\n\n北京\t北京\tBei3 jing1\tBeijing municipality, capital");
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].simplified, "爱");
    EXPECT_EQ(entries[0].traditional, "愛");
    EXPECT_EQ(entries[0].glosses, (Texts{"to love", "to be fond of"}));
    EXPECT_FALSE(entries[0].proper());
    EXPECT_TRUE(entries[1].proper());
}

TEST(Dictionary, bad_files_are_refused_with_the_line) {
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [] { read("爱\t愛\tai4\tlove\n\n爱 愛\n"); }), "line 3"));
    error_of(ErrorCode::bad_format, [] { read(""); });
    error_of(ErrorCode::io, [] { read_dictionary("/nowhere/cedict.tsv"); });
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [] { read("爱\t愛\tai4\tlove\n\xff\t愛\tai4\tlove\n"); }), "line 2"));
}

TEST(Dictionary, claims_no_licence_that_was_not_given) {
    const TemporaryFolder folder;
    const std::string entry = "爱\t愛\tai4\tlove\n";
    test::put_bytes(folder / "own.tsv", entry);
    test::put_bytes(folder / "cedict.tsv", "# CC-CEDICT\n" + entry);
    EXPECT_EQ(read_dictionary(folder / "own.tsv").source.licence, "");
    const Dictionary cedict = read_dictionary(folder / "cedict.tsv");
    EXPECT_TRUE(contains(cedict.source.licence, "CC BY-SA 4.0"));
    EXPECT_EQ(cedict.source.name, "cedict.tsv");
    EXPECT_EQ(cedict.entries.size(), 1u);
}

TEST(Dictionary, translations_are_what_a_translator_would_write) {
    const auto of = [](const std::string& pinyin, const Texts& glosses) { return translations({"x", "x", pinyin, glosses}); };
    EXPECT_EQ(of("ai4", {"to love", "to be fond of; affection", "(bound form) love", "CL:個|个[ge4]"}),
              (Texts{"love", "be fond of", "affection"}));
    EXPECT_EQ(of("Bo1 shi4 dun4", {"Boston, capital of Massachusetts"}), Texts{"boston"});
    EXPECT_EQ(of("Bei3 jing1", {"Beijing municipality, capital of China (abbr. to 京[Jing1])"}), Texts{"beijing"});
    EXPECT_EQ(of("Jing1", {"Beijing (abbr. for 北京[Bei3 jing1])", "abbr. for Beijing"}), Texts{});
    EXPECT_EQ(of("Shang4 hai3", {"Shanghai municipality in east China", "Shanghai city"}),
              (Texts{"shanghai municipality in east china", "shanghai"}));
    EXPECT_EQ(of("Ma3 li4", {"Mary or Marie (name)", "Mali"}), (Texts{"mary", "marie", "mali"}));
    EXPECT_EQ(of("Wang2", {"surname Wang"}), Texts{});
    EXPECT_EQ(of("san1", {"three", "3"}), Texts{"three"});
}

TEST(Dictionary, simplified_characters_are_those_of_most_entries) {
    const CharacterMap map = simplified_characters({{"爱国", "愛國", "", {}},
                                                    {"着", "著", "", {}},
                                                    {"看着", "看著", "", {}},
                                                    {"著名", "著名", "", {}},
                                                    {"中国", "中國", "", {}}});
    EXPECT_EQ(map, (CharacterMap{{"愛", "爱"}, {"國", "国"}, {"著", "着"}}));
    EXPECT_EQ(mapped("我愛中國。", map), "我爱中国。");
    EXPECT_EQ(mapped("x", {}), "x");
}

}  // namespace
}  // namespace saccade::dictionary_test
