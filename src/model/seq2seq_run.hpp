#pragma once

#include <optional>

#include "model/beam.hpp"

namespace saccade {

/// One source to read and one output to write, with everything shown.
struct Seq2SeqRequest {
    Ids source;
    std::vector<std::string> source_labels;  // one per position
    std::vector<std::string> target_tokens;  // the vocabulary, <end> and <start> last
    std::optional<Ids> forced;               // without <end>, which is added; nullopt: decode freely
    BeamSettings beam{.width = 1, .length_penalty = 1, .max_steps = 64};
    Index hypothesis = 1;  // which of the beam's is shown, from 1; more than there are: the last
    std::uint64_t seed = 7;
};

struct Seq2SeqOutput {
    Ids ids;                             // <end> included if it was reached
    std::vector<Hypothesis> hypotheses;  // of a beam, best first; empty without one
};

/// The axes of what a Seq2Seq shows of one source and its output: source, output, embedding (or input, where the source was no
/// ids), hidden, annotation, state, ... `target_tokens` as in a request.
void declare_seq2seq_axes(Probe& probe, const Seq2Seq<float>& model, const std::vector<std::string>& source_labels,
                          const std::vector<std::string>& target_tokens, const Ids& output);

/// Encodes, searches (a beam wider than 1) and decodes, showing every tensor. With a beam, the search sees interventions in the
/// encoder; the decoder's are seen by the hypothesis that is shown, and a note says so. Shown of a beam, on the axes
/// beam.step and beam.candidate (best first, 2 * width): beam.parent, beam.token, beam.log_probability, beam.score, beam.fate
/// (0 pruned, 1 live, 2 finished), beam.rank. Error{cancelled} within 5 ms of a stop.
Seq2SeqOutput run_seq2seq(const Seq2Seq<float>& model, const Seq2SeqRequest& request, Probe& probe, std::stop_token stop);

}  // namespace saccade
