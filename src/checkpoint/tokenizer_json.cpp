#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "checkpoint/description.hpp"
#include "checkpoint/tokenizer_pipeline.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr JsonLimits tokenizer_limits{std::size_t{64} << 20, std::size_t{1} << 22};
const char* const damaged_tokenizer = "this tokenizer is damaged, or not one";

bool is_given(const JsonObject& object, const char* key) {
    const json* value = object.find(key);
    return value != nullptr && !value->is_null();
}

Index read_id(const json& value, std::string_view token, const std::string& where) {
    if (const auto id = whole_in<Index>(value, 0, TokenTable::most - 1)) return *id;
    throw Error(
        ErrorCode::bad_format,
        fmt::format("{}: the id of '{}' is not a whole number from 0 to {}", where, shorten(token, 40), TokenTable::most - 1),
        damaged_tokenizer);
}

TokenTable read_vocabulary(const JsonObject& model, const std::string& where) {
    TokenTable table;
    const JsonObject vocabulary = model.needs({"vocab"}).object("vocab");
    for (const auto& [token, id] : vocabulary.value().items()) table.add(token, read_id(id, token, where), where);
    return table;
}

/// "a b", or ["a", "b"].
std::pair<std::string, std::string> read_merge(const json& value, std::size_t number, const std::string& where) {
    if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string())
        return {value[0].get<std::string>(), value[1].get<std::string>()};
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        const std::size_t space = text.find(' ');
        if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos)
            return {text.substr(0, space), text.substr(space + 1)};
    }
    throw Error(ErrorCode::bad_format, fmt::format("{}: merge {} is not two tokens with a space between", where, number),
                damaged_tokenizer);
}

std::unique_ptr<const TokenModel> read_bpe(const Description& model, const std::string& where) {
    BpeDesign design;
    std::size_t number = 0;
    for (const json& merge : model.parts("merges")) design.merges.push_back(read_merge(merge, ++number, where));
    design.unknown = model.text("unk_token", "");
    design.continuing_prefix = model.text("continuing_subword_prefix", "");
    design.end_suffix = model.text("end_of_word_suffix", "");
    design.fuse_unknown = model.toggle("fuse_unk", false);
    design.byte_fallback = model.toggle("byte_fallback", false);
    design.ignore_merges = model.toggle("ignore_merges", false);
    return make_bpe(read_vocabulary(model.object(), where), design, where);
}

std::unique_ptr<const TokenModel> read_word_piece(const Description& model, const std::string& where) {
    WordPieceDesign design;
    design.unknown = model.text("unk_token", design.unknown);
    design.continuing_prefix = model.text("continuing_subword_prefix", design.continuing_prefix);
    model.object().whole<std::size_t>("max_input_chars_per_word", design.longest_word, 1, std::size_t{1} << 32);
    return make_word_piece(read_vocabulary(model.object(), where), design, where);
}

std::unique_ptr<const TokenModel> read_unigram(const Description& model, const std::string& where) {
    UnigramDesign design;
    TokenTable table;
    for (const json& entry : model.parts("vocab")) {
        const auto score = entry.is_array() && entry.size() == 2 ? number_in(entry[1]) : std::nullopt;
        if (!score || !entry[0].is_string())
            throw Error(ErrorCode::bad_format,
                        fmt::format("{}: entry {} of 'vocab' is not a token and its score", where, design.scores.size()),
                        damaged_tokenizer);
        table.add(entry[0].get_ref<const std::string&>(), static_cast<Index>(design.scores.size()), where);
        design.scores.push_back(*score);
    }
    if (is_given(model.object(), "unk_id")) {
        Index unknown = 0;
        model.object().whole<Index>("unk_id", unknown, 0);
        design.unknown = unknown;
    }
    design.byte_fallback = model.toggle("byte_fallback", false);
    return make_unigram(std::move(table), std::move(design), where);
}

/// Files of the first versions do not name their model's type.
json typed_model(const JsonObject& root) {
    const JsonObject model = root.needs({"model"}).object("model");
    if (model.find("type") != nullptr) return nullptr;
    const json* vocabulary = model.find("vocab");
    const char* type = model.find("merges") != nullptr                     ? "BPE"
                       : vocabulary != nullptr && vocabulary->is_array()   ? "Unigram"
                       : model.find("max_input_chars_per_word") != nullptr ? "WordPiece"
                                                                           : "WordLevel";
    json named = model.value();
    named["type"] = type;
    return named;
}

std::unique_ptr<const TokenModel> read_model(const JsonObject& root, const std::string& where) {
    const json named = typed_model(root);
    const std::string place = where + ": model";
    const Description model(named.is_null() ? *root.find("model") : named, place);
    if (model.type() == "BPE") return read_bpe(model, place);
    if (model.type() == "WordPiece") return read_word_piece(model, place);
    if (model.type() == "WordLevel")
        return make_word_level(read_vocabulary(model.object(), place), model.text("unk_token", "<unk>"), place);
    if (model.type() == "Unigram") return read_unigram(model, place);
    model.refuse();
}

std::vector<AddedToken> read_added_tokens(const JsonObject& root, const TokenTable& table, const std::string& where) {
    std::vector<AddedToken> tokens;
    const std::string place = where + ": added_tokens";
    if (!is_given(root, "added_tokens")) return tokens;
    for (const json& value : root.list("added_tokens")) {
        const JsonObject entry(value, place, damaged_tokenizer);
        AddedToken token;
        entry.needs({"id", "content"}).text("content", token.content);
        token.id = read_id(*entry.find("id"), token.content, place);
        // The model's own id of the same token counts.
        token.id = table.id(token.content).value_or(token.id);
        entry.toggle("single_word", token.single_word);
        entry.toggle("lstrip", token.lstrip);
        entry.toggle("rstrip", token.rstrip);
        entry.toggle("special", token.special);
        token.normalized = !token.special;
        entry.toggle("normalized", token.normalized);
        if (!token.content.empty()) tokens.push_back(std::move(token));
    }
    return tokens;
}

/// Whether a part, or a part of it, is of this type.
bool holds_type(const json& part, std::string_view type) {
    if (part.is_object())
        if (const auto found = part.find("type"); found != part.end() && *found == type) return true;
    if (part.is_structured())
        for (const json& inner : part)
            if (inner.is_structured() && holds_type(inner, type)) return true;
    return false;
}

}  // namespace

std::shared_ptr<const Tokenizer> tokenizer_of_json(std::string_view text, const std::string& where) {
    const json document = parse_json(text, where, damaged_tokenizer, tokenizer_limits);
    const JsonObject root(document, where, damaged_tokenizer);
    const auto part = [&](const char* key) {
        const json* value = root.find(key);
        return value != nullptr ? *value : json();
    };
    const auto place = [&](const char* key) { return fmt::format("{}: {}", where, key); };
    TokenizerParts parts;
    parts.model = read_model(root, where);
    parts.normalizer = read_normalizer(part("normalizer"), place("normalizer"));
    parts.pre_tokenizer = read_pre_tokenizer(part("pre_tokenizer"), place("pre_tokenizer"));
    parts.post_processor = read_post_processor(part("post_processor"), place("post_processor"));
    parts.decoder = read_token_decoder(part("decoder"), place("decoder"));
    parts.added = AddedTokens(read_added_tokens(root, parts.model->table(), where), parts.normalizer, place("added_tokens"));
    parts.byte_level = holds_type(part("pre_tokenizer"), "ByteLevel") || holds_type(part("decoder"), "ByteLevel");
    return make_tokenizer(std::move(parts));
}

}  // namespace saccade
