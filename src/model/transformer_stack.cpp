#include "model/transformer_stack.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/mask.hpp"
#include "attention/visibility.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "nn/rules.hpp"

namespace saccade {

template <class T>
StackCache<T> StackCache<T>::rows(std::span<const Index> which) const {
    StackCache picked{length, {}, {}};
    for (const KeysValues<T>& kv : self) picked.self.push_back(kv.rows(which));
    for (const KeysValues<T>& kv : cross) picked.cross.push_back(kv.rows(which));
    return picked;
}

namespace {

template <class T>
Var<T> dropped(const Var<T>& x, const StackCall<T>& call) {
    return call.dropout > 0 ? dropout(x, static_cast<T>(call.dropout), *call.rng) : x;
}

template <class T>
Index first_position(const StackCall<T>& call) {
    return call.cache == nullptr ? 0 : call.cache->length;
}

}  // namespace

template <class T>
Norm<T> TransformerStack<T>::norm_of(const Weights<T>& w, const std::string& name) const {
    const Shape d{design_.d_model};
    return {w.get(name + ".gain", d), design_.rms ? Var<T>() : w.get(name + ".bias", d), static_cast<T>(design_.norm_epsilon),
            design_.rms};
}

template <class T>
FeedForward<T> TransformerStack<T>::feed_forward_of(const Weights<T>& w, const std::string& name) const {
    const auto linear = [&](const std::string& part, Index out, Index in) {
        const std::string full = name + part;
        Linear<T> made = w.matrix(full + ".weight", {out, in});
        if (design_.feed_forward_bias) made.bias = w.get(full + ".bias", {out});
        return laid_out(std::move(made));
    };
    const Index d = design_.d_model, hidden = design_.d_ff;
    return {linear(".in", hidden, d), linear(".out", d, hidden), design_.gated ? linear(".gate", hidden, d) : Linear<T>{},
            &activation(design_.activation)};
}

template <class T>
std::string TransformerStack<T>::norm_rule(const std::function<std::string(char)>& x_of, const std::string& name,
                                           const std::string& at) const {
    if (design_.rms) return rules::rms_norm(x_of, 'k', name + ".gain" + at, design_.norm_epsilon);
    return rules::layer_norm(x_of, 'k', name + ".gain" + at, name + ".bias" + at, design_.norm_epsilon);
}

template <class T>
MultiHeadProjections<T> multi_head_projections(const Weights<T>& w, const std::string& prefix, Index d_model, bool bias) {
    return multi_head_projections(w, prefix, StackDesign{.heads = 1, .d_model = d_model, .bias = bias});
}

template <class T>
MultiHeadProjections<T> multi_head_projections(const Weights<T>& w, const std::string& prefix, const StackDesign& design) {
    const auto linear = [&](const std::string& name, Index out, Index in) {
        const std::string full = prefix + "." + name;
        Linear<T> made = w.matrix(full + ".weight", {out, in});
        if (design.bias) made.bias = w.get(full + ".bias", {out});
        return made;
    };
    const Index d = design.d_model, all = design.heads * units_of(design), grouped = groups_of(design) * units_of(design);
    MultiHeadProjections<T> made{linear("query", all, d), linear("key", grouped, d), linear("value", grouped, d),
                                 linear("output", d, all)};
    if (!design.query_key_norm) return made;
    const auto norm = [&](const char* name) {
        return Norm<T>{w.get(prefix + name, {units_of(design)}), Var<T>(), static_cast<T>(design.norm_epsilon), true};
    };
    made.norms = std::make_shared<const QueryKeyNorms<T>>(QueryKeyNorms<T>{norm(".query_norm.gain"), norm(".key_norm.gain")});
    return made;
}

template <class T>
TransformerStack<T>::TransformerStack(const Weights<T>& w, const std::string& prefix, StackDesign design)
    : design_(std::move(design)) {
    require_valid(design_);
    const Index d = design_.d_model;
    const PositionFunction& function = position_code(design_.position);
    sizes_ = {.d_model = d,
              .heads = design_.heads,
              .max_distance = design_.max_distance,
              .both_ways = !design_.causal && !design_.cross};
    if (w.has(prefix + ".position.table")) sizes_.longest = w.get(prefix + ".position.table").shape()[0];
    if (w.has(prefix + ".position.frequency")) sizes_.pairs = w.get(prefix + ".position.frequency").shape()[0];
    if (w.has(prefix + ".position.bias")) sizes_.buckets = w.get(prefix + ".position.bias").shape()[0];
    if (w.has(prefix + ".0.self.position.key")) sizes_.clip = (w.get(prefix + ".0.self.position.key").shape()[0] - 1) / 2;
    const std::vector<PositionParameter> parameters = function.parameters(sizes_);
    const bool each_layer = each_layer_differs(function, sizes_);
    const auto code_below = [&](const std::string& owner, std::vector<Var<T>>& values) {
        for (const PositionParameter& p : parameters) values.push_back(w.get(owner + ".position." + p.name, p.shape));
        return make_position_code<T>(function, sizes_, [&](const std::string& name) {
            const auto found = std::ranges::find(parameters, name, &PositionParameter::name);
            if (found == parameters.end()) throw Error(ErrorCode::bad_format, "position code: there is no parameter " + name);
            return values[static_cast<std::size_t>(found - parameters.begin())];
        });
    };
    if (!each_layer) code_ = code_below(prefix, position_);
    if (w.has(prefix + ".embedding.weight")) {
        const Index rows = w.shape_of(prefix + ".embedding.weight")[0];
        table_ = w.matrix(prefix + ".embedding.weight", {rows, d});
        if (design_.causal) table_ = laid_out(std::move(table_));
    }
    for (Index l = 0; l < design_.layers; ++l) {
        const std::string at = fmt::format("{}.{}", prefix, l);
        std::vector<Var<T>> position;
        const PositionCode<T> code = each_layer ? code_below(at + ".self", position) : code_;
        Layer layer{
            MultiHeadAttention<T>(multi_head_projections(w, at + ".self", design_), design_.heads, code, design_.scaled_scores),
            std::nullopt,
            {},
            {},
            std::move(position)};
        if (design_.cross)
            layer.cross.emplace(multi_head_projections(w, at + ".cross", design_), design_.heads, PositionCode<T>{},
                                design_.scaled_scores);
        if (design_.d_ff > 0) layer.feed_forward = feed_forward_of(w, at + ".feed_forward");
        if (design_.norm != "none")
            for (int n = 1; n <= sublayers(design_); ++n) layer.norms.push_back(norm_of(w, fmt::format("{}.norm{}", at, n)));
        layers_.push_back(std::move(layer));
    }
    if (design_.norm == "pre") norm_ = norm_of(w, prefix + ".norm");
    if (design_.embedding_norm) embedding_norm_ = norm_of(w, prefix + ".embedding_norm");
    if (w.has(prefix + ".types.weight")) {
        types_ = w.get(prefix + ".types.weight");
        types_ = w.get(prefix + ".types.weight", {types_.shape()[0], d});
    }
}

template <class T>
const Var<T>& TransformerStack<T>::learned_positions() const {
    if (design_.position != "learned" || position_.empty())
        throw Error(ErrorCode::invalid_input, fmt::format("positions of kind '{}' are in no table", design_.position));
    return position_.front();
}

template <class T>
TransformerStack<T> TransformerStack<T>::with_learned_positions(const Tensor<T>& table) const {
    TransformerStack other = *this;
    learned_positions();
    other.sizes_.longest = table.shape()[0];
    other.position_ = {Var<T>(table)};
    other.code_ = make_position_code<T>(position_code(design_.position), other.sizes_,
                                        [&](const std::string&) { return other.position_.front(); });
    return other;  // its layers add nothing of their own to a code that is added before them
}

template <class T>
Var<T> TransformerStack<T>::embed(std::span<const Index> ids, Index batch, const StackCall<T>& call) const {
    if (table_.empty()) throw Error(ErrorCode::invalid_input, "this stack has no embedding table", "give it vectors");
    const Index d = design_.d_model, length = static_cast<Index>(ids.size()) / std::max<Index>(1, batch);
    Var<T> rows = table_.weight.empty() ? Var<T>(rows_of_packed(*table_.packed, ids)) : embedding(table_.weight, ids);
    if (design_.scaled_embedding) rows = scale(rows, std::sqrt(static_cast<T>(d)));
    return placed(call.observe("embedding", reshape(rows, {batch, length, d}),
                               [&] {
                                   const std::string row = rules::embedding("@embedding.weight", call.names.ids + "[i]", 'k');
                                   const bool scaled = design_.scaled_embedding;
                                   return Shown{
                                       .role = Role::embedding,
                                       .symbol = "x",
                                       .title = scaled ? "Embedded tokens (times sqrt(d_model))" : "Embedded tokens",
                                       .axes = {call.names.tokens, "feature"},
                                       .step = {"embed", scaled ? "E[x_i] √d_model" : "E[x_i]",
                                                "@embedding[i,k] = " + row + (scaled ? fmt::format(" * sqrt({})", d) : ""),
                                                "Vaswani 2017, section 3.4"},
                                       .parameters = {
                                           shown_matrix("@embedding.weight", "E", {call.names.vocabulary, "feature"}, table_)}};
                               }),
                  call);
}

template <class T>
Var<T> TransformerStack<T>::positioned(const Var<T>& x, const StackCall<T>& call) const {
    return placed(call.observe("embedding", x,
                               [&] {
                                   return Shown{.role = Role::embedding,
                                                .symbol = "x",
                                                .title = "Tokens",
                                                .axes = {call.names.tokens, "feature"},
                                                .step = call.names.embedded};
                               }),
                  call);
}

/// With the vectors of the types that the call names; all of type 0 where it names none.
template <class T>
Var<T> TransformerStack<T>::typed(Var<T> input, const StackCall<T>& call) const {
    if (types_.empty()) return input;
    const Index n = input.shape()[0] * input.shape()[1];
    const Ids none(static_cast<std::size_t>(call.types.empty() ? n : 0));
    const Var<T> rows = embedding(types_, call.types.empty() ? std::span<const Index>(none) : call.types);
    return add(input, call.observe("type", reshape(rows, input.shape()), [&] {
        return Shown{
            .role = Role::embedding,
            .symbol = "t",
            .title = "Embedded types",
            .axes = {call.names.tokens, "feature"},
            .step = {"embed", "T[t_i]", "@type[i,k] = " + rules::embedding("@types.weight", call.names.types + "[i]", 'k'),
                     "Devlin 2018, section 3"},
            .parameters = {{"@types.weight", "T", {"type", "feature"}, types_}}};
    }));
}

/// With the position code's part.
template <class T>
Var<T> TransformerStack<T>::placed(const Var<T>& x, const StackCall<T>& call) const {
    const Observer& observe = call.observe;
    const auto vectors = [&](const char* symbol, const char* title) {
        return Shown{.role = Role::embedding, .symbol = symbol, .title = title, .axes = {call.names.tokens, "feature"}};
    };
    Var<T> input = typed(x, call);
    if (code_.adds) {
        Var<T> added = code_.adds->added(first_position(call), x.shape()[1]);
        input = add(input, observe("position", std::move(added), [&] {
                        PositionRule rule = code_.adds->added_rule("i");
                        Shown shown = vectors("p", "Position code");
                        shown.step = {"position", rule.formula, "@position[i,k] = " + rule.rule, rule.source};
                        shown.parameters = position_parameters(observe.prefix());
                        shown.parameters.insert(shown.parameters.end(), rule.parameters.begin(), rule.parameters.end());
                        return shown;
                    }));
    }
    if (design_.embedding_norm) input = embedding_norm_(input);
    input = observe("input", std::move(input), [&] {
        const bool added = code_.adds != nullptr;
        Shown shown = vectors("x", "Input of the first layer");
        const auto sum = [&](char k) {
            const auto part = [k](const char* name) { return fmt::format("@{}[i,{}]", name, k); };
            return part("embedding") + (types_.empty() ? "" : " + " + part("type")) + (added ? " + " + part("position") : "");
        };
        const std::string symbols = std::string("x_i") + (types_.empty() ? "" : " + t_i") + (added ? " + p_i" : "");
        shown.step = {"add position", symbols, "@input[i,k] = " + sum('k'), "Vaswani 2017, section 3.5"};
        if (!design_.embedding_norm) return shown;
        const auto bracketed = [&](char k) { return "(" + sum(k) + ")"; };
        shown.step = {"add and normalise", "LN(" + symbols + ")",
                      "@input[i,k] = " + norm_rule(bracketed, "@embedding_norm", "[k]"), "Devlin 2018, section 3"};
        shown.parameters = {{"@embedding_norm.gain", "γ", {"feature"}, embedding_norm_.gain}};
        if (!design_.rms) shown.parameters.push_back({"@embedding_norm.bias", "β", {"feature"}, embedding_norm_.bias});
        return shown;
    });
    return dropped(input, call);
}

template <class T>
Visibility TransformerStack<T>::visibility(const StackCall<T>& call) const {
    if (design_.window == 0) return {design_.causal, call.radius};
    return {design_.causal, std::min(design_.window - 1, call.radius.value_or(design_.window - 1))};
}

template <class T>
Var<T> TransformerStack<T>::operator()(const Var<T>& x, const StackCall<T>& call) const {
    const bool kept = call.cache != nullptr && call.cache->cross.size() == layers_.size();
    if (design_.cross && call.memory.empty() && !kept)
        throw Error(ErrorCode::invalid_input, "a stack with cross-attention needs the encoder's output",
                    "encode a source first");
    if (call.cache != nullptr) call.cache->self.resize(layers_.size());
    const Index first = first_position(call), n = x.shape()[1];
    const Tensor<T> mask = combine_masks(call.mask, visibility(call).template mask<T>(n, first + n, first));
    AttentionNames self, cross;
    if (call.observe) self = self_names(call);
    if (call.observe && design_.cross) cross = cross_names(call);
    Var<T> y = x;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        check_stop(call.stop);
        y = layer(l, std::move(y), mask, call, self, cross);
        if (call.states != nullptr) call.states->push_back(y);
    }
    if (call.cache != nullptr) call.cache->length += n;
    if (design_.norm != "pre") return y;
    return call.observe("norm", norm_(y), [&] {
        const auto x_of = [&](char c) { return fmt::format("@state[{},i,{}]", design_.layers - 1, c); };
        Shown shown{.role = Role::state,
                    .symbol = "x̂",
                    .title = "Normalised, behind the last layer",
                    .axes = {call.names.tokens, "feature"},
                    .step = {"normalise", design_.rms ? rules::rms_norm_formula : rules::layer_norm_formula,
                             "@norm[i,k] = " + norm_rule(x_of, "@norm", "[k]"),
                             design_.rms ? rules::rms_norm_source : rules::layer_norm_source},
                    .parameters = {{"@norm.gain", "γ", {"feature"}, norm_.gain}}};
        if (!design_.rms) shown.parameters.push_back({"@norm.bias", "β", {"feature"}, norm_.bias});
        return shown;
    });
}

