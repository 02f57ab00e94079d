#pragma once

#include "model/captioner.hpp"

namespace saccade {

/// Where the captioner shows its tensors; for model/captioner*.cpp alone.
struct CaptionerSites {
    CaptionerSites();

    ProbeSite annotations, keys, initial, initial_cell;
    ProbeSite previous_id, previous_embedding;
    ProbeSite queries, scores, policy, weights;
    ProbeSite channel_means, channel_queries, channel_scores, channel_gate;
    ProbeSite context, beta, gated;
    CellSites decoder;
    ProbeSite readout, logits, probabilities, output_id;
    ProbeSite map, coverage;
};

/// The tensor as the model goes on with it; identity where nothing is shown. `row` < 0: the whole tensor.
template <class T>
Var<T> reveal(const CaptionShowing* showing, ProbeSite CaptionerSites::*site, Index row, Var<T> v) {
    return showing == nullptr ? std::move(v) : show(&showing->probe, showing->sites.*site, row, std::move(v));
}

}  // namespace saccade
