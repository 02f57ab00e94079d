#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Tokens and their ids, which are their places in the list. Here a token is one code point, or a special one such as "<end>".
class Vocabulary {
 public:
    Vocabulary() = default;
    explicit Vocabulary(std::vector<std::string> tokens);

    Index size() const { return static_cast<Index>(tokens_.size()); }
    const std::vector<std::string>& tokens() const { return tokens_; }
    const std::string& token(Index id) const { return tokens_.at(static_cast<std::size_t>(id)); }
    /// -1 if there is no such token.
    Index find(const std::string& token) const;

 private:
    std::vector<std::string> tokens_;
    std::map<std::string, Index> ids_;
};

/// What an encoder-decoder reads and writes. The source list holds "<pad>" and "<unk>"; the target list ends with "<end>", then
/// "<start>": the decoder chooses among all but the last.
struct SequenceVocabularies {
    Vocabulary source, target;

    Index unknown() const { return source.find("<unk>"); }
    Index end() const { return target.size() - 2; }
    Index start() const { return target.size() - 1; }
};

nlohmann::json to_json(const SequenceVocabularies& vocabularies);
/// From a model card's "vocabulary". Error{bad_format} names `where` and what is missing.
SequenceVocabularies vocabularies_from_json(const nlohmann::json& card, const std::string& where);

}  // namespace saccade
