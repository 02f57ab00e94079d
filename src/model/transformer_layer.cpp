#include <fmt/core.h>

#include "attention/visibility.hpp"
#include "autograd/ops.hpp"
#include "model/transformer_stack.hpp"
#include "nn/rules.hpp"

// One layer of a stack: its sub-layers, each followed by Add (& Norm).

namespace saccade {

namespace {

constexpr const char* residual_source = "Vaswani 2017, section 3.1";
constexpr const char* feed_forward_source = "Vaswani 2017, eq. 2";

/// A tensor of a layer as rules name it below the stack's prefix, at a token and a feature. `name`: "@norm1"; "cross.middle";
/// null: what the layer reads.
std::string named(const std::string& prefix, const char* name, char token, char feature) {
    if (name == nullptr) return fmt::format("({0}state[l-1,{1},{2}] else {0}input[{1},{2}])", prefix, token, feature);
    const std::string whole = name[0] == '@' ? prefix + (name + 1) : name;
    return fmt::format("{}[l,{},{}]", whole, token, feature);
}

template <class T>
Var<T> dropped(const Var<T>& x, const StackCall<T>& call) {
    return call.dropout > 0 ? dropout(x, static_cast<T>(call.dropout), *call.rng) : x;
}

}  // namespace

template <class T>
template <class Of>
Parameter TransformerStack<T>::layered(const std::string& name, const std::string& symbol, std::vector<std::string> axes,
                                       const std::string& key, const Of& of) const {
    axes.insert(axes.begin(), "layer");
    Tensor<T> values;
    if constexpr (std::is_same_v<T, float>)
        values = layered_->get(key, design_.layers,
                               [&](Index l) -> const Tensor<T>& { return of(layers_[static_cast<std::size_t>(l)]).value(); });
    return {name, symbol, std::move(axes), values};
}

template <class T>
Parameter TransformerStack<T>::layered_matrix(const std::string& name, const std::string& symbol, std::vector<std::string> axes,
                                              const std::string& key,
                                              const std::function<const Linear<float>&(const Layer&)>& of) const {
    axes.insert(axes.begin(), "layer");
    return {name, symbol, std::move(axes),
            layered_matrices(*layered_, key, design_.layers,
                             [&](Index l) -> const Linear<float>& { return of(layers_[static_cast<std::size_t>(l)]); })};
}

template <class T>
std::vector<Parameter> TransformerStack<T>::norm_parameters(const std::string& prefix, std::size_t n) const {
    const std::string norm = fmt::format("norm{}", n + 1);
    const auto gain = [n](const Layer& l) -> const Var<T>& { return l.norms[n].gain; };
    const auto bias = [n](const Layer& l) -> const Var<T>& { return l.norms[n].bias; };
    std::vector<Parameter> all = {layered(prefix + norm + ".gain", "γ", {"feature"}, norm + ".gain", gain)};
    if (!design_.rms) all.push_back(layered(prefix + norm + ".bias", "β", {"feature"}, norm + ".bias", bias));
    return all;
}

template <class T>
std::vector<Parameter> TransformerStack<T>::position_parameters(const std::string& prefix) const {
    const PositionFunction& function = position_code(design_.position);
    std::vector<Parameter> shown;
    std::size_t at = 0;
    for (const PositionParameter& p : function.parameters(sizes_)) {
        const auto own = [at](const Layer& l) -> const Var<T>& { return l.position[at]; };
        Tensor<float> values;
        if constexpr (std::is_same_v<T, float>)
            values = p.each_layer ? layered("", "", {}, "position." + p.name, own).values.whole() : position_[at].value();
        shown.push_back(shown_parameter(function, sizes_, p, prefix, true, values));
        ++at;
    }
    return shown;
}

template <class T>
std::function<ProjectionNames(const char*, Linear<float> MultiHeadProjections<float>::*)> TransformerStack<T>::projection_names(
    bool cross) const {
    return [=, this](const char* what, Linear<float> MultiHeadProjections<float>::*which) {
        ProjectionNames names;
        static_cast<void>(this);  // in double nothing is named
        if constexpr (std::is_same_v<T, float>) {
            const bool output = which == &MultiHeadProjections<float>::output;
            const bool groups = which == &MultiHeadProjections<float>::key || which == &MultiHeadProjections<float>::value;
            const Index units = units_of(design_), own = groups ? groups_of(design_) : design_.heads;
            const std::string head = own == design_.heads ? "h" : fmt::format("(h//{})", design_.heads / own);
            const std::string unit = fmt::format("{}*{}+u", head, units);
            const std::string rows = own * units == design_.d_model ? "feature" : groups ? "group_unit" : "head_unit";
            const std::string key = fmt::format("{}.{}.", cross ? "cross" : "self", what);
            const auto linear = [cross, which](const Layer& l) -> const Linear<float>& {
                return (cross ? *l.cross : l.self).projections().*which;
            };
            const char letter = output ? 'O' : what[0] == 'q' ? 'Q' : what[0] == 'k' ? 'K' : 'V';
            names.weight = output ? fmt::format("@output.weight[l,k,{}]", unit) : fmt::format("@{}.weight[l,{},m]", what, unit);
            names.parameters.push_back(
                layered_matrix(fmt::format("@{}.weight", what), fmt::format("W_{}", letter),
                               output ? std::vector<std::string>{"feature", rows} : std::vector<std::string>{rows, "feature"},
                               key + "weight", linear));
            if (!design_.bias) return names;
            names.bias = fmt::format("@{}.bias[l,{}]", what, output ? "k" : unit);
            names.parameters.push_back(layered(fmt::format("@{}.bias", what), fmt::format("b_{}", letter),
                                               {output ? "feature" : rows}, key + "bias",
                                               [&](const Layer& l) -> const Var<T>& { return linear(l).bias; }));
        }
        return names;
    };
}

template <class T>
AttentionNames TransformerStack<T>::self_names(const StackCall<T>& call) const {
    const std::string& prefix = call.observe.prefix();
    AttentionNames names;
    names.layers = true;
    names.queries = call.names.tokens;
    names.keys = call.names.tokens + ".key";
    names.x = names.y = [prefix, reads = design_.norm == "pre" ? "@norm1" : nullptr](char token) {
        return named(prefix, reads, token, 'm');
    };
    names.projection = projection_names(false);
    names.norm = [this](const char* what, Linear<float> MultiHeadProjections<float>::*which) {
        const bool query = which == &MultiHeadProjections<float>::query;
        const auto gain = [query](const Layer& l) -> const Var<T>& {
            const auto& all = l.self.projections();
            return query ? all.norms->query.gain : all.norms->key.gain;
        };
        return layered(fmt::format("@{}.norm", what), "γ", {"unit"}, fmt::format("self.{}.norm", what), gain);
    };
    names.position = [this, prefix] { return position_parameters(prefix); };
    names.mask = visibility(call).rule("l,");
    names.title = call.names.title;
    return names;
}

template <class T>
AttentionNames TransformerStack<T>::cross_names(const StackCall<T>& call) const {
    AttentionNames names;
    names.layers = true;
    names.queries = call.names.tokens;
    names.keys = call.names.memory_keys;
    names.x = [prefix = call.observe.prefix(), reads = design_.norm == "pre" ? "@norm2" : "@middle"](char token) {
        return named(prefix, reads, token, 'm');
    };
    names.y = [memory = call.names.memory](char) { return memory; };
    names.projection = projection_names(true);
    names.mask = Visibility{}.rule("l,");
    names.title = "Cross-attention";
    return names;
}

/// x on its way through one layer, and what rules call it.
template <class T>
struct TransformerStack<T>::LayerPass {
    const TransformerStack& stack;
    const Layer& own;
    const StackCall<T>& call;
    Observer observe, cross;
    Var<T> x;
    const char* name = nullptr;  // as in named()
    std::size_t n = 0;           // sub-layers done

