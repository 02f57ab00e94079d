#include "checkpoint/pre_tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "checkpoint/byte_level.hpp"
#include "checkpoint/description.hpp"
#include "checkpoint/pattern.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

using nlohmann::json;

namespace {

using Pieces = std::vector<TextPiece>;

/// Of a text that is cut: what the delimiter takes, or what lies between.
struct Span {
    std::size_t begin, end;
    bool delimiter;
};
using Spans = std::vector<Span>;

/// The library takes this one from Rust's regular expressions, where joiners belong to words.
constexpr const char* words_and_signs = R"([\w\x{200c}\x{200d}]+|[^\w\s\x{200c}\x{200d}]+)";

/// What becomes of the delimiters.
enum class Delimiter { removed, isolated, merged_with_previous, merged_with_next, contiguous };

/// The matches, and what lies between.
Spans all_spans(const std::vector<Pattern::Match>& matches, std::size_t size) {
    Spans spans;
    std::size_t done = 0;
    for (const auto& match : matches) {
        if (done < match.begin) spans.push_back({done, match.begin, false});
        spans.push_back({match.begin, match.end, true});
        done = match.end;
    }
    if (done < size) spans.push_back({done, size, false});
    return spans;
}

/// Each character that the question answers, alone.
Spans spans_of(std::string_view text, bool (*is_delimiter)(char32_t)) {
    std::vector<Pattern::Match> matches;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t begin = text.size() - rest.size();
        if (is_delimiter(take_code_point(rest))) matches.push_back({begin, text.size() - rest.size()});
    }
    return all_spans(matches, text.size());
}

void merge_with_previous(Spans& spans) {
    Spans merged;
    bool after_delimiter = false;
    for (const Span& span : spans) {
        if (span.delimiter && !after_delimiter && !merged.empty())
            merged.back().end = span.end;
        else
            merged.push_back(span);
        after_delimiter = span.delimiter;
    }
    spans = std::move(merged);
}

void merge_with_next(Spans& spans) {
    Spans merged;
    bool before_delimiter = false;
    std::reverse(spans.begin(), spans.end());
    for (const Span& span : spans) {
        if (span.delimiter && !before_delimiter && !merged.empty())
            merged.back().begin = span.begin;
        else
            merged.push_back(span);
        before_delimiter = span.delimiter;
    }
    std::reverse(merged.begin(), merged.end());
    spans = std::move(merged);
}

void merge_alike(Spans& spans) {
    Spans merged;
    for (const Span& span : spans) {
        if (!merged.empty() && merged.back().delimiter == span.delimiter)
            merged.back().end = span.end;
        else
            merged.push_back(span);
    }
    spans = std::move(merged);
}

void cut(const TextPiece& piece, Spans spans, Delimiter delimiter, Pieces& into) {
    if (delimiter == Delimiter::merged_with_previous) merge_with_previous(spans);
    if (delimiter == Delimiter::merged_with_next) merge_with_next(spans);
    if (delimiter == Delimiter::contiguous) merge_alike(spans);
    for (const Span& span : spans) {
        if (span.begin == span.end || (span.delimiter && delimiter == Delimiter::removed)) continue;
        into.push_back({piece.text.substr(span.begin, span.end - span.begin), piece.at_start && span.begin == 0});
    }
}

/// A pre-tokenizer that cuts each piece by itself.
template <class SpansOf>
PreTokenizer cutting(Delimiter delimiter, SpansOf spans_of_text) {
    return [=](const Pieces& pieces) {
        Pieces result;
        for (const TextPiece& piece : pieces) cut(piece, spans_of_text(piece.text), delimiter, result);
        return result;
    };
}

PreTokenizer splitting(const Pattern& pattern, Delimiter delimiter, bool invert) {
    return cutting(delimiter, [=](const std::string& text) {
        Spans spans = all_spans(pattern.matches(text), text.size());
        if (invert)
            for (Span& span : spans) span.delimiter = !span.delimiter;
        return spans;
    });
}

PreTokenizer by_character(Delimiter delimiter, bool (*is_delimiter)(char32_t)) {
    return cutting(delimiter, [=](const std::string& text) { return spans_of(text, is_delimiter); });
}

PreTokenizer in_sequence(std::vector<PreTokenizer> all) {
    return [all = std::move(all)](Pieces pieces) {
        for (const PreTokenizer& one : all) {
            pieces = one(std::move(pieces));
            std::size_t bytes = 0;
            for (const TextPiece& piece : pieces) bytes += piece.text.size();
            check_grown(bytes);
        }
        return pieces;
    };
}

