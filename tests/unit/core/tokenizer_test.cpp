#include "checkpoint/tokenizer_pipeline.hpp"

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "broken_json.hpp"
#include "checkpoint/byte_level.hpp"
#include "checkpoint/pattern.hpp"
#include "checkpoint/unicode_class.hpp"
#include "testing.hpp"

namespace saccade::tokenizer_test {
namespace {

using nlohmann::json;
using test::contains;
using test::error_of;
using Ids = std::vector<Index>;

/// One of tests/golden/tokenizers.json, whole.
json made_tokenizer(const std::string& name) {
    std::ifstream file(std::string(SACCADE_TEST_DATA) + "/golden/tokenizers.json");
    static const json all = json::parse(file);
    json document = all.at("tokenizers").at(name);
    document["model"] = all.at("models").at(document["model"].get<std::string>());
    return document;
}

std::shared_ptr<const Tokenizer> reading(const json& document) {
    return tokenizer_of_json(document.dump(), "tokenizer.json");
}

const std::vector<std::string>& some_texts() {
    static const std::vector<std::string> texts{
        "", "The weather isn't 3.14 degrees.", "我喜欢书。 caf\u00e9", "<|endoftext|>a <mask>", "[CLS] it [MASK]", "  \n\tx "};
    return texts;
}

/// vocab.json and merges.txt, or vocab.txt, hold what tokenizer.json does.
TEST(Tokenizer, reads_a_folder_of_merges) {
    const json document = made_tokenizer("gpt2");
    const test::TemporaryFolder folder;
    EXPECT_EQ(read_tokenizer(folder / ""), nullptr);
    test::put_bytes(folder / "vocab.json", document["model"]["vocab"].dump());
    std::string merges = "#version: 0.2\n";
    for (const json& merge : document["model"]["merges"]) merges += merge.get<std::string>() + "\n";
    test::put_bytes(folder / "merges.txt", merges);
    const auto one = read_tokenizer(folder / ""), other = reading(document);
    ASSERT_NE(one, nullptr);
    for (const std::string& text : some_texts()) EXPECT_EQ(one->encode(text).ids.size(), one->pieces(text).size());
    for (const char* text : {"The weather isn't 3.14 degrees.", "<|endoftext|>a", "\n  x"})
        EXPECT_EQ(one->encode(text).ids, other->encode(text).ids) << text;
    EXPECT_TRUE(one->is_special(*one->id_of("<|endoftext|>")));
    EXPECT_FALSE(one->is_special(*one->id_of("<s>")));  // by nothing but its name
    test::put_bytes(folder / "tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer"})");
    const Ids roberta = read_tokenizer(folder / "")->encode("the").ids;
    EXPECT_EQ(roberta.front(), *one->id_of("<s>"));
    EXPECT_EQ(roberta.back(), *one->id_of("</s>"));
}

TEST(Tokenizer, reads_a_folder_of_word_pieces) {
    const json document = made_tokenizer("bert");
    std::vector<std::string> tokens(document["model"]["vocab"].size());
    for (const auto& [token, id] : document["model"]["vocab"].items()) tokens[id.get<std::size_t>()] = token;
    std::string lines;
    for (const std::string& token : tokens) lines += token + "\n";
    const test::TemporaryFolder folder;
    test::put_bytes(folder / "vocab.txt", lines);
    const auto one = read_tokenizer(folder / ""), other = reading(document);
    for (const std::string& text : some_texts()) {
        EXPECT_EQ(one->encode(text, "it").ids, other->encode(text, "it").ids) << text;
        EXPECT_EQ(one->encode(text, "it").types, other->encode(text, "it").types) << text;
        EXPECT_EQ(one->decode(one->pieces(text)), other->decode(other->pieces(text))) << text;
    }
    EXPECT_NE(one->pieces("THE"), Ids{*one->id_of("[UNK]")});
    test::put_bytes(folder / "tokenizer_config.json", R"({"do_lower_case": false})");
    EXPECT_EQ(read_tokenizer(folder / "")->pieces("THE"), Ids{*one->id_of("[UNK]")});
}

TEST(Tokenizer, reads_a_sentence_piece_model) {
    const test::TemporaryFolder folder;
    test::put_bytes(folder / "spiece.model", test::bytes_of(std::string(SACCADE_TEST_DATA) + "/data/sentence_piece.model"));
    test::put_bytes(folder / "config.json", R"({"model_type": "t5"})");
    std::shared_ptr<const Tokenizer> tokenizer;
    try {
        tokenizer = read_tokenizer(folder / "");
    } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::unsupported) << error.line();
        GTEST_SKIP() << error.line();
    }
    const Tokenizer::Encoded encoded = tokenizer->encode("the weather <extra_id_0>");
    EXPECT_EQ(encoded.ids.back(), *tokenizer->id_of("</s>"));
    EXPECT_EQ(encoded.ids[encoded.ids.size() - 2], tokenizer->size() - 1);
    EXPECT_EQ(tokenizer->decode(encoded.ids), "the weather");
    EXPECT_EQ(tokenizer->label(encoded.ids.front()).substr(0, 2), "·");
    for (const std::string& broken : {std::string("x"), std::string(1000, '\xff')}) {
        test::put_bytes(folder / "spiece.model", broken);
        EXPECT_TRUE(
            contains(error_of(ErrorCode::bad_format, [&] { read_tokenizer(folder / ""); }), "not a SentencePiece model"));
    }
}