    struct Read {
        Var<T> x;
        const char* name;
    };
    std::vector<std::string> axes(const char* last) const { return {"layer", call.names.tokens, last}; }

    /// What the next sub-layer reads: x, or pre-norm: LN(x).
    Read read() const {
        if (stack.design_.norm != "pre") return {x, name};
        static constexpr const char* names[] = {"@norm1", "@norm2", "@norm3"};
        static constexpr const char* titles[] = {"Normalised, for self-attention", "Normalised (second)",
                                                 "Normalised, for the feed-forward"};
        return {observe(names[n] + 1, own.norms[n](x),
                        [&] {
                            const auto x_of = [&](char c) { return named(observe.prefix(), name, 'i', c); };
                            return Shown{
                                .role = Role::state,
                                .symbol = "x̂",
                                .title = titles[n],
                                .axes = axes("feature"),
                                .step = {"normalise", stack.design_.rms ? rules::rms_norm_formula : rules::layer_norm_formula,
                                         fmt::format("{}[l,i,k] = {}", names[n], stack.norm_rule(x_of, names[n], "[l,k]")),
                                         stack.design_.rms ? rules::rms_norm_source : rules::layer_norm_source},
                                .parameters = stack.norm_parameters("@", n)};
                        }),
                names[n]};
    }

