#pragma once

#include "viz/attention_plane.hpp"

namespace saccade {

/// The words that tokens make: "·don", "'t" are "don't", "play", "##ing" are "playing". Special tokens, signs alone, and
/// characters of Chinese, Japanese and Korean stand for themselves.
struct MergedWords {
    std::vector<Index> starts;        // of each word, its first token
    std::vector<std::string> labels;  // and its text
};
/// Empty if no two tokens of the axis make a word.
MergedWords merged_words(const Axis& axis);
/// Do any?
bool has_merged_words(const Axis& axis);

/// Joins the tokens of each word on both axes of a plane of weights: a word gets what its tokens get, and looks as its tokens
/// do in the mean, so that rows still sum to 1. False if there is nothing to join.
bool merge_words(AttentionPlane& plane);

}  // namespace saccade