/// Marian's ids stand in vocab.json, whatever the model's own are.
TEST(Tokenizer, reads_a_folder_of_marian) {
    const std::string model = test::bytes_of(std::string(SACCADE_TEST_DATA) + "/data/sentence_piece.model");
    const test::TemporaryFolder own, marian;
    test::put_bytes(own / "spiece.model", model);
    test::put_bytes(marian / "source.spm", model);
    std::shared_ptr<const Tokenizer> pieces;
    try {
        pieces = read_tokenizer(own / "");
    } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::unsupported) << error.line();
        GTEST_SKIP() << error.line();
    }
    json vocabulary = {{"</s>", 0}, {"<unk>", 1}};
    const Ids plain = pieces->pieces("the weather");
    Ids expected;
    for (const Index id : plain) {
        // The token as the file has it: its label, with SentencePiece's mark.
        const std::string token = Pattern::of_text("·").replaced(pieces->label(id), "▁");
        if (!vocabulary.contains(token)) vocabulary[token] = vocabulary.size();
        expected.push_back(vocabulary[token].get<Index>());
    }
    vocabulary["<pad>"] = vocabulary.size();
    expected.push_back(0);
    test::put_bytes(marian / "vocab.json", vocabulary.dump());
    const auto tokenizer = read_tokenizer(marian / "");
    EXPECT_EQ(tokenizer->encode("the weather").ids, expected);
    EXPECT_EQ(tokenizer->decode(expected), "the weather");
    EXPECT_EQ(tokenizer->pieces("\u4f60").back(), 1);
    // The mark of a language is one token, and the text begins behind it.
    vocabulary[">>fra<<"] = vocabulary.size();
    test::put_bytes(marian / "vocab.json", vocabulary.dump());
    const auto many = read_tokenizer(marian / "");
    Ids marked = many->encode(">>fra<< the weather").ids;
    EXPECT_EQ(marked.front(), *many->id_of(">>fra<<"));
    marked.erase(marked.begin());
    EXPECT_EQ(marked, expected);
    test::put_bytes(marian / "vocab.json", "{\"a\": 0}");
    EXPECT_TRUE(
        contains(error_of(ErrorCode::bad_format, [&] { read_tokenizer(marian / ""); }), "no token for what is unknown"));
}

