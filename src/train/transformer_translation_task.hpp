#pragma once

#include <memory>

#include "train/task.hpp"

namespace saccade {

/// zh-en-transformer: Chinese to English on the Tatoeba pairs (train/translation_set.hpp: the data, vocabularies and BLEU of
/// the recurrent models) by the encoder-decoder of Vaswani 2017, pre-norm, one table for target embedding and softmax weights.
/// One layer's cross-attention is guided by word alignments (train/attention_guide.hpp; Garg 2019, "Jointly learning to align
/// and translate with transformer models"). Options: alignment_loss (weight of that loss; 0, and the default without a
/// dictionary: none), merges, dropout, smoothing, layers, heads, d_model, d_ff, warm_up (steps), cool_down (share of the
/// steps). Error{usage} without a data file.
std::unique_ptr<Task> make_transformer_translation_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> transformer_translation_task_ids();

}  // namespace saccade
