#include "checkpoint/token_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/utf8.hpp"
#include "checkpoint/byte_level.hpp"
#include "checkpoint/description.hpp"
#include "checkpoint/pattern.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

using nlohmann::json;

namespace {

using Parts = std::vector<std::string>;

std::string joined_parts(const Parts& parts, std::string_view between = {}) {
    return fmt::format("{}", fmt::join(parts, between));
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    if (from.empty()) return;
    if (text.find(from) != std::string::npos) text = Pattern::of_text(std::string(from)).replaced(text, to);
}

void clean_up(std::string& token) {
    static constexpr std::pair<std::string_view, std::string_view> english[] = {
        {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
        {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    for (const auto& [from, to] : english) replace_all(token, from, to);
}

/// The byte of "<0xE4>".
std::optional<unsigned char> byte_of_token(std::string_view token) {
    if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
    unsigned byte = 0;
    const auto read = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
    if (read.ec != std::errc() || read.ptr != token.data() + 5) return std::nullopt;
    return static_cast<unsigned char>(byte);
}

/// Bytes that follow each other are a text if they are UTF-8, and U+FFFD each otherwise.
Parts bytes_as_text(Parts tokens) {
    Parts result;
    std::string bytes;
    const auto flush = [&] {
        if (bytes.empty()) return;
        if (find_invalid_utf8(bytes) == std::string::npos) {
            result.push_back(bytes);
        } else {
            for (std::size_t i = 0; i < bytes.size(); ++i) result.emplace_back("\ufffd");
        }
        bytes.clear();
    };
    for (std::string& token : tokens) {
        if (const auto byte = byte_of_token(token)) {
            bytes += static_cast<char>(*byte);
            continue;
        }
        flush();
        result.push_back(std::move(token));
    }
    flush();
    return result;
}

/// Up to so many of the character, from both ends.
std::string stripped(const std::string& token, std::string_view character, std::size_t start, std::size_t stop) {
    std::string_view rest = token;
    for (; start > 0 && rest.starts_with(character); --start) rest.remove_prefix(character.size());
    for (; stop > 0 && rest.ends_with(character); --stop) rest.remove_suffix(character.size());
    return std::string(rest);
}

Parts marks_as_spaces(Parts tokens, const std::string& mark, bool prepended) {
    for (std::size_t i = 0; i < tokens.size(); ++i) replace_all(tokens[i], mark, i == 0 && prepended ? "" : " ");
    return tokens;
}

Parts ends_as_spaces(Parts tokens, const std::string& suffix) {
    for (std::size_t i = 0; i < tokens.size(); ++i) replace_all(tokens[i], suffix, i + 1 == tokens.size() ? "" : " ");
    return tokens;
}

}  // namespace

TokenDecoder byte_level_decoder() {
    return [](const Parts& tokens) {
        std::string bytes;
        for (const std::string& token : tokens) bytes += bytes_of_characters(token).value_or(token);
        return Parts{lossy_utf8(bytes)};
    };
}

TokenDecoder word_piece_decoder(const std::string& prefix, bool cleanup) {
    return [=](Parts tokens) {
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (i > 0) {
                if (!prefix.empty() && tokens[i].starts_with(prefix))
                    tokens[i].erase(0, prefix.size());
                else
                    tokens[i].insert(0, 1, ' ');
            }
            if (cleanup) clean_up(tokens[i]);
        }
        return tokens;
    };
}

namespace {

TokenDecoder read_decoder_sequence(const Description& part, const std::string& where) {
    std::vector<TokenDecoder> all;
    for (const json& one : part.steps("decoders")) all.push_back(read_token_decoder(one, where));
    return [all = std::move(all)](Parts tokens) {
        for (const TokenDecoder& decoder : all) {
            tokens = decoder(std::move(tokens));
            std::size_t bytes = 0;
            for (const std::string& token : tokens) bytes += token.size();
            check_grown(bytes);
        }
        return tokens;
    };
}

TokenDecoder read_strip(const Description& part) {
    std::size_t start = 0, stop = 0;
    part.object().whole<std::size_t>("start", start, 0, 1 << 16);
    part.object().whole<std::size_t>("stop", stop, 0, 1 << 16);
    const std::string content = part.text("content", " ");
    if (content.empty()) return [](Parts tokens) { return tokens; };
    return [=](Parts tokens) {
        for (std::string& token : tokens) token = stripped(token, content, start, stop);
        return tokens;
    };
}

}  // namespace

TokenDecoder read_token_decoder(const json& description, const std::string& where) {
    if (description.is_null()) return [](const Parts& tokens) { return Parts{joined_parts(tokens, " ")}; };
    const Description part(description, where);
    const std::string& type = part.type();
    if (type == "ByteLevel") return byte_level_decoder();
    if (type == "WordPiece") return word_piece_decoder(part.text("prefix", "##"), part.toggle("cleanup", true));
    if (type == "ByteFallback") return bytes_as_text;
    if (type == "Fuse") return [](const Parts& tokens) { return Parts{joined_parts(tokens)}; };
    if (type == "Strip") return read_strip(part);
    if (type == "Sequence") return read_decoder_sequence(part, where);
    if (type == "Metaspace") {
        const bool prepended =
            part.text("prepend_scheme", part.toggle("add_prefix_space", true) ? "always" : "never") != "never";
        return [prepended, mark = part.text("replacement", "▁")](Parts tokens) {
            return marks_as_spaces(std::move(tokens), mark, prepended);
        };
    }
    if (type == "BPEDecoder")
        return [suffix = part.text("suffix", "</w>")](Parts tokens) { return ends_as_spaces(std::move(tokens), suffix); };
    if (type == "Replace")
        return [pattern = part.pattern("pattern"), content = part.text("content", "")](Parts tokens) {
            for (std::string& token : tokens) token = pattern.replaced(token, content);
            return tokens;
        };
    part.refuse();
}

}  // namespace saccade