TEST(Tokenizer, labels_are_for_people) {
    const auto bytes = reading(made_tokenizer("gpt2")), fallback = reading(made_tokenizer("llama2")),
               pieces = reading(made_tokenizer("bert"));
    EXPECT_EQ(bytes->label(*bytes->id_of("Ġ")), "·");
    EXPECT_EQ(bytes->label(*bytes->id_of("Ġthe")), "·the");
    EXPECT_EQ(bytes->label(*bytes->id_of("Ċ")), "\\n");
    EXPECT_EQ(bytes->label(*bytes->id_of("ä")), "⟨0xE4⟩");
    EXPECT_EQ(bytes->label(*bytes->id_of("<|endoftext|>")), "<|endoftext|>");
    EXPECT_EQ(bytes->label(bytes->size()), "");
    EXPECT_EQ(bytes->label(-1), "");
    EXPECT_EQ(fallback->label(*fallback->id_of("▁the")), "·the");
    EXPECT_EQ(fallback->label(*fallback->id_of("<0x0A>")), "⟨0x0A⟩");
    EXPECT_EQ(pieces->label(*pieces->id_of("##e")), "##e");
    EXPECT_EQ(bytes->id_of("no such token"), std::nullopt);
}

TEST(Tokenizer, marks_what_was_not_typed) {
    const Tokenizer::Encoded pair = reading(made_tokenizer("bert"))->encode("it", "the");
    EXPECT_EQ(pair.special, (std::vector<bool>{true, false, true, false, true}));
    EXPECT_EQ(pair.types, (Ids{0, 0, 0, 1, 1}));
}

TEST(Tokenizer, decodes_whatever_ids) {
    for (const char* name : {"gpt2", "llama2", "bert", "t5", "clip"}) {
        const auto tokenizer = reading(made_tokenizer(name));
        Ids ids{-1, 1 << 30};
        for (Index id = tokenizer->size(); id >= 0; --id) ids.push_back(id);
        EXPECT_EQ(find_invalid_utf8(tokenizer->decode(ids)), std::string::npos) << name;
        EXPECT_EQ(tokenizer->decode(Ids{}), "") << name;
        // What is not UTF-8 is read as U+FFFD.
        EXPECT_EQ(tokenizer->pieces("a\xff"), tokenizer->pieces("a\ufffd")) << name;
    }
    EXPECT_EQ(lossy_utf8("a\xe4\xbd"
                         "b\x80\x80\xf0\x9f\x98"),
              "a\ufffd"
              "b\ufffd\ufffd\ufffd");
    EXPECT_EQ(lossy_utf8("\xed\xa0\x80\xc0\xaf\xf4\x90"), "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd");
}

/// A megabyte without a space takes time in proportion.
TEST(Tokenizer, takes_a_megabyte_without_a_space) {
    std::string letters, accents = "a";
    for (std::uint32_t i = 0, x = 1; i < 1000000; ++i)
        letters += static_cast<char>('a' + (x = x * 1664525 + 1013904223) % 1009 % 26);
    for (int i = 0; i < 250000; ++i) accents += "\u0301\u0316";
    for (const char* name : {"gpt2", "llama3", "llama2", "clip", "bert", "t5", "albert", "words"}) {
        json document = made_tokenizer(name == std::string("llama3") ? "qwen" : name);
        if (name == std::string("bert")) document["model"]["max_input_chars_per_word"] = 1 << 30;
        const auto tokenizer = reading(document);
        for (const std::string& text :
             {letters, accents, std::string(1000000, 'a'), std::string(1000000, ' '), std::string(1000000, '.')}) {
            const auto start = std::chrono::steady_clock::now();
            tokenizer->pieces(text);
            // Seconds would be a minute, or an hour, if it were quadratic; a sanitizer and a busy machine take ten times
            // theirs.
            EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20.0)
                << name << text[0] << text[1];
        }
    }
}

