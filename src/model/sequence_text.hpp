#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/bpe.hpp"
#include "model/model_store.hpp"
#include "model/vocabulary.hpp"

namespace saccade {

/// Between text and the ids of an encoder-decoder, as its model card describes it: source characters; target characters, or
/// subwords if the card has "merges".
class SequenceText {
 public:
    SequenceText() = default;
    /// Error{bad_format} names `where` and what is missing.
    SequenceText(const nlohmann::json& card, const std::string& where);
    SequenceText(SequenceVocabularies vocabularies, Bpe bpe, bool subwords);

    struct Source {
        Ids ids;
        std::vector<std::string> tokens;   // as typed
        std::vector<std::string> read;     // each in NFKC (base/typed_text.hpp)
        std::vector<std::string> unseen;   // each once: the model reads them as <unk>
        std::vector<std::string> dropped;  // by name: what was not to be seen
    };
    Source read(const std::string& text) const;
    struct Target {
        Ids ids;                           // without <end>
        std::vector<std::string> unseen;   // each once: pieces in whose place <unk> stands
        std::vector<std::string> dropped;  // as above
    };
    /// Subwords that the model does not have become <unk>; Error{invalid_input} where it has no <unk> and lists what it writes.
    Target read_target(const std::string& text) const;
    Ids target(const std::string& text) const { return read_target(text).ids; }
    /// Up to <end>.
    std::string write(const Ids& ids) const;
    /// The target tokens as people read them: no mark where a word starts, a middle dot before a piece that goes on with one.
    const std::vector<std::string>& target_labels() const;
    bool subwords() const { return subwords_; }
    const SequenceVocabularies& vocabularies() const { return vocabularies_; }
    /// "vocabulary" and, with subwords, "merges".
    void into_card(nlohmann::json& card) const;

 private:
    void make_labels();

    SequenceVocabularies vocabularies_;
    Bpe bpe_;
    bool subwords_ = false;
    std::vector<std::string> labels_;
};

/// The text side of a model, read from its card once while the model lives: typing runs it many times a second. Errors as
/// above.
std::shared_ptr<const SequenceText> sequence_text_of(const ModelPtr& model);

}  // namespace saccade
