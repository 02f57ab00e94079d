#include "model/vocabulary.hpp"

#include <nlohmann/json.hpp>

namespace saccade {

Vocabulary::Vocabulary(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) ids_.emplace(tokens_[i], static_cast<Index>(i));
}

Index Vocabulary::find(const std::string& token) const {
    const auto found = ids_.find(token);
    return found == ids_.end() ? -1 : found->second;
}

nlohmann::json to_json(const SequenceVocabularies& vocabularies) {
    return {{"source", vocabularies.source.tokens()}, {"target", vocabularies.target.tokens()}};
}

SequenceVocabularies vocabularies_from_json(const nlohmann::json& card, const std::string& where) {
    const auto refuse = [&where](const std::string& why) -> Error {
        return Error(ErrorCode::bad_format, where + ": " + why,
                     "use a model that was trained by `saccade train`, with its card");
    };
    const auto list = [&](const char* name) {
        const auto entry = card.is_object() ? card.find("vocabulary") : card.end();
        if (entry == card.end() || !entry->is_object() || !entry->contains(name) || !entry->at(name).is_array())
            throw refuse(std::string("the model card has no vocabulary.") + name);
        std::vector<std::string> tokens;
        for (const auto& token : entry->at(name)) {
            if (!token.is_string()) throw refuse(std::string("vocabulary.") + name + " holds something that is not text");
            tokens.push_back(token.get<std::string>());
        }
        return Vocabulary(std::move(tokens));
    };
    SequenceVocabularies v{list("source"), list("target")};
    if (v.source.find("<unk>") < 0) throw refuse("vocabulary.source has no <unk>");
    if (v.target.size() < 3 || v.target.token(v.end()) != "<end>" || v.target.token(v.start()) != "<start>")
        throw refuse("vocabulary.target does not end with <end>, <start>");
    return v;
}

}  // namespace saccade
