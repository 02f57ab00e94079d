#include "train/bleu.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "model/bpe.hpp"

namespace saccade {

namespace {

using Tokens = std::vector<std::string>;
using NgramCounts = std::map<Tokens, long>;

NgramCounts ngrams(const Tokens& tokens, std::size_t n) {
    NgramCounts counts;
    for (std::size_t i = 0; i + n <= tokens.size(); ++i)
        ++counts[Tokens(tokens.begin() + static_cast<std::ptrdiff_t>(i), tokens.begin() + static_cast<std::ptrdiff_t>(i + n))];
    return counts;
}

}  // namespace

void Bleu::add(const std::string& output, const std::vector<std::string>& references) {
    const Tokens tokens = words_of(output);
    const auto length = static_cast<long>(tokens.size());
    std::vector<Tokens> all;
    for (const std::string& reference : references) all.push_back(words_of(reference));
    for (std::size_t n = 1; n <= 4; ++n) {
        NgramCounts allowed;
        for (const Tokens& reference : all)
            for (const auto& [ngram, count] : ngrams(reference, n)) allowed[ngram] = std::max(allowed[ngram], count);
        for (const auto& [ngram, count] : ngrams(tokens, n)) {
            const auto found = allowed.find(ngram);
            if (found != allowed.end()) matches_[n - 1] += std::min(count, found->second);
            totals_[n - 1] += count;
        }
    }
    long closest = 0;
    for (std::size_t r = 0; r < all.size(); ++r) {
        const auto own = static_cast<long>(all[r].size());
        const long gap = std::labs(own - length), best = std::labs(closest - length);
        if (r == 0 || gap < best || (gap == best && own < closest)) closest = own;
    }
    output_length_ += length;
    reference_length_ += closest;
    ++sentences_;
}

void Bleu::add(const Bleu& other) {
    for (std::size_t n = 0; n < 4; ++n) {
        matches_[n] += other.matches_[n];
        totals_[n] += other.totals_[n];
    }
    output_length_ += other.output_length_;
    reference_length_ += other.reference_length_;
    sentences_ += other.sentences_;
}

double Bleu::score() const {
    double logarithms = 0;
    for (std::size_t n = 0; n < 4; ++n) {
        if (matches_[n] == 0) return 0;
        logarithms += std::log(static_cast<double>(matches_[n]) / static_cast<double>(totals_[n])) / 4;
    }
    const double ratio = static_cast<double>(reference_length_) / static_cast<double>(output_length_);
    return std::exp(logarithms + std::min(0.0, 1 - ratio));
}

}  // namespace saccade