TEST(Pattern, reads_expressions_as_the_library_does) {
    const auto matched = [](const std::string& expression, const std::string& text) {
        std::vector<std::string> all;
        for (const auto& match : Pattern::of_expression(expression, "test").matches(text))
            all.push_back(text.substr(match.begin, match.end - match.begin));
        return all;
    };
    using Texts = std::vector<std::string>;
    EXPECT_EQ(matched("a+", "baab a"), (Texts{"aa", "a"}));
    EXPECT_EQ(matched("\\h+", "0xfFg"), (Texts{"0", "fF"}));
    EXPECT_EQ(matched("\\s", "a\u180e b\u0085"), (Texts{" ", "\u0085"}));
    EXPECT_EQ(matched("\\w+", "e\u0301a\u24b6-b"), (Texts{"e\u0301a\u24b6", "b"}));
    EXPECT_EQ(matched("[^(\\s|[.,!])]+", "ab(c|d e.f"), (Texts{"ab", "c", "d", "e", "f"}));
    EXPECT_EQ(matched("[[a-f]&&[^c]]+", "abcdg"), (Texts{"ab", "d"}));
    EXPECT_EQ(matched("[^[a-c]&&[b-d]]+", "abcde"), (Texts{"a", "de"}));
    EXPECT_EQ(matched("[\\Sx]+", "a x"), (Texts{"a", "x"}));
    EXPECT_EQ(matched("\\u4f60", "a你"), (Texts{"你"}));
    EXPECT_EQ(matched("^b", "a\nb"), (Texts{"b"}));
    EXPECT_EQ(matched("a*", "baac"), (Texts{"", "aa", ""}));
    EXPECT_EQ(matched("\\bb", "ab b \u0301b"), (Texts{"b"}));
    EXPECT_EQ(Pattern::of_text("..").replaced("a...b", "x"), "ax.b");
    EXPECT_EQ(Pattern::of_text("").replaced("ab", "x"), "ab");
}

TEST(Pattern, refuses_what_does_not_compile_and_what_does_not_end) {
    const auto complaint = [](const std::string& expression) {
        return error_of(ErrorCode::unsupported, [&] { Pattern::of_expression(expression, "tokenizer.json: Split"); });
    };
    for (const char* broken : {"(", "a)", "[", "[[a]", "*a", "a{2,1}", "\\", "\\p{Nothing}", "(?<n>a)(?<n>b)", "\\x{110000}",
                               "[z-a]", "(?P<", "\\C"})
        EXPECT_TRUE(contains(complaint(broken), "tokenizer.json: Split: ")) << broken;
    EXPECT_TRUE(contains(complaint(std::string(1000, '(') + std::string(1000, ')')), "cannot read"));
    complaint(std::string(1000, '['));
    complaint(std::string(20000, 'a'));
    complaint("((((a{1,500}){1,500}){1,500}){1,500})");
    for (const char* slow : {"(a+)+$", "(a|aa)+$", "(.*)*x"}) {
        const Pattern pattern = Pattern::of_expression(slow, "");
        const auto start = std::chrono::steady_clock::now();
        EXPECT_TRUE(
            contains(error_of(ErrorCode::invalid_input, [&] { pattern.matches(std::string(100000, 'a') + "!"); }), "for ever"))
            << slow;
        EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20.0) << slow;
    }
}

