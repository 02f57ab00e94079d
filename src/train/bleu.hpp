#pragma once

#include <array>
#include <string>
#include <vector>

namespace saccade {

/// Corpus BLEU (Papineni et al. 2002): geometric mean of the clipped 1- to 4-gram precisions over all sentences, times the
/// brevity penalty exp(1 - r / c) if the output is shorter than the references. Several references per sentence; r counts, a
/// sentence, the reference length closest to the output's (the shorter of two as close). No smoothing; in [0, 1].
/// Tokens here: pretokenize (model/bpe.hpp) without its marks, so lower case, words, runs of digits, single punctuation marks.
class Bleu {
 public:
    void add(const std::string& output, const std::vector<std::string>& references);
    void add(const Bleu& other);
    double score() const;
    long sentences() const { return sentences_; }
    /// What the score is made of, n = 1 to 4.
    const std::array<long, 4>& matches() const { return matches_; }
    const std::array<long, 4>& totals() const { return totals_; }
    long output_length() const { return output_length_; }
    long reference_length() const { return reference_length_; }

 private:
    std::array<long, 4> matches_{}, totals_{};
    long output_length_ = 0, reference_length_ = 0, sentences_ = 0;
};

}  // namespace saccade
