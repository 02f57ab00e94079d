#pragma once

#include <memory>

#include "train/task.hpp"

namespace saccade {

/// zh-en-aligner: the unsupervised word aligner of model/word_aligner.hpp on the translators' pairs
/// (train/translation_set.hpp), Chinese characters and English subwords. Each step is one iteration of expectation maximisation
/// over all pairs: first of IBM model 1 in both directions, then of the HMM from its table (Och and Ney 2003, section 3.1,
/// start in the same way). The gradient of the log-likelihood by a probability is its expected count over the probability
/// (Salakhutdinov, Roweis and Ghahramani 2003, eq. 4), so the update needs nothing else: probability times gradient,
/// normalised. Options: ibm1 (iterations of IBM model 1), merges. Error{usage} without a data file.
std::unique_ptr<Task> make_aligner_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> aligner_task_ids();

}  // namespace saccade
