#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace saccade {

/// What a tokenizer makes of a text before it looks at words: Unicode's normal forms, lower case, signs replaced. From UTF-8 to
/// UTF-8. Linear in the text.
using Normalizer = std::function<std::string(std::string)>;

/// As tokenizer.json describes it; null: the identity. Error{unsupported} "WHERE: ..." with the name of a part that is not
/// known here, Error{bad_format} if it is not described whole.
Normalizer read_normalizer(const nlohmann::json& description, const std::string& where);

/// BERT's own (Devlin et al. 2019): controls left out, every white space a space, Chinese characters words of their own.
struct BertNormalizing {
    bool clean_text = true;
    bool chinese_characters = true;
    bool strip_accents = true;
    bool lowercase = true;
};
std::string bert_normalized(std::string_view text, const BertNormalizing& how);

enum class NormalForm { nfc, nfd, nfkc, nfkd };
std::string normal_form(std::string_view text, NormalForm form);
/// Character by character, so that a sigma at the end of a word is like any other.
std::string lower_case(std::string_view text);

/// A table of replacements as SentencePiece compiles it: a double array of the texts (Aoe 1989), then the replacements.
/// `charsmap` is its base64. Each grapheme is looked up whole and then by characters, as the `tokenizers` library does.
Normalizer read_precompiled(std::string_view charsmap, const std::string& where);

}  // namespace saccade
