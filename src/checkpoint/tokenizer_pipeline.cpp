#include "checkpoint/tokenizer_pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/utf8.hpp"
#include "checkpoint/byte_level.hpp"
#include "checkpoint/pattern.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

namespace {

constexpr std::size_t longest_typed = std::size_t{8} << 20;  // bytes

std::string with_seen_spaces(std::string_view text) {
    std::string result;
    for (const char c : text)
        if (c == ' ')
            result += "·";
        else
            result += c;
    return printable(result);
}

std::string hexadecimal_label(std::string_view bytes) {
    std::string digits;
    for (const char b : bytes) digits += fmt::format("{:02X}", static_cast<unsigned>(static_cast<unsigned char>(b)));
    return "⟨0x" + digits + "⟩";
}

class PipelineTokenizer final : public Tokenizer {
 public:
    explicit PipelineTokenizer(TokenizerParts parts) : parts_(std::move(parts)) {}

    Encoded encode(std::string_view text, std::optional<std::string_view> second) const override {
        if (!second) return parts_.post_processor.process(pieces(text), nullptr);
        const std::vector<Index> other = pieces(*second);
        return parts_.post_processor.process(pieces(text), &other);
    }

    std::vector<Index> pieces(std::string_view text) const override {
        if (text.size() > longest_typed)
            throw Error(ErrorCode::invalid_input, fmt::format("a text of {} MB", text.size() >> 20), "give a shorter one");
        std::vector<Index> ids;
        for (TextPart& part : parts_.added.split(lossy_utf8(text), parts_.normalizer)) {
            if (part.id) {
                ids.push_back(*part.id);
                continue;
            }
            std::vector<TextPiece> pieces;
            pieces.push_back({std::move(part.text), part.at_start});
            if (parts_.pre_tokenizer) pieces = parts_.pre_tokenizer(std::move(pieces));
            for (const TextPiece& piece : pieces)
                if (!piece.text.empty()) parts_.model->tokenize(piece.text, ids);
        }
        return ids;
    }

    std::string decode(std::span<const Index> ids, bool with_special) const override {
        std::vector<std::string> tokens;
        for (const Index id : ids) {
            const std::string* token = token_of(id);
            if (token != nullptr && (with_special || !parts_.added.is_special(id))) tokens.push_back(*token);
        }
        std::string text;
        for (const std::string& part : parts_.decoder ? parts_.decoder(std::move(tokens)) : tokens) text += part;
        return find_invalid_utf8(text) == std::string::npos ? text : lossy_utf8(text);
    }

    Index size() const override { return std::max(parts_.added.table().size(), parts_.model->table().size()); }

    std::string label(Index id) const override {
        const std::string* token = token_of(id);
        if (token == nullptr) return {};
        if (parts_.added.table().token(id) != nullptr) return printable(*token);
        if (parts_.byte_level) {
            const std::string bytes = bytes_of_characters(*token).value_or(*token);
            return find_invalid_utf8(bytes) == std::string::npos ? with_seen_spaces(bytes) : hexadecimal_label(bytes);
        }
        if (token->size() == 6 && token->starts_with("<0x") && token->back() == '>') return "⟨" + token->substr(1, 4) + "⟩";
        // SentencePiece's mark of a space.
        return with_seen_spaces(Pattern::of_text("▁").replaced(*token, " "));
    }

    std::optional<Index> id_of(std::string_view token) const override {
        const auto id = parts_.added.table().id(token);
        return id ? id : parts_.model->table().id(token);
    }

    bool is_special(Index id) const override { return parts_.added.is_special(id); }

 private:
    const std::string* token_of(Index id) const {
        const std::string* token = parts_.added.table().token(id);
        return token != nullptr ? token : parts_.model->table().token(id);
    }

    TokenizerParts parts_;
};

}  // namespace

std::shared_ptr<const Tokenizer> make_tokenizer(TokenizerParts parts) {
    return std::make_shared<PipelineTokenizer>(std::move(parts));
}

}  // namespace saccade