    /// x + more, which is shown as `added`; post-norm: LN(x + more). The sum is shown to `to` as `result`.
    void add_and_norm(const Var<T>& more, const char* added, const Observer& to, const char* result, const char* title) {
        const bool post = stack.design_.norm == "post";
        x = add(x, dropped(more, call));
        if (post) x = own.norms[n](x);
        x = to(named_part(result), std::move(x), [&] {
            const std::string& prefix = observe.prefix();
            const auto sum = [&](char c) { return named(prefix, name, 'i', c) + " + " + named(prefix, added, 'i', c); };
            Shown shown{.role = Role::state, .symbol = "x", .title = title, .axes = axes("feature")};
            const std::string left = named(prefix, result, 'i', 'k') + " = ";
            shown.step = {"add", "x + f(x)", left + sum('k'), residual_source};
            if (!post) return shown;
            const std::string norm = fmt::format("{}norm{}", prefix, n + 1);
            const auto bracketed = [&](char c) { return "(" + sum(c) + ")"; };
            shown.step = {"add and normalise", "LN(x + f(x)), LN(y) = (y − μ) / σ ⊙ γ + β",
                          left + stack.norm_rule(bracketed, norm, "[l,k]"), residual_source};
            shown.parameters = stack.norm_parameters(prefix, n);
            return shown;
        });
        name = result;
        ++n;
    }
    /// "@middle" and "cross.middle" below their observers' prefixes.
    static const char* named_part(const char* name) {
        return name[0] == '@' ? name + 1 : name + std::string_view("cross.").size();
    }

