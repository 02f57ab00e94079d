#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/sequence_text.hpp"

namespace saccade::test {

/// A pair of tests/data/zh-en-alignments.txt, whose comment says what it holds.
struct HandAligned {
    std::string chinese, english;
    std::vector<std::string> words, characters;  // a word each; "-": no character
};

inline bool is_mark(const std::string& token) {
    return token == "." || token == "?" || token == ",";
}

inline std::vector<HandAligned> hand_aligned_pairs() {
    std::ifstream file(std::string(SACCADE_TEST_DATA) + "/data/zh-en-alignments.txt");
    std::vector<HandAligned> all;
    const auto split = [](const std::string& text) {
        std::istringstream in(text);
        return std::vector<std::string>(std::istream_iterator<std::string>(in), {});
    };
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("#")) continue;
        const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
        if (second == std::string::npos) continue;  // the comment's second line
        HandAligned pair{
            line.substr(0, first), {}, split(line.substr(first + 1, second - first - 1)), split(line.substr(second + 1))};
        for (const std::string& word : pair.words) pair.english += (pair.english.empty() || is_mark(word) ? "" : " ") + word;
        all.push_back(std::move(pair));
    }
    return all;
}

struct Share {
    Index right = 0, words = 0;
    double value() const { return static_cast<double>(right) / static_cast<double>(words); }
};

/// Words whose largest weight is on one of their characters; the pieces of a word count together. `weights`: source, target
/// without <end> -> [targets or more, sources].
inline Share on_gold(const SequenceText& text, const std::function<Tensor<float>(const Ids&, const Ids&)>& weights) {
    Share share;
    for (const HandAligned& pair : hand_aligned_pairs()) {
        const SequenceText::Source source = text.read(pair.chinese);
        const Ids target = text.target(pair.english);
        const Tensor<float> all = weights(source.ids, target);
        std::vector<std::vector<float>> rows;
        for (std::size_t i = 0; i < target.size(); ++i) {
            const std::string& piece = text.vocabularies().target.token(target[i]);
            if (piece.starts_with("\u2581") || is_mark(piece)) rows.emplace_back(source.ids.size(), 0.0f);
            const Tensor<float> row = all.row(static_cast<Index>(i));
            for (std::size_t j = 0; j < source.ids.size(); ++j) rows.back()[j] += row.values()[j];
        }
        if (rows.size() != pair.words.size() || rows.size() != pair.characters.size())
            throw std::runtime_error("zh-en-alignments.txt: words and characters do not match: " + pair.english);
        for (std::size_t w = 0; w < rows.size(); ++w) {
            if (pair.characters[w] == "-" || is_mark(pair.words[w])) continue;
            const auto at = static_cast<std::size_t>(std::max_element(rows[w].begin(), rows[w].end()) - rows[w].begin());
            ++share.words;
            share.right += pair.characters[w].find(source.tokens[at]) != std::string::npos ? 1 : 0;
        }
    }
    return share;
}

}  // namespace saccade::test
