#pragma once

#include <memory>
#include <optional>

#include "model/beam.hpp"
#include "model/model_store.hpp"
#include "model/text_reader.hpp"

namespace saccade {

/// One picture of a word, read with everything shown.
struct ReadRequest {
    Tensor<float> picture;      // [height, width], grey, 0 to 1
    std::optional<Ids> forced;  // without [s], which is added; nullopt: what it reads
    BeamSettings beam{.width = 1, .length_penalty = 1, .max_steps = 40};
    Index hypothesis = 1;  // which of the beam's is shown, from 1
};

struct ReadOutput {
    Ids ids;                             // [s] included if it was reached
    std::vector<Hypothesis> hypotheses;  // of a beam, best first; empty without one
    std::vector<Index> looks;            // for each output the step that it looks at most
    std::vector<PlaceInPicture> places;  // where the middle of each step lies in the picture
    double log_probability = 0;          // of the output, natural logarithm
};

/// The reader of a model as its card has it, kept while the model lives.
std::shared_ptr<const TextReader<float>> text_reader_of(const ModelPtr& model);

/// Shows image [image.y, image.x, color]; control_points [point, coordinate], grid [y, x, coordinate], rectified.picture
/// [y, x, color] and rectified.points, where the control points are in it, as far as the model has a rectifier; what encodes
/// and decodes; step.place [source, coordinate], spread [source, map.y, map.x] and map [output, map.y, map.x]: the weights,
/// taken back through the spline to the picture. Control points that an intervention moves are where the picture is bent, and
/// all after it follows. Error{cancelled} within 5 ms.
ReadOutput run_reader(const TextReader<float>& model, const ReadRequest& request, Probe& probe, std::stop_token stop);

/// What the model reads, and nothing shown: greedily.
Ids read_greedily(const TextReader<float>& model, const Tensor<float>& picture, Index max_steps, std::stop_token stop);

/// Cells of a map over a picture that a reader reads.
inline constexpr Index reader_map_height = 16, reader_map_width = 50;

}  // namespace saccade
