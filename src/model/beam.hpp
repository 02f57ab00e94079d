#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "model/transformer.hpp"

namespace saccade {

/// When `width` hypotheses have ended, does the search end too (early_stopping true), once the best that grows is no better
/// than the worst of them (false), or once it could not become better up to the last step ("never")?
enum class BeamEnd { early, likely, certain };

struct BeamSettings {
    Index width = 5;
    double length_penalty = 1;  // alpha of Wu 2016: 0 compares log-probabilities as they are, which favours short outputs
    Index max_steps = 64;
    /// As generate() of the library transformers has it: the penalty is length^alpha, the end is `end`; what still grows when
    /// the steps run out competes with what ended.
    bool as_generate = false;
    BeamEnd end = BeamEnd::early;
    bool operator==(const BeamSettings&) const = default;
};

/// One extension of a hypothesis that was looked at.
struct BeamCandidate {
    enum class Fate { pruned, live, finished };
    Index parent = -1;  // among the candidates of the step before; -1: the start
    Index token = 0;
    double log_probability = 0;  // of the whole hypothesis, natural logarithm
    double score = 0;            // log_probability / lp(length)
    Fate fate = Fate::pruned;
    Index rank = 0;  // of a finished hypothesis: 1 is the best; 0 for all others
};

/// A finished (or cut off) hypothesis.
struct Hypothesis {
    Ids ids;  // <end> included if it was reached
    double log_probability = 0, score = 0;
    Index step = 0, candidate = 0;  // where it ends in the tree
};

struct BeamResult {
    std::vector<Hypothesis> hypotheses;             // best first, at most `width`
    std::vector<std::vector<BeamCandidate>> steps;  // the tree: a step's candidates, best first, at most 2 * width
    bool as_generate = false;                       // how scores came about, as BeamSettings has it
};

/// What a beam search needs of a model.
template <class T>
struct BeamModel {
    Index start = 0, end = 0;  // ids of <start> and <end>
    /// Goes on from the hypotheses `rows` of the step before (at first: of a batch of one), each with its last id:
    /// -> log p(next id), [rows, classes].
    std::function<Tensor<T>(std::span<const Index> rows, const Ids& previous)> step;
};

/// Beam search (Graves 2012; Sutskever 2014, section 3.2): of all extensions of the live hypotheses the best `width` that do
/// not end live on; an extension by <end> among the best `width` is finished. Ends when `width` hypotheses are finished, or at
/// max_steps. Finished ones are ranked by log P / lp, lp = ((5 + length) / 6)^alpha (Wu 2016, eq. 14). Width 1 is greedy.
/// Error{invalid_input} for a width below 1, Error{cancelled}.
template <class T>
BeamResult beam_search(const BeamModel<T>& model, const BeamSettings& settings, std::stop_token stop = {});

/// The same for a source that was encoded, a batch of one. `rng` as in Seq2Seq::step.
template <class T>
BeamResult beam_search(const Seq2Seq<T>& model, const typename Seq2Seq<T>::Encoded& encoded, const BeamSettings& settings,
                       Rng* rng = nullptr, std::stop_token stop = {});
template <class T>
BeamResult beam_search(const Transformer<T>& model, const typename Transformer<T>::Encoded& encoded,
                       const BeamSettings& settings, std::stop_token stop = {});

}  // namespace saccade
