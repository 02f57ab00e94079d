#pragma once

#include "exhibit/exhibit.hpp"
#include "model/sequence_text.hpp"

namespace saccade {

// The bundled word aligner's view of a translation, beside a translator's attention.

inline constexpr const char* word_aligner = "zh-en-aligner";
/// Its tensor: [output, source], how far both directions link the two (model/word_aligner.hpp).
inline constexpr const char* agreement_tensor = "aligner.agreement";

/// Shows agreement_tensor for a source and an output of a translator: nothing of the translator is read but what it wrote. Axes
/// "output" and "source" are the caller's. Error{bad_format}, Error{cancelled}.
void show_word_alignment(const RunContext& context, const SequenceText& text, const SequenceText::Source& source,
                         const Ids& output);

}  // namespace saccade
