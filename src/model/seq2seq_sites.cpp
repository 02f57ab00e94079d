#include "model/seq2seq_sites.hpp"

namespace saccade {

Seq2SeqSites::Seq2SeqSites(const Seq2SeqDesign& design)
    : source_id{"source.id", Role::input, "x", "Source tokens (ids)", "", {"source"}},
      source_embedding{"encoder.embedding", Role::embedding, "x", "Embedded source", "", {"source", "embedding"}},
      forward(cell_sites(design.cell, "encoder.forward", "→", "→h", "Encoder, left to right", {"source", "hidden"})),
      backward(cell_sites(design.cell, "encoder.backward", "←", "←h", "Encoder, right to left", {"source", "hidden"})),
      annotations{"annotations", Role::value, "h", "Annotations", "", {"source", "annotation"}},
      fixed{"encoder.fixed", Role::context, "c", "Fixed context", "", {"annotation"}},
      initial{"decoder.initial", Role::state, "s₀", "Decoder: initial state", "", {"state"}},
      initial_cell{"decoder.initial_cell", Role::state, "c₀", "Decoder: initial cell", "", {"state"}},
      scores{"scores", Role::scores, "e", "Scores", "", {"output", "source"}},
      context{"context", Role::context, "c", "Context", "", {"output", "annotation"}},
      previous_id{"decoder.input", Role::input, "y", "Previous output (ids)", "", {"output"}},
      previous_embedding{"decoder.embedding", Role::embedding, "y", "Embedded previous output", "", {"output", "embedding"}},
      decoder(cell_sites(design.cell, "decoder", "", "s", "Decoder", {"output", "state"})),
      attentional{"attentional", Role::state, "t", "Attentional vector", "", {"output", "attentional"}},
      logits{"logits", Role::logits, "o", "Logits", "logit", {"output", "token"}},
      probabilities{"probabilities", Role::probabilities, "p", "Output probabilities", "probability", {"output", "token"}},
      output_id{"output.id", Role::output, "y", "Output tokens (ids)", "", {"output"}} {
    if (!design.attention) return;
    const ScoreFunction& function = score_function(design.score);
    keys = {"keys", Role::key, "k", "Keys", "", {"source", function.key_axis}};
    queries = {"queries", Role::query, "q", "Queries", "", {"output", function.query_axis}};
}

}  // namespace saccade
