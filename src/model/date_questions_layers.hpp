#pragma once

#include "model/recurrent_layer.hpp"

// Names that the files of model/date_questions*.cpp share.

namespace saccade {

inline RecurrentLayer forward_layer() {
    return {"encoder.forward", "→", "Encoder, left to right", "encoder.embedding", "source", "hidden", "embedding", false};
}
inline RecurrentLayer backward_layer() {
    return {"encoder.backward", "←", "Encoder, right to left", "encoder.embedding", "source", "hidden", "embedding", true};
}
inline ProbeSite embedding_site() {
    return {"encoder.embedding", Role::embedding, "x", "Embedded source", "", {"source", "embedding"}};
}
inline ProbeSite annotations_site() {
    return {"annotations", Role::value, "h", "Annotations", "", {"source", "annotation"}};
}

}  // namespace saccade
