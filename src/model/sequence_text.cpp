#include "model/sequence_text.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "model/per_model.hpp"

namespace saccade {

namespace {

std::vector<std::pair<std::string, std::string>> merges_from(const nlohmann::json& list, const std::string& where) {
    std::vector<std::pair<std::string, std::string>> merges;
    for (const auto& entry : list) {
        // Neither half holds a space: pieces are cut at white space.
        const std::string text = entry.is_string() ? entry.get<std::string>() : std::string();
        const std::size_t space = text.find(' ');
        if (space == std::string::npos || space == 0 || space + 1 == text.size())
            throw Error(ErrorCode::bad_format, where + ": the model card's merges must be texts of two pieces",
                        "use the card that was written with these weights");
        merges.emplace_back(text.substr(0, space), text.substr(space + 1));
    }
    return merges;
}

CharacterMap simplified_from(const nlohmann::json& card, const std::string& where) {
    CharacterMap map;
    const auto entry = card.find("simplified");
    if (entry == card.end()) return map;
    const auto text = [&](const char* name) {
        const bool there = entry->is_object() && entry->contains(name) && entry->at(name).is_string();
        return code_points(sanitize_utf8(there ? entry->at(name).get<std::string>() : std::string()));
    };
    const std::vector<std::string> from = text("from"), to = text("to");
    if (from.empty() || from.size() != to.size())
        throw Error(ErrorCode::bad_format,
                    where + ": the model card's \"simplified\" must be two texts, \"from\" and \"to\", of as many characters",
                    "use the card that was written with these weights");
    for (std::size_t i = 0; i < from.size(); ++i) map.emplace(from[i], to[i]);
    return map;
}

/// Without the blanks at both ends, which a subword model does not read.
std::string trimmed(const std::string& text) {
    const char* blanks = " \t\n\v\f\r";
    const std::size_t begin = text.find_first_not_of(blanks), end = text.find_last_not_of(blanks);
    return begin == std::string::npos ? "" : text.substr(begin, end + 1 - begin);
}

}  // namespace

std::string mapped(const std::string& text, const CharacterMap& map) {
    if (map.empty()) return text;
    std::string all;
    for (const std::string& c : code_points(text)) {
        const auto found = map.find(c);
        all += found == map.end() ? c : found->second;
    }
    return all;
}

SequenceText::SequenceText(const nlohmann::json& card, const std::string& where)
    : vocabularies_(vocabularies_from_json(card, where)), simplified_(simplified_from(card, where)) {
    if (const auto merges = card.find("merges"); merges != card.end()) {
        if (!merges->is_array())
            throw Error(ErrorCode::bad_format, where + ": the model card's merges are not a list",
                        "use the card that was written with these weights");
        bpe_ = Bpe(merges_from(*merges, where));
        subwords_ = true;
    }
    make_labels();
}

SequenceText::SequenceText(SequenceVocabularies vocabularies, Bpe bpe, bool subwords, CharacterMap simplified)
    : vocabularies_(std::move(vocabularies)), bpe_(std::move(bpe)), subwords_(subwords), simplified_(std::move(simplified)) {
    make_labels();
}

SequenceText::Source SequenceText::read(const std::string& text) const {
    Source source;
    TypedText typed = read_typed(subwords_ ? trimmed(sanitize_utf8(text)) : text);
    source.tokens = typed.shown();
    source.read = typed.read();
    source.dropped = std::move(typed.dropped);
    for (const std::string& token : source.read) {
        const auto other = simplified_.find(token);
        const Index id = vocabularies_.source.find(other == simplified_.end() ? token : other->second);
        source.ids.push_back(id < 0 ? vocabularies_.unknown() : id);
        const auto once = [](std::vector<std::string>& list, const std::string& entry) {
            if (std::ranges::find(list, entry) == list.end()) list.push_back(entry);
        };
        if (id < 0) once(source.unseen, token);
        if (id >= 0 && other != simplified_.end()) once(source.mapped, token + " as " + other->second);
    }
    return source;
}

namespace {

/// Subwords of a text, in which an emoji that is joined from several stays one.
std::vector<std::string> subwords_of(const Bpe& bpe, const TypedText& typed) {
    static const std::string stands_for_one = encode_utf8(0x10ffff);  // a noncharacter: no text means anything by it
    std::string text;
    std::vector<std::string> joined;
    for (const TypedCharacter& c : typed.characters) {
        const bool one = decode_utf8(c.read).size() > 1 || c.read == stands_for_one;
        if (one) joined.push_back(c.read);
        text += one ? stands_for_one : c.read;
    }
    std::vector<std::string> pieces = bpe.encode(text);
    auto next = joined.begin();
    for (std::string& piece : pieces)
        if (const std::size_t at = piece.find(stands_for_one); at != std::string::npos && next != joined.end())
            piece.replace(at, stands_for_one.size(), *next++);
    return pieces;
}

}  // namespace

SequenceText::Target SequenceText::read_target(const std::string& text) const {
    Target target;
    TypedText typed = read_typed(sanitize_utf8(text));
    const Index unknown = vocabularies_.target.find("<unk>");
    for (const std::string& piece : subwords_ ? subwords_of(bpe_, typed) : typed.read()) {
        Index id = vocabularies_.target.find(piece);
        if (const std::string shown = join_pieces({piece});
            id < 0 && unknown >= 0 && std::ranges::find(target.unseen, shown) == target.unseen.end())
            target.unseen.push_back(shown);
        if (id < 0) id = unknown;
        if (id < 0) {
            std::string known;
            for (Index t = 0; t < vocabularies_.end(); ++t) known += vocabularies_.target.token(t);
            throw Error(ErrorCode::invalid_input, "Output: the model cannot write '" + visible_character(piece) + "'",
                        "it writes " + known);
        }
        target.ids.push_back(id);
    }
    target.dropped = std::move(typed.dropped);
    return target;
}

std::string SequenceText::write(const Ids& ids) const {
    std::vector<std::string> pieces;
    for (const Index id : ids) {
        if (id >= vocabularies_.end()) break;
        pieces.push_back(vocabularies_.target.token(id));
    }
    return join_pieces(pieces);
}

const std::vector<std::string>& SequenceText::target_labels() const {
    return labels_;
}

void SequenceText::make_labels() {
    if (!subwords_) {
        labels_ = vocabularies_.target.tokens();
        return;
    }
    const std::string word_start = "\u2581";
    for (const std::string& token : vocabularies_.target.tokens()) {
        const bool starts = token.starts_with(word_start) && token != word_start;
        const auto first = static_cast<unsigned char>(token.empty() ? ' ' : token[0]);
        const bool goes_on = std::isalnum(first) != 0 || first >= 0x80;
        labels_.push_back(starts ? token.substr(word_start.size()) : goes_on ? "·" + token : token);
    }
}

std::shared_ptr<const SequenceText> sequence_text_of(const ModelPtr& model) {
    static PerModel<SequenceText> made;
    return made.get(model, [&] {
        return std::make_shared<const SequenceText>(model->card.json(), model->path.empty() ? model->id : model->path);
    });
}

void SequenceText::into_card(nlohmann::json& card) const {
    card["vocabulary"] = to_json(vocabularies_);
    if (!simplified_.empty()) {
        std::string from, to;
        for (const auto& [character, other] : simplified_) {
            from += character;
            to += other;
        }
        card["simplified"] = {{"from", from}, {"to", to}};
    }
    if (!subwords_) return;
    nlohmann::json merges = nlohmann::json::array();
    for (const auto& [left, right] : bpe_.merges()) merges.push_back(left + " " + right);
    card["merges"] = std::move(merges);
}

}  // namespace saccade
