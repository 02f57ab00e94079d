#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/model_store.hpp"
#include "model/vocabulary.hpp"

namespace saccade {

enum class CaptionLanguage { english, chinese };

/// Between captions and ids. The list holds the words of both languages, then <end>, then <en> and <zh>, which choose the
/// language by being read first.
class CaptionText {
 public:
    CaptionText() = default;
    explicit CaptionText(Vocabulary words);
    /// From a model card's "vocabulary". Error{bad_format} names `where`.
    CaptionText(const nlohmann::json& card, const std::string& where);

    const Vocabulary& vocabulary() const { return words_; }
    Index end() const { return words_.size() - 3; }
    Index start(CaptionLanguage language) const { return words_.size() - (language == CaptionLanguage::english ? 2 : 1); }
    /// Words of a caption, without <end>: English words are cut at spaces, Chinese ones are the longest that the list has.
    /// Error{invalid_input} names the first word that is not there.
    Ids read(const std::string& caption) const;
    /// Up to <end>: English with spaces, Chinese without.
    std::string write(const Ids& ids, CaptionLanguage language) const;
    void into_card(nlohmann::json& card) const;

 private:
    Vocabulary words_;
    std::size_t longest_ = 1;  // bytes of the longest word
};

/// The text side of a model, read from its card once while the model lives.
std::shared_ptr<const CaptionText> caption_text_of(const ModelPtr& model);

}  // namespace saccade
