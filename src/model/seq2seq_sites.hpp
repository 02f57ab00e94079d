#pragma once

#include "model/seq2seq.hpp"

namespace saccade {

/// Where the encoder-decoder shows its tensors; for model/seq2seq*.cpp alone.
struct Seq2SeqSites {
    explicit Seq2SeqSites(const Seq2SeqDesign& design);

    ProbeSite source_id, source_embedding;
    CellSites forward, backward;
    ProbeSite annotations, keys, fixed, initial, initial_cell;
    ProbeSite queries, scores, context;
    ProbeSite previous_id, previous_embedding;
    CellSites decoder;
    ProbeSite attentional, logits, probabilities, output_id;
};

/// The tensor as the model goes on with it; identity where nothing is shown. `row` < 0: the whole tensor.
template <class T>
Var<T> reveal(const Showing* showing, ProbeSite Seq2SeqSites::*site, Index row, Var<T> v) {
    return showing == nullptr ? std::move(v) : show(&showing->probe, showing->sites.*site, row, std::move(v));
}

}  // namespace saccade
