#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "attention/align.hpp"
#include "params/param_make.hpp"

namespace saccade {

/// A key-value memory as a run takes it. Addressing and reading: Miller 2016, eq. 1 and 2; content addressing: Graves 2014,
/// section 3.3.1. For exhibit/memory.cpp.
struct Memory {
    Tensor<float> queries, keys, values;  // [queries, d], [slots, d], [slots, d_v]
    bool tied = false;                    // values are the keys
    std::string score;                    // dot, scaled_dot, cosine
    double strength = 1;                  // of cosine
    AlignSettings align;                  // how it is read
    std::int64_t hops = 1;

    Index query_count() const { return queries.shape()[0]; }
    Index slots() const { return keys.shape()[0]; }
    Index width() const { return keys.shape()[1]; }
    std::string value_axis() const { return tied ? "feature" : "value"; }
};

/// The parameters of the exhibit as a memory. Error{invalid_input} in one line if shapes do not fit each other, or numbers are
/// too large or too small to be multiplied.
Memory memory_of(const Params& params);

/// The choices of the score, and of the read: soft, hard, sample, then every other alignment function that needs nothing but
/// scores, which `help` then tells of.
std::vector<Choice> memory_scores();
std::vector<Choice> memory_reads(std::string& help);

/// Addresses, normalises and reads as often as there are hops; after each the read-out is added to the query (Miller 2016,
/// section 3.1, with R = 1). Shows every tensor with what it follows from: scores, weights, contributions, context, and
/// the same after "hop2." and so on. Axes: query, slot, feature, value. Returns the last read-out [queries, d_v].
/// Error{numeric} if numbers overflow, {cancelled}.
Tensor<float> read_memory(Memory memory, std::uint64_t seed, Probe& probe, const std::stop_token& stop);

}  // namespace saccade