Delimiter read_delimiter(const Description& part, const std::string& otherwise) {
    static constexpr std::pair<std::string_view, Delimiter> all[] = {{"Removed", Delimiter::removed},
                                                                     {"Isolated", Delimiter::isolated},
                                                                     {"MergedWithPrevious", Delimiter::merged_with_previous},
                                                                     {"MergedWithNext", Delimiter::merged_with_next},
                                                                     {"Contiguous", Delimiter::contiguous}};
    const std::string name = part.text("behavior", otherwise);
    for (const auto& [known, delimiter] : all)
        if (name == known) return delimiter;
    part.object().refuse("behavior", json(name), "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
}

PreTokenizer read_metaspace(const Description& part) {
    // Files from before `prepend_scheme` say add_prefix_space.
    const std::string scheme = part.text("prepend_scheme", part.toggle("add_prefix_space", true) ? "always" : "never");
    if (scheme != "always" && scheme != "first" && scheme != "never")
        part.object().refuse("prepend_scheme", json(scheme), "always, first or never");
    return metaspace_pre_tokenizer(part.text("replacement", "▁"), scheme, part.toggle("split", true));
}

PreTokenizer read_pre_tokenizer_sequence(const Description& part, const std::string& where) {
    std::vector<PreTokenizer> all;
    for (const json& one : part.steps("pretokenizers")) all.push_back(read_pre_tokenizer(one, where));
    return in_sequence(std::move(all));
}

}  // namespace

PreTokenizer byte_level_pre_tokenizer(bool add_prefix_space, bool use_regex) {
    const Pattern words = Pattern::of_expression(gpt2_words, "GPT-2");
    return [=](Pieces pieces) {
        if (add_prefix_space)
            for (TextPiece& piece : pieces)
                if (!piece.text.starts_with(' ')) piece.text.insert(0, 1, ' ');
        if (use_regex) {
            Pieces cut_up;
            for (const TextPiece& piece : pieces)
                cut(piece, all_spans(words.matches(piece.text), piece.text.size()), Delimiter::isolated, cut_up);
            pieces = std::move(cut_up);
        }
        for (TextPiece& piece : pieces) piece.text = byte_characters(piece.text);
        return pieces;
    };
}

PreTokenizer bert_pre_tokenizer() {
    return in_sequence({by_character(Delimiter::removed, is_white_space), by_character(Delimiter::isolated, is_punctuation)});
}

PreTokenizer metaspace_pre_tokenizer(const std::string& mark, const std::string& prepend, bool split) {
    const Pattern space = Pattern::of_text(" "), marks = Pattern::of_text(mark);
    return [=](Pieces pieces) {
        for (TextPiece& piece : pieces) {
            piece.text = space.replaced(piece.text, mark);
            if ((prepend == "always" || (prepend == "first" && piece.at_start)) && !piece.text.starts_with(mark))
                piece.text.insert(0, mark);
        }
        if (!split) return pieces;
        Pieces result;
        for (const TextPiece& piece : pieces)
            cut(piece, all_spans(marks.matches(piece.text), piece.text.size()), Delimiter::merged_with_next, result);
        return result;
    };
}

PreTokenizer read_pre_tokenizer(const json& description, const std::string& where) {
    if (description.is_null()) return [](Pieces pieces) { return pieces; };
    const Description part(description, where);
    const std::string& type = part.type();
    if (type == "ByteLevel")
        return byte_level_pre_tokenizer(part.toggle("add_prefix_space", true), part.toggle("use_regex", true));
    if (type == "BertPreTokenizer") return bert_pre_tokenizer();
    if (type == "Metaspace") return read_metaspace(part);
    if (type == "Sequence") return read_pre_tokenizer_sequence(part, where);
    if (type == "Split")
        return splitting(part.pattern("pattern"), read_delimiter(part, "Isolated"), part.toggle("invert", false));
    if (type == "Punctuation") return by_character(read_delimiter(part, "Isolated"), is_punctuation);
    if (type == "WhitespaceSplit") return by_character(Delimiter::removed, is_white_space);
    if (type == "Whitespace") return splitting(Pattern::of_expression(words_and_signs, where), Delimiter::removed, true);
    if (type == "Digits")
        return by_character(part.toggle("individual_digits", false) ? Delimiter::isolated : Delimiter::contiguous, is_numeric);
    if (type == "CharDelimiterSplit")
        return splitting(Pattern::of_text(part.text("delimiter", " ")), Delimiter::removed, false);
    part.refuse();
}

}  // namespace saccade
