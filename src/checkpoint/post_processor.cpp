#include "checkpoint/post_processor.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "checkpoint/description.hpp"
#include "checkpoint/token_table.hpp"

namespace saccade {

using nlohmann::json;

Tokenizer::Encoded PostProcessor::process(std::vector<Index> first, const std::vector<Index>* second) const {
    Tokenizer::Encoded encoded;
    for (const Part& part : second != nullptr ? pair : single) {
        const std::vector<Index>& ids = part.text < 0 ? part.ids : part.text == 0 ? first : *second;
        encoded.ids.insert(encoded.ids.end(), ids.begin(), ids.end());
        encoded.types.resize(encoded.ids.size(), part.type);
        encoded.special.resize(encoded.ids.size(), part.text < 0);
    }
    return encoded;
}

PostProcessor no_post_processor() {
    return {{{0, {}, 0}}, {{0, {}, 0}, {1, {}, 1}}};
}

PostProcessor bert_post_processor(Index cls, Index sep) {
    return {{{-1, {cls}, 0}, {0, {}, 0}, {-1, {sep}, 0}},
            {{-1, {cls}, 0}, {0, {}, 0}, {-1, {sep}, 0}, {1, {}, 1}, {-1, {sep}, 1}}};
}

PostProcessor roberta_post_processor(Index cls, Index sep) {
    return {{{-1, {cls}, 0}, {0, {}, 0}, {-1, {sep}, 0}},
            {{-1, {cls}, 0}, {0, {}, 0}, {-1, {sep, sep}, 0}, {1, {}, 0}, {-1, {sep}, 0}}};
}

namespace {

Index special_id(const json& value, const std::string& where) {
    if (const auto id = whole_in<Index>(value, 0, TokenTable::most - 1)) return *id;
    throw Error(ErrorCode::bad_format, where + ": a special token has no id", "this tokenizer is damaged");
}

/// ["[SEP]", 102]
Index named_id(const JsonObject& part, const char* key, const std::string& where) {
    part.needs({key});
    const json& value = *part.find(key);
    if (!value.is_array() || value.size() != 2) part.refuse(key, value, "a token and its id");
    return special_id(value[1], where);
}

std::vector<PostProcessor::Part> read_template(const JsonObject& object, const char* key, const std::string& where) {
    std::vector<PostProcessor::Part> parts;
    object.needs({key});
    constexpr std::size_t most = 64;
    if (object.list(key).size() > most)
        throw Error(ErrorCode::out_of_range, fmt::format("{}: '{}' has more than {} items", where, key, most),
                    "this tokenizer is damaged, or not one");
    for (const json& value : object.list(key)) {
        const JsonObject item(value, fmt::format("{}: an item of '{}'", where, key));
        PostProcessor::Part part;
        if (item.find("Sequence") != nullptr) {
            const JsonObject sequence = item.object("Sequence");
            std::string name;
            sequence.needs({"id"}).text("id", name);
            if (name != "A" && name != "B") sequence.refuse("id", *sequence.find("id"), "A or B");
            part.text = name == "B" ? 1 : 0;
            sequence.whole<Index>("type_id", part.type, 0, 1 << 16);
        } else {
            const JsonObject token = item.object("SpecialToken");
            std::string name;
            token.needs({"id"}).text("id", name);
            token.whole<Index>("type_id", part.type, 0, 1 << 16);
            const JsonObject special = object.object("special_tokens").object(name.c_str());
            for (const json& id : special.needs({"ids"}).list("ids")) part.ids.push_back(special_id(id, where));
        }
        parts.push_back(std::move(part));
    }
    return parts;
}

/// None for what leaves ids alone.
std::optional<PostProcessor> read_part(const json& description, const std::string& where);

std::optional<PostProcessor> read_sequence(const JsonObject& part, const std::string& where) {
    std::optional<PostProcessor> found;
    for (const json& value : part.needs({"processors"}).list("processors"))
        if (auto one = read_part(value, where)) {
            if (found) throw Error(ErrorCode::unsupported, where + ": several parts put special tokens around a text");
            found = std::move(one);
        }
    return found;
}

std::optional<PostProcessor> read_part(const json& description, const std::string& where) {
    const Description part(description, where);
    if (part.type() == "ByteLevel") return std::nullopt;
    if (part.type() == "Sequence") return read_sequence(part.object(), where);
    if (part.type() == "BertProcessing" || part.type() == "RobertaProcessing") {
        const Index cls = named_id(part.object(), "cls", where), sep = named_id(part.object(), "sep", where);
        return part.type() == "BertProcessing" ? bert_post_processor(cls, sep) : roberta_post_processor(cls, sep);
    }
    if (part.type() == "TemplateProcessing") {
        PostProcessor read{read_template(part.object(), "single", where), read_template(part.object(), "pair", where)};
        for (const PostProcessor::Part& p : read.single)
            if (p.text == 1) throw Error(ErrorCode::bad_format, where + ": the template for one text asks for a second");
        return read;
    }
    part.refuse();
}

}  // namespace

PostProcessor read_post_processor(const json& description, const std::string& where) {
    if (description.is_null()) return no_post_processor();
    return read_part(description, where).value_or(no_post_processor());
}

}  // namespace saccade
