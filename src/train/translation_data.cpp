#include "train/translation_data.hpp"

#include <fmt/core.h>
#include <utf8proc.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "io/text_file.hpp"
#include "model/bpe.hpp"

namespace saccade {

namespace {

constexpr std::uint64_t held_out_one_in = 25;
constexpr std::size_t longest_file = 1u << 26;

std::string joined(const std::vector<std::string>& pieces) {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
}

long han_characters(const std::string& text) {
    const std::u32string code = decode_utf8(text);
    return std::ranges::count_if(code,
                                 [](char32_t c) { return (c >= 0x3400 && c <= 0x9fff) || (c >= 0x20000 && c <= 0x3ffff); });
}

/// Whether English stands where Chinese should: told from the first lines, before anything is learned from them.
class ColumnCheck {
 public:
    void take(const SentencePair& pair, const std::string& path, long line) {
        if (lines_ == most_lines) return;
        const long in_english = han_characters(pair.english), in_chinese = han_characters(pair.chinese);
        swapped_ += in_english > 0 && in_chinese == 0 ? 1 : 0;
        if (first_ == 0 && in_english > 0 && in_chinese == 0) first_ = line;
        if (++lines_ == most_lines || 2 * swapped_ > most_lines) finish(path);
    }
    void finish(const std::string& path) const {
        if (2 * swapped_ <= lines_) return;
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}, line {}: the first column is Chinese and the second is not", path, first_),
                    "write English TAB Chinese");
    }

 private:
    static constexpr long most_lines = 200;
    long lines_ = 0, swapped_ = 0, first_ = 0;
};

}  // namespace

std::uint64_t fnv1a(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3u;
    }
    return hash;
}

std::string sentence_key(const std::string& text, const CharacterMap& simplified) {
    std::string key;
    for (const char32_t c : decode_utf8(mapped(normalize_text(text), simplified))) {
        const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
        const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
        if (letter || category == UTF8PROC_CATEGORY_ND)
            key += encode_utf8(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
    }
    return key;
}

HeldOutKeys::HeldOutKeys(const std::vector<HeldOutSentence>& held_out, CharacterMap simplified)
    : simplified_(std::move(simplified)) {
    for (const HeldOutSentence& sentence : held_out) {
        chinese_.insert(sentence_key(sentence.chinese, simplified_));
        for (const std::string& reference : sentence.references) english_.insert(sentence_key(reference));
    }
}

bool HeldOutKeys::holds(const SentencePair& pair) const {
    return chinese_.contains(sentence_key(pair.chinese, simplified_)) || english_.contains(sentence_key(pair.english));
}

TranslationData read_translation_data(const std::string& path) {
    const std::string text = read_text_of_lines(path, longest_file);
    TranslationData data;
    data.source = sentence_source(path, text);
    ColumnCheck columns;
    std::map<std::string, std::size_t> held_out_at;
    std::set<std::string> held_out_english;
    std::vector<SentencePair> others;
    std::size_t start = 0;
    for (long line = 1; start < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string row = text.substr(start, end - start);
        start = end + 1;
        if (row.empty() || row == "\r") continue;
        const std::size_t tab = row.find('\t');
        if (tab == std::string::npos)
            throw Error(ErrorCode::bad_format, fmt::format("{}, line {}: no tab between English and Chinese", path, line),
                        "use cmn-eng.txt from manythings.org/anki");
        SentencePair pair{normalize_text(row.substr(tab + 1, row.find('\t', tab + 1) - tab - 1)),
                          normalize_text(row.substr(0, tab))};
        if (pair.chinese.empty() || pair.english.empty()) continue;
        columns.take(pair, path, line);
        if (fnv1a(pair.chinese) % held_out_one_in != 0) {
            others.push_back(std::move(pair));
            continue;
        }
        const auto [at, fresh] = held_out_at.emplace(pair.chinese, data.held_out.size());
        if (fresh) data.held_out.push_back({pair.chinese, {}});
        held_out_english.insert(joined(pretokenize(pair.english)));
        data.held_out[at->second].references.push_back(std::move(pair.english));
    }
    columns.finish(path);
    for (SentencePair& pair : others)
        if (!held_out_english.contains(joined(pretokenize(pair.english)))) data.training.push_back(std::move(pair));
    if (data.training.empty() || data.held_out.empty())
        throw Error(ErrorCode::bad_format, path + ": too few sentence pairs to split",
                    "use cmn-eng.txt from manythings.org/anki");
    return data;
}

}  // namespace saccade
