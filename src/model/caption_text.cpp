#include "model/caption_text.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "model/card_json.hpp"
#include "model/per_model.hpp"

namespace saccade {

namespace {

bool is_ascii_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

[[noreturn]] void refuse_word(const std::string& word, const Vocabulary& words) {
    std::string known;
    for (Index i = 0; i < words.size() - 3; ++i) known += (i == 0 ? "" : " ") + words.token(i);
    throw Error(ErrorCode::invalid_input,
                "Own caption: the word '" + shorten(word, 24) + "' is not among those that the model writes", "use: " + known);
}

}  // namespace

CaptionText::CaptionText(Vocabulary words) : words_(std::move(words)) {
    for (const std::string& token : words_.tokens()) longest_ = std::max(longest_, token.size());
}

CaptionText::CaptionText(const nlohmann::json& card, const std::string& where) {
    std::vector<std::string> words;
    card_object(card, where).texts("vocabulary", words);
    if (words.size() < 4)
        throw Error(ErrorCode::bad_format, where + ": the model card does not list the captions' words (vocabulary)",
                    card_hint);
    *this = CaptionText(Vocabulary(std::move(words)));
}

Ids CaptionText::read(const std::string& caption) const {
    std::string all;  // words may hold signs that NFKC changes: ， is one of ours
    for (const auto& [read, shown] : read_typed(caption).characters) all += words_.find(shown) >= 0 ? shown : read;
    const std::string text = lower(all);
    Ids ids;
    for (std::size_t at = 0; at < text.size();) {
        if (std::isspace(static_cast<unsigned char>(text[at])) != 0) {
            ++at;
            continue;
        }
        if (is_ascii_letter(text[at])) {
            std::size_t end = at;
            while (end < text.size() && is_ascii_letter(text[end])) ++end;
            const std::string word = text.substr(at, end - at);
            const Index id = words_.find(word);
            if (id < 0) refuse_word(word, words_);
            ids.push_back(id);
            at = end;
            continue;
        }
        Index id = -1;
        std::size_t length = std::min(longest_, text.size() - at);
        while (length > 0 && (id = words_.find(text.substr(at, length))) < 0) --length;
        if (id < 0 || id >= end()) {
            const std::vector<std::string> rest = code_points(text.substr(at));
            refuse_word(rest.empty() ? text.substr(at, 1) : rest.front(), words_);
        }
        ids.push_back(id);
        at += length;
    }
    return ids;
}

std::string CaptionText::write(const Ids& ids, CaptionLanguage language) const {
    std::string text;
    for (const Index id : ids) {
        if (id >= end()) break;
        const std::string& word = words_.token(id);
        const bool apart = language == CaptionLanguage::english && !text.empty() && word != ";" && word != ",";
        text += (apart ? " " : "") + word;
    }
    return text;
}

void CaptionText::into_card(nlohmann::json& card) const {
    card["vocabulary"] = words_.tokens();
}

std::shared_ptr<const CaptionText> caption_text_of(const ModelPtr& model) {
    static PerModel<CaptionText> kept;
    return kept.get(model, [&] {
        return std::make_shared<const CaptionText>(model->card.json(), model->path.empty() ? model->id : model->path);
    });
}

}  // namespace saccade
