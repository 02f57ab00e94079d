#pragma once

#include <optional>

#include "base/reuse.hpp"
#include "model/beam.hpp"
#include "model/sequence_text.hpp"
#include "model/transformer.hpp"

namespace saccade {

/// A model as runs need it.
struct LoadedTransformer {
    TransformerDesign design;
    Transformer<float> model;
    std::shared_ptr<const SequenceText> text;
};
/// Made once for a model and a design while the model lives. Error{bad_format} names the model and what does not fit;
/// Error{invalid_input} for a design that the weights cannot have (a position code whose table they lack).
std::shared_ptr<const LoadedTransformer> transformer_of(const ModelPtr& model, const TransformerDesign& design);
/// The design of the model's card.
TransformerDesign trained_design(const Model& model);

/// One source to read and one output to write, with everything shown.
struct TransformerRequest {
    Ids source;
    std::vector<std::string> source_labels;  // one per position
    std::optional<Ids> forced;               // without <end>, which is added; nullopt: decode freely
    BeamSettings beam{.width = 1, .length_penalty = 1, .max_steps = 64};
    Index hypothesis = 1;                                 // which of the beam's is shown, from 1; more than there are: the last
    std::optional<Index> encoder_radius, decoder_radius;  // restricted self-attention
    /// Shows d log p(y_i) / d weights, too, for output position i (negative: the last).
    bool gradients = false;
    Index gradient_at = -1;
};

struct TransformerOutput {
    Ids ids;                             // <end> included if it was reached
    std::vector<Hypothesis> hypotheses;  // of a beam, best first; empty without one
};

/// Encodes, searches and runs the decoder over what was found, showing every tensor of both stacks, logits and probabilities
/// [output, class], output.id; of a beam, the tree as model/beam_show.hpp has it. The search goes on from cached keys and
/// values where nothing intervenes; otherwise each step runs the whole prefix, so that the output follows the interventions (a
/// beam follows those in the encoder, and a note says so). What is shown comes from one pass over the whole output: a free
/// output and the same one forced give the same trace, bit for bit. `reuse`: the encoder of the same source, and the decoder
/// over the same output, are not run again. Error{cancelled} within 5 ms of a stop.
TransformerOutput run_transformer(const std::shared_ptr<const LoadedTransformer>& loaded, const TransformerRequest& request,
                                  Probe& probe, Reuse& reuse, const std::stop_token& stop);

/// The encoder alone.
Var<float> run_transformer_encoder(const std::shared_ptr<const LoadedTransformer>& loaded, const TransformerRequest& request,
                                   Probe& probe, Reuse& reuse, const std::stop_token& stop);

}  // namespace saccade
