#pragma once

#include <optional>

#include "model/beam.hpp"
#include "model/captioner.hpp"

namespace saccade {

/// One picture to read and one caption to write, with everything shown.
struct CaptionRequest {
    Tensor<float> picture;           // [y, x, 3], 0 to 1
    Index start = 0;                 // id of the language: <en> or <zh>
    std::vector<std::string> words;  // the vocabulary, <end>, <en>, <zh> last
    std::optional<Ids> forced;       // without <end>, which is added; nullopt: decode freely
    BeamSettings beam{.width = 1, .length_penalty = 1, .max_steps = 48};
    Index hypothesis = 1;               // which of the beam's is shown, from 1
    std::optional<std::uint64_t> seed;  // hard attention: draws locations; nullopt: takes the likeliest
};

struct CaptionOutput {
    Ids ids;                             // <end> included if it was reached
    std::vector<Hypothesis> hypotheses;  // of a beam, best first; empty without one
    Index height = 0, width = 0;         // of the map
    std::vector<Tensor<float>> maps;     // weights of each word [1, height * width]
};

/// Encodes, searches (a beam wider than 1) and decodes, showing every tensor; a beam's tree as show_beam (model/beam_show.hpp).
/// The search sees interventions in the encoder; the decoder's are seen by the hypothesis that is shown, and a note says so.
/// Error{cancelled} within 5 ms of a stop.
CaptionOutput run_captioner(const Captioner<float>& model, const CaptionRequest& request, Probe& probe, std::stop_token stop);

/// The tree of a beam over the captions of one picture.
BeamResult beam_search(const Captioner<float>& model, const Captioner<float>::Encoded& encoded, Index start,
                       const BeamSettings& settings, std::stop_token stop = {});

}  // namespace saccade