TEST(BrokenTokenizer, is_refused_with_a_reason) {
    const auto read = [](const std::string& text) { tokenizer_of_json(text, "tokenizer.json"); };
    std::size_t count = test::expect_all_refused(test::broken_texts(), read);
    const std::string whole = made_tokenizer("gpt2").dump();
    for (const std::size_t part : {1u, 2u, 3u, 7u})
        test::expect_refused("truncated", [&] { read(whole.substr(0, whole.size() * part / 8)); });
    const std::vector<test::BrokenPlace> any{
        {"/model", {"3", "[]", "null", "{}", "\"BPE\""}},
        {"/model/type", {"\"CharBPE\"", "3", "null"}},
        {"/added_tokens", {"3", "\"x\"", "[3]", "[{}]", "[{\"id\": 1}]", "[{\"content\": \"a\"}]"}},
        {"/added_tokens/0/id", test::not_whole()},
        {"/added_tokens/0/content", test::not_text()},
        {"/added_tokens/0/lstrip", test::not_toggle()},
        {"/normalizer",
         {"3", "[]", "{}", "{\"type\": 3}", "{\"type\": \"Upper\"}", "{\"type\": \"Replace\"}", "{\"type\": \"Sequence\"}",
          R"({"type": "Replace", "pattern": {"Regex": "("}, "content": ""})",
          R"({"type": "Precompiled", "precompiled_charsmap": "?"})",
          R"({"type": "Precompiled", "precompiled_charsmap": "AAAA"})",
          R"({"type": "Precompiled", "precompiled_charsmap": "/////wAAAAA="})"}},
        {"/pre_tokenizer",
         {"3", "{}", "{\"type\": \"Unicorns\"}", R"({"type": "Split", "pattern": {"Regex": "["}, "behavior": "Isolated"})",
          R"({"type": "Split", "pattern": {"String": "a"}, "behavior": "Eaten"})",
          R"({"type": "Split", "behavior": "Isolated"})", R"({"type": "Metaspace", "prepend_scheme": "last"})",
          R"({"type": "Digits", "individual_digits": 1})"}},
        {"/post_processor",
         {"3", "{}", "{\"type\": \"Other\"}", "{\"type\": \"TemplateProcessing\"}", "{\"type\": \"BertProcessing\"}",
          R"({"type": "BertProcessing", "sep": ["a", -1], "cls": ["b", 2]})",
          R"({"type": "BertProcessing", "sep": "a", "cls": ["b", 2]})",
          R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "C"}}], "pair": [], "special_tokens": {}})",
          R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "pair": [], "special_tokens": {}})",
          R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}], "pair": [], "special_tokens": {}})"}},
        {"/decoder",
         {"3", "{}", "{\"type\": \"CTC\"}", R"({"type": "Sequence", "decoders": [{"type": "Nothing"}]})",
          R"({"type": "Strip", "content": " ", "start": -1, "stop": 0})"}}};
    count += test::expect_all_refused(test::broken_documents(made_tokenizer("gpt2"), any), read);
    const std::vector<test::BrokenPlace> bpe{
        {"/model/vocab", {"3", "[]", "null", "\"x\"", "{\"a\": 99999999999}", "{\"a\": 1.5}", "{\"a\": -1}", "{}"}},
        {"/model/vocab/a", test::not_whole()},
        {"/model/merges",
         {"3", "{}", "null", "[3]", "[\"a\"]", "[\"a b c\"]", "[\"q zz\"]", "[[\"a\"]]", "[[\"a\", 3]]", "[\"Z Z\"]"}},
        {"/model/byte_fallback", {"1", "\"on\"", "[]"}},
        {"/model/unk_token", {"3", "[]"}}};
    count += test::expect_all_refused(test::broken_documents(made_tokenizer("gpt2"), bpe), read);
    const std::vector<test::BrokenPlace> pieces{{"/model/unk_token", {"\"no such\"", "3"}},
                                                {"/model/max_input_chars_per_word", {"-1", "1.5", "\"x\""}},
                                                {"/model/vocab", {"[]", "{}"}}};
    count += test::expect_all_refused(test::broken_documents(made_tokenizer("bert"), pieces), read);
    const std::vector<test::BrokenPlace> unigram{
        {"/model/vocab", {"[3]", "[[\"a\"]]", "[[\"a\", \"b\"]]", "[[1, 2]]", "[]", "[[\"a\", 1e999]]", "{}", "3"}},
        {"/model/unk_id", {"-1", "9999", "1.5", "\"x\""}}};
    count += test::expect_all_refused(test::broken_documents(made_tokenizer("t5"), unigram), read);
    EXPECT_GT(count, 120u);
    std::string deep = R"({"type": "Lowercase"})";
    for (int i = 0; i < 100; ++i) deep = R"({"type": "Sequence", "normalizers": [)" + deep + "]}";
    std::string document = test::with(made_tokenizer("gpt2"), "/normalizer", "@");
    document.replace(document.find("\"@\""), 3, deep);
    test::expect_refused("100 deep", [&] { read(document); });
}

