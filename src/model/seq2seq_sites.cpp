#include "model/seq2seq_sites.hpp"

namespace saccade {

namespace {

GruSites gru_sites(const std::string& name, const std::string& arrow, const std::string& state_symbol, const std::string& title,
                   const std::vector<std::string>& axes) {
    return {{name + ".reset", Role::gate, arrow + "r", title + ": reset gate", "", axes},
            {name + ".update", Role::gate, arrow + "z", title + ": update gate", "", axes},
            {name + ".candidate", Role::state, arrow + "n", title + ": candidate state", "", axes},
            {name + ".state", Role::state, state_symbol, title + ": state", "", axes}};
}

}  // namespace

const Seq2SeqSites& seq2seq_sites() {
    static const Seq2SeqSites sites = {
        .source_id = {"source.id", Role::input, "x", "Source characters (ids)", "", {"source"}},
        .source_embedding = {"encoder.embedding", Role::embedding, "x", "Embedded source", "", {"source", "embedding"}},
        .forward = gru_sites("encoder.forward", "→", "→h", "Encoder, left to right", {"source", "hidden"}),
        .backward = gru_sites("encoder.backward", "←", "←h", "Encoder, right to left", {"source", "hidden"}),
        .annotations = {"annotations", Role::value, "h", "Annotations", "", {"source", "annotation"}},
        .keys = {"keys", Role::key, "k", "Keys", "", {"source", "attention"}},
        .initial = {"decoder.initial", Role::state, "s₀", "Decoder: initial state", "", {"state"}},
        .queries = {"queries", Role::query, "q", "Queries", "", {"output", "attention"}},
        .scores = {"scores", Role::scores, "e", "Scores", "", {"output", "source"}},
        .weights = {"weights", Role::weights, "α", "Attention weights", "weight", {"output", "source"}},
        .context = {"context", Role::context, "c", "Context", "", {"output", "annotation"}},
        .previous_id = {"decoder.input", Role::input, "y", "Previous output (ids)", "", {"output"}},
        .previous_embedding =
            {"decoder.embedding", Role::embedding, "y", "Embedded previous output", "", {"output", "embedding"}},
        .decoder = gru_sites("decoder", "", "s", "Decoder", {"output", "state"}),
        .logits = {"logits", Role::logits, "o", "Logits", "logit", {"output", "character"}},
        .probabilities =
            {"probabilities", Role::probabilities, "p", "Output probabilities", "probability", {"output", "character"}},
        .output_id = {"output.id", Role::output, "y", "Output characters (ids)", "", {"output"}},
    };
    return sites;
}

}  // namespace saccade
