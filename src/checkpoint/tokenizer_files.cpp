#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "checkpoint/pattern.hpp"
#include "checkpoint/tokenizer_pipeline.hpp"
#include "io/json_text.hpp"

namespace saccade {

using nlohmann::json;

namespace {

/// Calls visit(line) for each, without its end.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        visit(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

TokenTable read_vocab_json(std::string_view text, const std::string& where) {
    TokenTable table;
    const json document = parse_json(text, where, "this vocabulary is damaged");
    const JsonObject vocabulary(document, where);
    for (const auto& [token, value] : vocabulary.value().items()) {
        const auto id = whole_in<Index>(value);
        if (!id) vocabulary.refuse(token.c_str(), value, "a whole number");
        table.add(token, *id, where);
    }
    return table;
}

std::vector<std::pair<std::string, std::string>> read_merges(std::string_view text, const std::string& where) {
    std::vector<std::pair<std::string, std::string>> merges;
    std::size_t number = 0;
    for_each_line(text, [&](std::string_view line) {
        ++number;
        if (line.empty() || (number == 1 && line.starts_with("#version"))) return;
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos || space == 0 || space + 1 == line.size() ||
            line.find(' ', space + 1) != std::string_view::npos)
            throw Error(ErrorCode::bad_format, fmt::format("{}: line {} is not two tokens with a space between", where, number),
                        "merges.txt has a merge a line");
        merges.emplace_back(line.substr(0, space), line.substr(space + 1));
    });
    return merges;
}

/// The tokens of these names that the vocabulary has, as special ones, beside those that are given.
std::vector<AddedToken> with_specials(std::vector<AddedToken> added, const TokenTable& table,
                                      const std::vector<const char*>& names) {
    for (const char* name : names) {
        const auto same = [&](const AddedToken& token) { return token.content == name; };
        if (const auto id = table.id(name); id && std::none_of(added.begin(), added.end(), same)) {
            AddedToken token{*id, name, false, false, false, false, true};
            token.lstrip = token.content == "<mask>";  // RoBERTa's takes the space before it along
            added.push_back(std::move(token));
        }
    }
    return added;
}

Index needed_id(const TokenTable& table, const char* token, const std::string& where) {
    if (const auto id = table.id(token)) return *id;
    throw Error(ErrorCode::bad_format, fmt::format("{}: it has no token '{}', which must stand around a text", where, token),
                "the vocabulary belongs to another tokenizer");
}

/// Qwen2's words: digits one by one, letters with the sign before them.
const char* const qwen2_words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

}  // namespace

std::shared_ptr<const Tokenizer> tokenizer_of_merges(std::string_view vocabulary, std::string_view merges,
                                                     const std::string& family, const std::vector<AddedToken>& added,
                                                     const std::string& where) {
    TokenTable table = read_vocab_json(vocabulary, where + "/vocab.json");
    BpeDesign design;
    design.merges = read_merges(merges, where + "/merges.txt");
    std::string name = family;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const bool roberta = name.find("roberta") != std::string::npos || name.find("bart") != std::string::npos;
    const bool qwen = name.find("qwen") != std::string::npos;

    TokenizerParts parts;
    // By family: Qwen's vocabulary has "<s>" as a piece of ordinary text.
    std::vector<const char*> specials{"<|endoftext|>"};
    if (roberta) specials = {"<s>", "</s>", "<pad>", "<unk>", "<mask>"};
    const std::vector<AddedToken> all = with_specials(added, table, specials);
    if (qwen) parts.normalizer = [](const std::string& text) { return normal_form(text, NormalForm::nfc); };
    parts.added = AddedTokens(all, parts.normalizer, where);
    const json words = {{"type", "Split"}, {"pattern", {{"Regex", qwen2_words}}}, {"behavior", "Isolated"}};
    const PreTokenizer bytes = byte_level_pre_tokenizer(false, !qwen);
    parts.pre_tokenizer = !qwen ? bytes : [split = read_pre_tokenizer(words, "Qwen2"), bytes](std::vector<TextPiece> pieces) {
        return bytes(split(std::move(pieces)));
    };
    if (roberta) parts.post_processor = roberta_post_processor(needed_id(table, "<s>", where), needed_id(table, "</s>", where));
    parts.model = make_bpe(std::move(table), design, where + "/merges.txt");
    parts.decoder = byte_level_decoder();
    parts.byte_level = true;
    return make_tokenizer(std::move(parts));
}

