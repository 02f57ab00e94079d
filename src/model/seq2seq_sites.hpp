#pragma once

#include <string>

#include "trace/probe.hpp"

namespace saccade {

/// Where the encoder-decoder shows its tensors; for model/seq2seq*.cpp alone.
struct GruSites {
    ProbeSite reset, update, candidate, state;
};

struct Seq2SeqSites {
    ProbeSite source_id, source_embedding;
    GruSites forward, backward;
    ProbeSite annotations, keys, initial;
    ProbeSite queries, scores, weights, context;
    ProbeSite previous_id, previous_embedding;
    GruSites decoder;
    ProbeSite logits, probabilities, output_id;
};

const Seq2SeqSites& seq2seq_sites();

}  // namespace saccade
