#include <cmath>
#include <nlohmann/json.hpp>

#include "model/card_json.hpp"
#include "model/seq2seq.hpp"

// Designs as model cards write them, and fresh weights.

namespace saccade {

nlohmann::json to_json(const Seq2SeqDesign& d) {
    return {{"cell", to_string(d.cell)},
            {"attention", d.attention},
            {"score", d.score},
            {"align", d.align.function},
            {"temperature", d.align.temperature},
            {"window", std::isinf(d.align.window) ? nlohmann::json() : nlohmann::json(d.align.window)},
            {"look_first", d.look_first},
            {"input_feeding", d.input_feeding}};
}

Seq2SeqDesign design_from_json(const nlohmann::json& card, const std::string& where) {
    Seq2SeqDesign d;
    if (!card.is_object() || !card.contains("design")) return d;
    const JsonObject found = card_object(card, where).object("design");
    std::string cell = to_string(d.cell);
    found.text("cell", cell);
    found.toggle("attention", d.attention);
    found.text("score", d.score);
    found.text("align", d.align.function);
    found.number("temperature", d.align.temperature, 0);
    if (const nlohmann::json* window = found.find("window"); window != nullptr && window->is_null())
        d.align.window = INFINITY;
    else
        found.number("window", d.align.window, 0);
    found.toggle("look_first", d.look_first);
    found.toggle("input_feeding", d.input_feeding);
    try {
        d.cell = cell_kind_from(cell);
        d.score = score_function(d.score).id;
        d.align.function = align_function(d.align.function).id;
    } catch (const Error& e) {
        throw Error(ErrorCode::bad_format, where + ": the model card's design: " + e.message(), e.hint());
    }
    return d;
}

namespace {

class Fresh {
 public:
    explicit Fresh(Rng& rng) : rng_(rng) {}

    void table(const std::string& name, const Shape& shape) {
        fill(name, shape, [this] { return rng_.normal(); });
    }
    /// Uniform in +-1 / sqrt(fan in); the fan in is the innermost extent.
    void uniform(const std::string& name, const Shape& shape) {
        const double limit = 1 / std::sqrt(static_cast<double>(shape[-1]));
        fill(name, shape, [&] { return limit * (2 * rng_.uniform() - 1); });
    }
    void constant(const std::string& name, const Shape& shape, float value = 0) {
        weights_.emplace(name, Tensor<float>(shape, value));
    }
    void linear(const std::string& name, Index out, Index in) {
        uniform(name + ".weight", {out, in});
        constant(name + ".bias", {out});
    }
    void cell(const std::string& name, CellKind kind, Index input, Index hidden) {
        const Index rows = gate_count(kind) * hidden;
        uniform(name + ".input_weight", {rows, input});
        uniform(name + ".hidden_weight", {rows, hidden});
        constant(name + ".input_bias", {rows});
        constant(name + ".hidden_bias", {rows});
        // A forget gate that starts open (Jozefowicz 2015, section 2.2).
        if (kind == CellKind::lstm)
            for (Index k = hidden; k < 2 * hidden; ++k) weights_.at(name + ".input_bias").data()[k] = 1.0f;
    }
    WeightMap take() { return std::move(weights_); }

 private:
    template <class Draw>
    void fill(const std::string& name, const Shape& shape, const Draw& draw) {
        Tensor<float> w(shape);
        for (float& v : w.values()) v = static_cast<float>(draw());
        weights_.emplace(name, std::move(w));
    }

    Rng& rng_;
    WeightMap weights_;
};

}  // namespace

WeightMap initial_seq2seq_weights(const Seq2SeqSizes& s, const Seq2SeqDesign& design, Rng& rng) {
    Fresh fresh(rng);
    const Index annotation = 2 * s.encoder, gates = gate_count(design.cell) * s.decoder;
    const Index input = s.source_vocabulary > 0 ? s.embedding : s.input;
    if (s.source_vocabulary > 0) fresh.table("encoder.embedding.weight", {s.source_vocabulary, s.embedding});
    fresh.cell("encoder.forward", design.cell, input, s.encoder);
    fresh.cell("encoder.backward", design.cell, input, s.encoder);
    fresh.linear("decoder.initial", s.decoder, s.encoder);
    if (design.cell == CellKind::lstm) fresh.linear("decoder.initial_cell", s.decoder, s.encoder);
    if (design.attention) {
        for (const FunctionParameter& p :
             score_function(design.score).parameters({s.decoder, annotation, s.attention, s.longest})) {
            // A strength of 4 lets a cosine, which is at most 1, tell keys apart from the start.
            if (p.name == "strength")
                fresh.constant("attention.strength", p.shape, 4);
            else
                fresh.uniform("attention." + p.name, p.shape);
        }
        for (const FunctionParameter& p : align_function(design.align.function).parameters({s.decoder, s.attention}))
            fresh.uniform("attention." + p.name, p.shape);
    }
    fresh.table("decoder.embedding.weight", {s.target_vocabulary, s.embedding});
    fresh.cell("decoder", design.cell, s.embedding, s.decoder);
    if (design.look_first) fresh.uniform("decoder.context_weight", {gates, annotation});
    if (design.input_feeding) fresh.uniform("decoder.feeding_weight", {gates, s.readout});
    if (s.readout > 0) {
        fresh.uniform("attentional.state_weight", {s.readout, s.decoder});
        fresh.uniform("attentional.context_weight", {s.readout, annotation});
        fresh.uniform("readout.weight", {s.target_vocabulary - 1, s.readout});
    } else {
        fresh.uniform("readout.state_weight", {s.target_vocabulary - 1, s.decoder});
        fresh.uniform("readout.context_weight", {s.target_vocabulary - 1, annotation});
    }
    fresh.constant("readout.bias", {s.target_vocabulary - 1});
    return fresh.take();
}

}  // namespace saccade