std::shared_ptr<const Tokenizer> tokenizer_of_vocabulary(std::string_view lines, const BertNormalizing& normalizing,
                                                         const std::string& where) {
    TokenTable table;
    Index id = 0;
    for_each_line(lines, [&](std::string_view line) { table.add(line, id++, where); });
    TokenizerParts parts;
    parts.normalizer = [normalizing](const std::string& text) { return bert_normalized(text, normalizing); };
    parts.added =
        AddedTokens(with_specials({}, table, {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}), parts.normalizer, where);
    parts.pre_tokenizer = bert_pre_tokenizer();
    parts.post_processor = bert_post_processor(needed_id(table, "[CLS]", where), needed_id(table, "[SEP]", where));
    parts.model = make_word_piece(std::move(table), {}, where);
    parts.decoder = word_piece_decoder("##", true);
    return make_tokenizer(std::move(parts));
}

namespace {

/// What each family puts around a text, by the names of its tokens.
struct Surroundings {
    const char* family;
    std::vector<const char*> before, behind;
};

PostProcessor surrounded(const std::string& family, const TokenTable& table, const std::string& where) {
    static const Surroundings all[] = {
        {"t5", {}, {"</s>"}},     {"marian", {}, {"</s>"}},         {"pegasus", {}, {"</s>"}},
        {"llama", {"<s>"}, {}},   {"mistral", {"<s>"}, {}},         {"mixtral", {"<s>"}, {}},
        {"gemma", {"<bos>"}, {}}, {"albert", {"[CLS]"}, {"[SEP]"}}, {"xlnet", {}, {"<sep>", "<cls>"}}};
    const auto* found =
        std::find_if(std::begin(all), std::end(all), [&](const auto& s) { return family.find(s.family) != std::string::npos; });
    if (found == std::end(all)) return no_post_processor();
    PostProcessor::Part before, behind;
    for (const char* token : found->before) before.ids.push_back(needed_id(table, token, where));
    for (const char* token : found->behind) behind.ids.push_back(needed_id(table, token, where));
    PostProcessor post;
    post.single = {before, {0, {}, 0}, behind};
    post.pair = post.single;
    // BERT's relatives read the second text without a beginning of its own, and as type 1.
    const bool types = family.find("albert") != std::string::npos;
    if (!types) post.pair.push_back(before);
    post.pair.push_back({1, {}, types ? 1 : 0});
    behind.type = types ? 1 : 0;
    post.pair.push_back(behind);
    return post;
}

}  // namespace

std::shared_ptr<const Tokenizer> tokenizer_of_sentence_piece(const std::string& bytes, std::string_view vocabulary,
                                                             const std::string& family, const std::string& where) {
    TokenTable given;
    if (!vocabulary.empty()) given = read_vocab_json(vocabulary, where + "/vocab.json");
    TokenizerParts parts;
    parts.model = make_sentence_piece(bytes, vocabulary.empty() ? nullptr : &given, where);
    const TokenTable& table = parts.model->table();
    std::vector<AddedToken> added;
    for (const std::string& name : sentence_piece_controls(*parts.model))
        if (const auto id = table.id(name)) added.push_back({*id, name, false, false, false, false, true});
    if (const auto pad = table.id("<pad>"); pad && !vocabulary.empty())
        added.push_back({*pad, "<pad>", false, false, false, false, true});
    // Marian's translators into several languages are told by a mark which to write: ">>fra<< Good morning".
    if (!vocabulary.empty())
        for (const auto& [token, id] : table.ids())
            if (token.size() > 4 && token.starts_with(">>") && token.ends_with("<<"))
                added.push_back({id, token, false, false, true, false, true});
    std::string name = family;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    // T5's hundred marks stand behind the pieces, the last first.
    if (name.find("t5") != std::string::npos && !table.id("<extra_id_0>"))
        for (Index i = 0; i < 100; ++i)
            added.push_back({table.size() + 99 - i, fmt::format("<extra_id_{}>", i), false, true, true, false, true});
    parts.added = AddedTokens(added, nullptr, where);
    parts.post_processor = surrounded(name, table, where);
    const json decoders = json::parse(R"({"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})");
    parts.decoder = read_token_decoder(decoders, where);
    return make_tokenizer(std::move(parts));
}

}  // namespace saccade
