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
                                      std::initializer_list<const char*> names) {
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
    const std::vector<AddedToken> all =
        with_specials(added, table, {"<|endoftext|>", "<s>", "</s>", "<pad>", "<unk>", "<mask>", "<|im_start|>", "<|im_end|>"});
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

}  // namespace saccade
