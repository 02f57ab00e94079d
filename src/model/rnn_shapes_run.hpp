#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "model/rnn_shapes.hpp"

namespace saccade {

/// What one run of a network reads.
struct RnnInput {
    Ids ids;                                   // one_to_n: the one symbol
    std::vector<std::string> labels;           // of the positions; one_to_n: not read
    std::vector<std::string> inputs, outputs;  // names of all symbols, as the model card lists them
    Index end = -1;                            // output that ends the decoding, or -1
    Index most_steps = 1;                      // of a decoder
};

/// A network whose fading memory is measured on the same input; all of one shape and embedding size.
struct MemoryOf {
    std::string label;  // "GRU"
    const RnnShapes<float>* model;
};

/// One input with every tensor shown; parameters, axes and steps declared. Returns the ids that were chosen: one, one a
/// position, or those written, with the end. memory.jacobian holds, for each of `memories`, how the states depend on the
/// embedded input:
///   n_to_one, n_to_m   d h_T / d x_t          one_to_n   d h_t / d x_1
///   n_to_n             two rows each: of the state at the last and at the first position
/// in the networks as they were trained: interventions on the input's ids reach them, others do not. Error{cancelled}.
Ids run_rnn_shape(const RnnShapes<float>& model, const RnnInput& input, std::span<const MemoryOf> memories, Probe& probe,
                  const std::stop_token& stop);

}  // namespace saccade
