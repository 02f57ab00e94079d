#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/card_json.hpp"
#include "model/transformer.hpp"

// Designs as model cards write them, and fresh weights.

namespace saccade {

nlohmann::json to_json(const StackDesign& d) {
    nlohmann::json json = {
        {"layers", d.layers},         {"heads", d.heads},       {"d_model", d.d_model}, {"d_ff", d.d_ff},   {"norm", d.norm},
        {"activation", d.activation}, {"position", d.position}, {"causal", d.causal},   {"cross", d.cross}, {"bias", d.bias}};
    // What few models have is written where it differs.
    const StackDesign usual;
    const auto unusual = [&json](const char* name, const auto& value, const auto& otherwise) {
        if (value != otherwise) json[name] = value;
    };
    unusual("scaled_embedding", d.scaled_embedding, usual.scaled_embedding);
    unusual("embedding_norm", d.embedding_norm, usual.embedding_norm);
    unusual("rms", d.rms, usual.rms);
    unusual("gated", d.gated, usual.gated);
    unusual("feed_forward_bias", d.feed_forward_bias, usual.feed_forward_bias);
    unusual("norm_epsilon", d.norm_epsilon, usual.norm_epsilon);
    unusual("d_head", d.d_head, usual.d_head);
    unusual("groups", d.groups, usual.groups);
    unusual("window", d.window, usual.window);
    unusual("query_key_norm", d.query_key_norm, usual.query_key_norm);
    unusual("scaled_scores", d.scaled_scores, usual.scaled_scores);
    unusual("max_distance", d.max_distance, usual.max_distance);
    unusual("parallel", d.parallel, usual.parallel);
    return json;
}

StackDesign stack_design_from_json(const nlohmann::json& card, const std::string& key, const std::string& where) {
    const JsonObject found = card_object(card, where).object(key.c_str());
    StackDesign d;
    found.whole("layers", d.layers);
    found.whole("heads", d.heads);
    found.whole("d_model", d.d_model);
    found.whole("d_ff", d.d_ff);
    found.text("norm", d.norm);
    found.text("activation", d.activation);
    found.text("position", d.position);
    found.toggle("causal", d.causal);
    found.toggle("cross", d.cross);
    found.toggle("bias", d.bias);
    found.toggle("scaled_embedding", d.scaled_embedding);
    found.toggle("embedding_norm", d.embedding_norm);
    found.toggle("rms", d.rms);
    found.toggle("gated", d.gated);
    found.toggle("feed_forward_bias", d.feed_forward_bias);
    found.number("norm_epsilon", d.norm_epsilon);
    found.whole("d_head", d.d_head);
    found.whole("groups", d.groups);
    found.whole("window", d.window);
    found.toggle("query_key_norm", d.query_key_norm);
    found.toggle("scaled_scores", d.scaled_scores);
    found.whole("max_distance", d.max_distance);
    found.toggle("parallel", d.parallel);
    try {
        require_valid(d);
    } catch (const Error& e) {
        throw Error(ErrorCode::bad_format, fmt::format("{}: the model card's {}: {}", where, key, e.message()), e.hint());
    }
    return d;
}

void require_valid(const StackDesign& d) {
    const auto require = [](bool holds, const std::string& what, const std::string& hint) {
        if (!holds) throw Error(ErrorCode::invalid_input, "transformer: " + what, hint);
    };
    require(d.layers >= 1 && d.layers <= 1024, fmt::format("{} layers", d.layers), "choose at least 1");
    require(d.d_ff >= 0 && d.d_model <= 65536 && d.d_ff <= 1048576, "d_model or d_ff is out of range",
            "d_model lies between 1 and 65536, d_ff between 0 (no feed-forward) and 1048576");
    require(d.norm == "pre" || d.norm == "post" || d.norm == "none", "there is no norm '" + d.norm + "'",
            "choose one of: pre, post, none");
    require(d.norm_epsilon > 0 && d.norm_epsilon < 1, fmt::format("norm_epsilon is {}", d.norm_epsilon),
            "choose a small number above 0, for example 1e-5");
    activation(d.activation);
    require(d.d_head >= 0 && d.d_head <= 65536 && d.window >= 0, "d_head or window is out of range",
            "d_head lies between 1 and 65536; a window is 1 or more; 0: none");
    require_heads(d.d_head > 0 ? d.d_head * std::clamp<Index>(d.heads, 1, 65536) : d.d_model, d.heads);
    require(d.groups >= 0 && (d.groups == 0 || d.heads % d.groups == 0),
            fmt::format("{} groups of keys do not divide {} heads", d.groups, d.heads), "choose a number that divides them");
    require(!d.parallel || (d.norm == "pre" && !d.cross && d.d_ff > 0), "parallel sub-layers",
            "they need norm: pre, and no cross");
    require(d.max_distance >= 1 && d.max_distance <= 65536, fmt::format("max_distance is {}", d.max_distance),
            "it lies between 1 and 65536");
    position_code(d.position);
}

Index units_of(const StackDesign& d) {
    return d.d_head > 0 ? d.d_head : d.d_model / d.heads;
}

Index groups_of(const StackDesign& d) {
    return d.groups > 0 ? d.groups : d.heads;
}

int sublayers(const StackDesign& d) {
    return 1 + (d.cross ? 1 : 0) + (d.d_ff > 0 ? 1 : 0);
}

void into_card(const TransformerDesign& design, nlohmann::json& card) {
    card["encoder"] = to_json(design.encoder);
    card["decoder"] = to_json(design.decoder);
}

TransformerDesign transformer_design_from_json(const nlohmann::json& card, const std::string& where) {
    TransformerDesign d{stack_design_from_json(card, "encoder", where), stack_design_from_json(card, "decoder", where)};
    if (d.encoder.d_model != d.decoder.d_model || !d.decoder.cross || d.encoder.cross)
        throw Error(ErrorCode::bad_format, where + ": the model card's encoder and decoder do not match",
                    "both have one d_model, and the decoder alone has cross-attention");
    return d;
}

namespace {

class Fresh {
 public:
    Fresh(WeightMap& weights, Rng& rng) : weights_(weights), rng_(rng) {}