template <class T>
Var<T> TransformerStack<T>::layer_again(Index at, const Var<T>& x, const StackCall<T>& call) const {
    const Index n = x.shape()[1];
    const Tensor<T> mask = combine_masks(call.mask, visibility(call).template mask<T>(n, n, 0));
    return layer(static_cast<std::size_t>(at), x, mask, call, self_names(call), AttentionNames());
}

template <class T>
void TransformerStack<T>::attention_again(Index at, const Var<T>& queries, const KeysValues<T>& kv,
                                          const StackCall<T>& call) const {
    const Index n = queries.shape()[2];
    const Tensor<T> mask = combine_masks(call.mask, visibility(call).template mask<T>(n, kv.length(), 0));
    const AttentionNames names = self_names(call);
    layers_[static_cast<std::size_t>(at)].self.heads_of(queries, kv, mask, 0, {call.observe.row(at), &names});
}

template <class T>
std::string TransformerStack<T>::output(const std::string& prefix, char token, char feature) const {
    if (design_.norm == "pre") return fmt::format("{}norm[{},{}]", prefix, token, feature);
    return fmt::format("{}state[{},{},{}]", prefix, design_.layers - 1, token, feature);
}

template <class T>
void TransformerStack<T>::declare_axes(Probe& probe) const {
    for (Axis& axis : axes()) probe.axis(std::move(axis));
}