TEST(BrokenTokenizer, names_the_part_that_it_does_not_know) {
    json document = made_tokenizer("gpt2");
    document["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {{{"type", "UnicodeScripts"}}}}};
    EXPECT_TRUE(contains(error_of(ErrorCode::unsupported, [&] { reading(document); }),
                         "tokenizer.json: pre_tokenizer: 'UnicodeScripts'"));
    document = made_tokenizer("gpt2");
    document["model"]["merges"][2] = "Z Q";
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { reading(document); }), "merge 3 needs"));
}

/// Replacements that double a text, one after the other, are stopped before memory is full.
TEST(BrokenTokenizer, a_text_does_not_grow_without_end) {
    json doubling = json::array(), bytes = json::array(), spaces = json::array();
    for (int i = 0; i < 60; ++i) {
        doubling.push_back({{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aa"}});
        bytes.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}});
        spaces.push_back({{"type", "Metaspace"}, {"replacement", "  "}, {"split", false}});
    }
    const auto grown = [](const char* key, const json& part, const std::string& text) {
        json document = made_tokenizer("gpt2");
        document[key] = part;
        const auto tokenizer = reading(document);
        if (key == std::string("decoder"))
            return error_of(ErrorCode::invalid_input, [&] { tokenizer->decode(tokenizer->pieces(text)); });
        return error_of(ErrorCode::invalid_input, [&] { tokenizer->pieces(text); });
    };
    EXPECT_TRUE(contains(grown("normalizer", {{"type", "Sequence"}, {"normalizers", doubling}}, "a"), "makes more than"));
    EXPECT_TRUE(contains(grown("normalizer", {{"type", "Sequence"}, {"normalizers", bytes}}, "\u00e4"), "makes more than"));
    EXPECT_TRUE(
        contains(grown("pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", bytes}}, "\u00e4"), "makes more than"));
    EXPECT_TRUE(contains(grown("pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", spaces}}, "a b"), "makes more than"));
    EXPECT_TRUE(contains(grown("decoder", {{"type", "Sequence"}, {"decoders", doubling}}, "a"), "makes more than"));
    EXPECT_TRUE(contains(grown("decoder", nullptr, std::string(9 << 20, 'a')), "a text of 9 MB"));
}

/// A token that comes twice keeps its last id, as everywhere.
TEST(BrokenTokenizer, duplicates_are_taken) {
    const auto tokenizer = tokenizer_of_json(
        R"({"model": {"type": "WordLevel", "unk_token": "u", "vocab": {"u": 0, "a": 1, "a": 2, "b": 2}}, "added_tokens": [{"id": 7, "content": "b"}, {"id": 8, "content": "b"}]})",
        "t");
    EXPECT_EQ(tokenizer->pieces("a"), Ids{2});
    EXPECT_EQ(tokenizer->pieces("b"), Ids{2});
    EXPECT_EQ(tokenizer->size(), 3);
}

TEST(BrokenTokenizer, other_files_are_refused_too) {
    const test::TemporaryFolder folder;
    const auto read = [&] { read_tokenizer(folder / ""); };
    test::put_bytes(folder / "vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
    for (const char* merges : {"a", "a b c", "a c", "#version: 1\n\na b\nx y", " a"}) {
        test::put_bytes(folder / "merges.txt", merges);
        test::expect_refused(merges, read);
    }
    test::put_bytes(folder / "merges.txt", "#version: 0.2\r\na b\r\n");
    EXPECT_EQ(read_tokenizer(folder / "")->pieces("abb"), (Ids{2, 1}));
    for (const char* vocabulary : {"", "[]", "{\"a\": -1}", "{\"a\": \"b\"}", "{\"a\": 99999999}"}) {
        test::put_bytes(folder / "vocab.json", vocabulary);
        test::expect_refused(vocabulary, read);
    }
    const test::TemporaryFolder bert;
    test::put_bytes(bert / "vocab.txt", "a\nb\n");
    test::expect_refused("no [UNK]", [&] { read_tokenizer(bert / ""); });
    const test::TemporaryFolder marian;
    test::put_bytes(marian / "source.spm", "x");
    test::expect_refused("no vocab.json", [&] { read_tokenizer(marian / ""); });
}

}  // namespace
}  // namespace saccade::tokenizer_test
