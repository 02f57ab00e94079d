#pragma once

#include <memory>

#include "train/task.hpp"

namespace saccade {

/// Chinese to English on the Tatoeba pairs (translation_data.hpp), by recurrent encoder-decoders:
///   zh-en-gru    GRU, additive attention before the step (Bahdanau 2014)
///   zh-en-luong  LSTM, general score after the step, input feeding (Luong 2015)
///   zh-en-fixed  the GRU without attention: one fixed context (Cho 2014)
///   zh-en-gru-guided, zh-en-luong-guided  the same, with attention guided by word alignments (train/attention_guide.hpp)
/// Options: alignment_loss (weight of the guide's loss; 0: none), merges, dropout, smoothing, embedding, encoder, decoder,
/// attention, readout (units). Error{usage} without a data file.
std::unique_ptr<Task> make_translation_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> translation_task_ids();

}  // namespace saccade
