#include "checkpoint/tokenizer.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "checkpoint/tokenizer_pipeline.hpp"
#include "io/input_file.hpp"
#include "io/json_text.hpp"
#include "io/text_file.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr std::size_t largest_file = std::size_t{64} << 20;  // bytes; the largest tokenizer.json in use has 35 MB

/// A tokenizer's folder.
class Folder {
 public:
    explicit Folder(std::string path) : path_(std::move(path)) {}
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }
    bool has(const std::string& name) const {
        std::error_code ignored;
        return std::filesystem::symlink_status(*this / name, ignored).type() != std::filesystem::file_type::not_found;
    }
    std::string text(const std::string& name) const { return read_text(*this / name, largest_file); }
    /// An empty object where the file is missing.
    json object(const std::string& name) const {
        if (!has(name)) return json::object();
        json document = parse_json(text(name), *this / name, "mend the file, or take it away");
        if (!document.is_object())
            throw Error(ErrorCode::bad_format, *this / name + ": not an object", "mend the file, or take it away");
        return document;
    }

 private:
    std::string path_;
};

/// The tokenizer's class as the folder names it, else the model's type.
std::string family_of(const Folder& folder) {
    std::string family;
    JsonObject(folder.object("config.json"), folder / "config.json").text("model_type", family);
    JsonObject(folder.object("tokenizer_config.json"), folder / "tokenizer_config.json").text("tokenizer_class", family);
    return family;
}

/// {"50256": {"content": "<|endoftext|>", "special": true, ...}} of tokenizer_config.json.
std::vector<AddedToken> read_added(const Folder& folder) {
    std::vector<AddedToken> tokens;
    const std::string where = folder / "tokenizer_config.json";
    const json config = folder.object("tokenizer_config.json");
    const auto found = config.find("added_tokens_decoder");
    if (found == config.end()) return tokens;
    const JsonObject all(*found, where + ": added_tokens_decoder");
    for (const auto& [id, value] : all.value().items()) {
        const JsonObject entry(value, where + ": added_tokens_decoder");
        AddedToken token;
        entry.needs({"content"}).text("content", token.content);
        const auto read = whole_in<Index>(json::parse(id, nullptr, false), 0);
        if (!read) all.refuse(id.c_str(), value, "an id as the key");
        token.id = *read;
        entry.toggle("single_word", token.single_word);
        entry.toggle("lstrip", token.lstrip);
        entry.toggle("rstrip", token.rstrip);
        entry.toggle("normalized", token.normalized);
        entry.toggle("special", token.special);
        if (!token.content.empty()) tokens.push_back(std::move(token));
    }
    return tokens;
}

BertNormalizing read_bert_normalizing(const Folder& folder) {
    BertNormalizing how;
    const json config = folder.object("tokenizer_config.json");
    const JsonObject object(config, folder / "tokenizer_config.json");
    object.toggle("do_lower_case", how.lowercase);
    object.toggle("tokenize_chinese_chars", how.chinese_characters);
    how.strip_accents = how.lowercase;
    if (const json* accents = object.find("strip_accents"); accents != nullptr && !accents->is_null())
        object.toggle("strip_accents", how.strip_accents);
    return how;
}

}  // namespace

std::shared_ptr<const Tokenizer> read_tokenizer(const std::string& path) {
    const Folder folder(path);
    if (folder.has("tokenizer.json")) return tokenizer_of_json(folder.text("tokenizer.json"), folder / "tokenizer.json");
    if (folder.has("vocab.json") && folder.has("merges.txt"))
        return tokenizer_of_merges(folder.text("vocab.json"), folder.text("merges.txt"), family_of(folder), read_added(folder),
                                   path);
    if (folder.has("vocab.txt"))
        return tokenizer_of_vocabulary(folder.text("vocab.txt"), read_bert_normalizing(folder), folder / "vocab.txt");
    // Marian keeps a model for each language, and the ids of both in vocab.json.
    if (folder.has("source.spm")) {
        if (!folder.has("vocab.json"))
            throw Error(ErrorCode::bad_format, path + ": source.spm without vocab.json, which holds the ids",
                        "fetch the whole folder");
        return tokenizer_of_sentence_piece(read_file(folder / "source.spm", largest_file), folder.text("vocab.json"), "marian",
                                           path);
    }
    for (const char* name : {"spiece.model", "tokenizer.model", "sentencepiece.model"})
        if (folder.has(name))
            return tokenizer_of_sentence_piece(read_file(folder / name, largest_file), {}, family_of(folder), folder / name);
    if (folder.has("sentencepiece.bpe.model"))
        throw Error(ErrorCode::unsupported,
                    path + ": sentencepiece.bpe.model (XLM-RoBERTa, mBART) counts its tokens otherwise than the model",
                    "save its tokenizer as tokenizer.json");
    return nullptr;
}

std::shared_ptr<const Tokenizer> read_target_tokenizer(const std::string& path) {
    const Folder folder(path);
    if (folder.has("tokenizer.json") || !folder.has("target.spm")) return nullptr;
    // Two vocabularies, where the model has two tables.
    const char* const vocabulary = folder.has("target_vocab.json") ? "target_vocab.json" : "vocab.json";
    return tokenizer_of_sentence_piece(read_file(folder / "target.spm", largest_file), folder.text(vocabulary), "marian", path);
}

}  // namespace saccade
