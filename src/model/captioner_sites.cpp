#include "model/captioner_sites.hpp"

namespace saccade {

CaptionerSites::CaptionerSites()
    : annotations{"annotations", Role::value, "a", "Annotations", "", {"location", "channel"}},
      keys{"keys", Role::key, "k", "Keys", "", {"location", "attention"}},
      initial{"decoder.initial", Role::state, "h₀", "Decoder: initial state", "", {"state"}},
      initial_cell{"decoder.initial_cell", Role::state, "c₀", "Decoder: initial cell", "", {"state"}},
      previous_id{"decoder.input", Role::input, "y", "Previous word (ids)", "", {"output"}},
      previous_embedding{"decoder.embedding", Role::embedding, "Ey", "Embedded previous word", "", {"output", "embedding"}},
      queries{"queries", Role::query, "q", "Queries", "", {"output", "attention"}},
      scores{"scores", Role::scores, "e", "Scores", "", {"output", "location"}},
      policy{"policy", Role::probabilities, "π", "Probability of each location", "probability", {"output", "location"}},
      weights{"weights", Role::weights, "α", "Attention weights", "weight", {"output", "location"}},
      channel_means{"channel_means", Role::state, "v", "Mean of each channel", "", {"output", "channel"}},
      channel_queries{"channel_queries", Role::query, "q", "Queries of the channels", "", {"output", "channel_attention"}},
      channel_scores{"channel_scores", Role::scores, "f", "Scores of the channels", "", {"output", "channel"}},
      channel_gate{"channel_gate", Role::gate, "γ", "Channel gates", "", {"output", "channel"}},
      context{"context", Role::context, "ẑ", "Context", "", {"output", "channel"}},
      beta{"beta", Role::gate, "β", "Gating scalar", "", {"output"}},
      gated{"gated_context", Role::context, "z", "Gated context", "", {"output", "channel"}},
      decoder(cell_sites(CellKind::lstm, "decoder", "", "h", "Decoder", {"output", "state"})),
      readout{"readout", Role::state, "d", "Deep output", "", {"output", "embedding"}},
      logits{"logits", Role::logits, "o", "Logits", "logit", {"output", "token"}},
      probabilities{"probabilities", Role::probabilities, "p", "Word probabilities", "probability", {"output", "token"}},
      output_id{"output.id", Role::output, "y", "Words (ids)", "", {"output"}},
      map{"map", Role::map, "α", "Where each word looks", "weight", {"output", "y", "x"}},
      coverage{"coverage", Role::map, "Σα", "All that was looked at", "weight", {"y", "x"}} {}

}  // namespace saccade