    /// What the feed-forward network makes of x.
    Var<T> feed_forward();
    /// Self-attention and the feed-forward network side by side; the layer's output.
    Var<T> parallel(KeysValues<T>* cached, const Tensor<T>& mask, Index first, const AttentionNames& names);
};

template <class T>
Parameter TransformerStack<T>::feed_forward_parameter(Linear<T> FeedForward<T>::*which, const char* name, const char* index,
                                                      bool bias) const {
    const std::string full = fmt::format("@feed_forward.{}.{}", name, bias ? "bias" : "weight");
    const auto of = [which](const Layer& l) -> const Linear<T>& { return l.feed_forward.*which; };
    const bool out = which == &FeedForward<T>::out;
    std::vector<std::string> axes = {out ? "feature" : "hidden"};
    if (!bias) axes.emplace_back(out ? "hidden" : "feature");
    if constexpr (std::is_same_v<T, float>)
        if (!bias) return layered_matrix(full, fmt::format("W_{}", index), axes, full, of);
    return layered(full, fmt::format("{}_{}", bias ? "b" : "W", index), axes, full,
                   [&](const Layer& l) -> const Var<T>& { return bias ? of(l).bias : of(l).weight; });
}

template <class T>
Var<T> TransformerStack<T>::LayerPass::feed_forward() {
    const Read in = read();
    const bool biased = stack.design_.feed_forward_bias, gated = stack.design_.gated;
    // "sum_m(W[l,f,m] * x[l,i,m]) + b[l,f]", and the parameters that it reads.
    const auto map = [&](Linear<T> FeedForward<T>::*which, const char* part, const char* index, std::vector<Parameter>& read) {
        const bool out = which == &FeedForward<T>::out;
        const std::string whole = fmt::format("@feed_forward.{}", part);
        read.push_back(stack.feed_forward_parameter(which, part, index, false));
        if (biased) read.push_back(stack.feed_forward_parameter(which, part, index, true));
        const std::string bias = biased ? whole + (out ? ".bias[l,k]" : ".bias[l,f]") : "";
        return out ? rules::linear('f', whole + ".weight[l,k,f]", "@hidden[l,i,f]", bias)
                   : rules::linear('m', whole + ".weight[l,f,m]", named(observe.prefix(), in.name, 'i', 'm'), bias);
    };
    const auto text = [&](const char* index, const char* of) {
        return fmt::format("W_{0} {1}{2}", index, of, biased ? fmt::format(" + b_{}", index) : "");
    };
    const Var<T> hidden = observe("hidden", own.feed_forward.hidden(in.x), [&] {
        const std::string& activation = stack.design_.activation;
        Shown shown{.role = Role::state, .symbol = "h", .title = "Feed-forward: hidden units", .axes = axes("hidden")};
        const std::string first = map(&FeedForward<T>::in, "in", "1", shown.parameters);
        const char* called = activation.starts_with("gelu") ? "gelu" : activation.c_str();
        if (gated)
            shown.step = {"feed forward", fmt::format("u = {}({}) ⊙ ({})", called, text("g", "x"), text("1", "x")),
                          fmt::format("@hidden[l,i,f] = {}({}) * ({})", activation,
                                      map(&FeedForward<T>::gate, "gate", "g", shown.parameters), first),
                          "Shazeer 2020, eq. 6"};
        else
            shown.step = {"feed forward",
                          activation == "relu" ? fmt::format("u = max(0, {})", text("1", "x"))
                                               : fmt::format("u = {}({})", called, text("1", "x")),
                          fmt::format("@hidden[l,i,f] = {}({})", activation, first), feed_forward_source};
        return shown;
    });
    return observe("feed_forward", own.feed_forward.out(hidden), [&] {
        Shown shown{.role = Role::state, .symbol = "f", .title = "Feed-forward: output", .axes = axes("feature")};
        const std::string second = map(&FeedForward<T>::out, "out", "2", shown.parameters);
        shown.step = {"feed forward", "f(x) = " + text("2", "u"), "@feed_forward[l,i,k] = " + second, feed_forward_source};
        return shown;
    });
}

template <class T>
Var<T> TransformerStack<T>::LayerPass::parallel(KeysValues<T>* cached, const Tensor<T>& mask, Index first,
                                                const AttentionNames& names) {
    const Read in = read();
    const AttentionView view{observe, &names};
    KeysValues<T> kv = own.self.keys_values(in.x, first, view);
    if (cached != nullptr) kv = *cached = cached->joined(kv);
    auto seen = own.self(in.x, kv, mask, first, view);
    if (call.weights != nullptr) call.weights->push_back(std::move(seen.weights));
    ++n;  // the second norm, of the same x
    const Var<T> fed = feed_forward();
    return observe("state", add(add(x, dropped(seen.attended, call)), dropped(fed, call)), [&] {
        const auto part = [&](const char* of) { return named(observe.prefix(), of, 'i', 'k'); };
        return Shown{
            .role = Role::state,
            .symbol = "x",
            .title = "Output of the layer",
            .axes = axes("feature"),
            .step = {"add", "x + attention(LN_1(x)) + f(LN_2(x))",
                     fmt::format("@state[l,i,k] = {} + {} + {}", part(nullptr), part("@attended"), part("@feed_forward")),
                     "Wang and Komatsuzaki 2021"}};
    });
}

template <class T>
Var<T> TransformerStack<T>::layer(std::size_t at, Var<T> x, const Tensor<T>& mask, const StackCall<T>& call,
                                  const AttentionNames& self, const AttentionNames& cross) const {
    const Layer& own = layers_[at];
    const Observer observe = call.observe.row(static_cast<Index>(at));
    LayerPass pass{*this, own, call, observe, observe.named("cross."), std::move(x)};
    const Index first = call.cache == nullptr ? 0 : call.cache->length;
    const bool feeds = design_.d_ff > 0;
    if (design_.parallel) return pass.parallel(call.cache == nullptr ? nullptr : &call.cache->self[at], mask, first, self);
    constexpr const char* last = "Output of the layer";
    {
        const auto in = pass.read();
        const AttentionView view{pass.observe, &self};
        KeysValues<T> kv = own.self.keys_values(in.x, first, view);
        if (call.cache != nullptr) kv = call.cache->self[at] = call.cache->self[at].joined(kv);
        auto seen = own.self(in.x, kv, mask, first, view);
        if (call.weights != nullptr) call.weights->push_back(std::move(seen.weights));
        if (own.cross || feeds)
            pass.add_and_norm(seen.attended, "@attended", pass.observe, "@middle", "After self-attention and Add & Norm");
        else
            pass.add_and_norm(seen.attended, "@attended", pass.observe, "@state", last);
    }
    if (own.cross) {
        const auto in = pass.read();
        const AttentionView view{pass.cross, &cross};
        const bool kept = call.cache != nullptr && at < call.cache->cross.size();
        const KeysValues<T> kv = kept ? call.cache->cross[at] : own.cross->keys_values(call.memory, 0, view);
        if (call.cache != nullptr && !kept) call.cache->cross.push_back(kv);
        auto seen = (*own.cross)(in.x, kv, call.memory_mask, 0, view);
        if (call.cross_weights != nullptr) call.cross_weights->push_back(std::move(seen.weights));
        const Var<T> attended = std::move(seen.attended);
        if (feeds)
            pass.add_and_norm(attended, "cross.attended", pass.cross, "cross.middle", "After cross-attention and Add & Norm");
        else
            pass.add_and_norm(attended, "cross.attended", pass.observe, "@state", last);
    }
    if (feeds) {
        const Var<T> fed = pass.feed_forward();
        pass.add_and_norm(fed, "@feed_forward", pass.observe, "@state", last);
    }
    return std::move(pass.x);
}

#define SACCADE_INSTANTIATE(T)                                                                             \
    template Var<T> TransformerStack<T>::layer(std::size_t, Var<T>, const Tensor<T>&, const StackCall<T>&, \
                                               const AttentionNames&, const AttentionNames&) const;        \
    template AttentionNames TransformerStack<T>::self_names(const StackCall<T>&) const;                    \
    template AttentionNames TransformerStack<T>::cross_names(const StackCall<T>&) const;                   \
    template std::vector<Parameter> TransformerStack<T>::position_parameters(const std::string&) const;
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
