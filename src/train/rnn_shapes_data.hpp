#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/rnn_shapes.hpp"
#include "train/dates_data.hpp"

namespace saccade {

/// Names of what a network of this shape reads and writes, as its model card lists them. one_to_n: the inputs are the months,
/// then the characters that it writes; n_to_m and one_to_n end with "<end>".
struct RnnNames {
    std::vector<std::string> inputs, outputs;
};
const RnnNames& rnn_names(RnnShape shape);
/// "January" ... "December".
const std::vector<std::string>& month_names();
inline constexpr Index months_in_a_year = 12;
/// Steps that a decoder needs: an ISO date, or the longest month, and the end.
Index rnn_decoder_steps(RnnShape shape);

/// Examples of a shape as a batch.
struct RnnBatch {
    PaddedTexts texts;
    /// n_to_one [B]; else time-major [steps * B], where weights are 0 at the padding.
    Ids targets;
    std::vector<float> weights;  // one per target
};
/// Not for one_to_n. Characters that are not of the alphabet are read as "<unk>".
RnnBatch rnn_batch(RnnShape shape, std::span<const DateExample> examples);
/// Months from `first` on: their names to be spelled out.
RnnBatch rnn_months(Index first, Index count);

}  // namespace saccade
