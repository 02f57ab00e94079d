#pragma once

#include <span>

#include "model/sequence_text.hpp"
#include "model/word_aligner.hpp"

namespace saccade {

/// Says where the attention of a translator should lie: where the bundled word aligner (zh-en-aligner) links the token that is
/// being written (Liu 2016, "Neural machine translation with supervised attention"; Mi 2016, "Supervised attentions for neural
/// machine translation"). To be used with alignment_loss (train/attention_losses.hpp).
class AttentionGuide {
 public:
    /// Error{bad_format} if the aligner reads other tokens than this text: it was trained on other pairs.
    explicit AttentionGuide(const SequenceText& text);

    /// Gold cells of a batch, 1 or 0. Rows without a link (and <end>, and padding) are all 1, so that the loss asks nothing of
    /// them. Time-major: [steps * B, length], row i * B + b; else batch-major: row b * steps + i.
    std::vector<float> gold(std::span<const Ids> sources, std::span<const Ids> targets, Index steps, Index length,
                            bool time_major) const;

 private:
    WordAligner aligner_;
};

}  // namespace saccade