template <class T>
std::vector<Axis> TransformerStack<T>::axes() const {
    std::vector<Axis> all = {{"layer", AxisKind::layer, design_.layers, {}, "l"},
                             {"head", AxisKind::head, design_.heads, {}, "h"},
                             {"unit", AxisKind::feature, units_of(design_), {}, "u"},
                             {"feature", AxisKind::feature, design_.d_model, {}, "k"}};
    const Index heads = design_.heads * units_of(design_), groups = groups_of(design_) * units_of(design_);
    if (heads != design_.d_model) all.push_back({"head_unit", AxisKind::feature, heads, {}, "u"});
    if (groups != design_.d_model) all.push_back({"group_unit", AxisKind::feature, groups, {}, "u"});
    if (design_.d_ff > 0) all.push_back({"hidden", AxisKind::feature, design_.d_ff, {}, "f"});
    return all;
}

template <class T>
void TransformerStack<T>::declare_position_axes(Probe& probe, const std::string& prefix) const {
    saccade::declare_position_axes(probe, position_code(design_.position), sizes_, prefix);
}

template <class T>
StackCache<T> TransformerStack<T>::cache_of(const Var<T>& memory) const {
    StackCache<T> cache;
    for (const Layer& own : layers_)
        if (own.cross) cache.cross.push_back(own.cross->keys_values(memory));
    return cache;
}

template <class T>
Var<T> TransformerStack<T>::tied_logits(const Var<T>& x, Index classes) const {
    if (table_.packed != nullptr && !x.tracked()) return packed_product(*table_.packed, x.value(), classes);
    const Var<T> table = table_.weight.empty() ? Var<T>(table_.rows()) : table_.weight;
    return affine(x, classes == vocabulary() ? table : slice(table, 0, 0, classes), {});
}

template MultiHeadProjections<float> multi_head_projections(const Weights<float>&, const std::string&, Index, bool);
template MultiHeadProjections<float> multi_head_projections(const Weights<float>&, const std::string&, const StackDesign&);
template MultiHeadProjections<double> multi_head_projections(const Weights<double>&, const std::string&, const StackDesign&);
template MultiHeadProjections<double> multi_head_projections(const Weights<double>&, const std::string&, Index, bool);
template struct StackCache<float>;
template struct StackCache<double>;
template class TransformerStack<float>;
template class TransformerStack<double>;

}  // namespace saccade