    void normal(const std::string& name, const Shape& shape, double deviation) {
        fill(name, shape, [&] { return deviation * rng_.normal(); });
    }
    void constant(const std::string& name, const Shape& shape, float value) {
        weights_.emplace(name, Tensor<float>(shape, value));
    }
    void linear(const std::string& name, Index out, Index in, bool bias) {
        const double limit = std::sqrt(6.0 / static_cast<double>(in + out));
        fill(name + ".weight", {out, in}, [&] { return limit * (2 * rng_.uniform() - 1); });
        if (bias) constant(name + ".bias", {out}, 0);
    }
    void norm(const std::string& name, const StackDesign& design) {
        constant(name + ".gain", {design.d_model}, 1);
        if (!design.rms) constant(name + ".bias", {design.d_model}, 0);
    }

 private:
    template <class Draw>
    void fill(const std::string& name, const Shape& shape, const Draw& draw) {
        Tensor<float> w(shape);
        for (float& v : w.values()) v = static_cast<float>(draw());
        weights_.emplace(name, std::move(w));
    }

    WeightMap& weights_;
    Rng& rng_;
};

}  // namespace

void add_initial_stack_weights(WeightMap& weights, const std::string& prefix, const StackDesign& design, Index vocabulary,
                               const PositionSizes& sizes, Rng& rng) {
    require_valid(design);
    Fresh fresh(weights, rng);
    const Index d = design.d_model;
    PositionSizes own = sizes;
    own.d_model = d;
    own.heads = design.heads;
    own.max_distance = design.max_distance;
    own.both_ways = !design.causal && !design.cross;
    const auto positions = position_code(design.position).parameters(own);
    if (vocabulary > 0) fresh.normal(prefix + ".embedding.weight", {vocabulary, d}, 1 / std::sqrt(static_cast<double>(d)));
    for (const PositionParameter& p : positions)
        if (!p.each_layer) fresh.normal(prefix + ".position." + p.name, p.shape, 0.02);
    for (Index l = 0; l < design.layers; ++l) {
        const std::string at = fmt::format("{}.{}", prefix, l);
        for (const char* kind : {"self", "cross"}) {
            if (kind == std::string("cross") && !design.cross) continue;
            const std::string name = fmt::format("{}.{}.", at, kind);
            const Index all = design.heads * units_of(design), grouped = groups_of(design) * units_of(design);
            fresh.linear(name + "query", all, d, design.bias);
            fresh.linear(name + "key", grouped, d, design.bias);
            fresh.linear(name + "value", grouped, d, design.bias);
            fresh.linear(name + "output", d, all, design.bias);
            if (design.query_key_norm)
                for (const char* norm : {"query_norm.gain", "key_norm.gain"})
                    fresh.constant(name + norm, {units_of(design)}, 1);
        }
        for (const PositionParameter& p : positions)
            if (p.each_layer) fresh.normal(at + ".self.position." + p.name, p.shape, 0.02);
        if (design.d_ff > 0) {
            fresh.linear(at + ".feed_forward.in", design.d_ff, d, design.feed_forward_bias);
            if (design.gated) fresh.linear(at + ".feed_forward.gate", design.d_ff, d, design.feed_forward_bias);
            fresh.linear(at + ".feed_forward.out", d, design.d_ff, design.feed_forward_bias);
        }
        if (design.norm != "none")
            for (int n = 1; n <= sublayers(design); ++n) fresh.norm(fmt::format("{}.norm{}", at, n), design);
    }
    if (design.norm == "pre") fresh.norm(prefix + ".norm", design);
    if (design.embedding_norm) fresh.norm(prefix + ".embedding_norm", design);
}

WeightMap initial_transformer_weights(const TransformerDesign& design, Index source_vocabulary, Index target_vocabulary,
                                      const PositionSizes& sizes, Rng& rng) {
    WeightMap weights;
    add_initial_stack_weights(weights, "encoder", design.encoder, source_vocabulary, sizes, rng);
    add_initial_stack_weights(weights, "decoder", design.decoder, target_vocabulary, sizes, rng);
    return weights;
}

}  // namespace saccade
