#include "model/transformer_stack.hpp"

#include <fmt/core.h>

#include <cmath>

#include "attention/mask.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"

namespace saccade {

StackSites::StackSites(const std::string& s, const std::string& tokens)
    : embedding{s + ".embedding", Role::embedding, "x", "Embedded tokens (times sqrt(d_model))", "", {tokens, "feature"}},
      position{s + ".position", Role::embedding, "p", "Position code", "", {tokens, "feature"}},
      input{s + ".input", Role::embedding, "x", "Input of the first layer", "", {tokens, "feature"}},
      self(s, tokens, tokens + ".key"),
      cross("cross", tokens, "source.key"),
      norm1{s + ".norm1", Role::state, "x̂", "Normalised, for self-attention", "", {"layer", tokens, "feature"}},
      norm2{s + ".norm2", Role::state, "x̂", "Normalised (second)", "", {"layer", tokens, "feature"}},
      norm3{s + ".norm3", Role::state, "x̂", "Normalised, for the feed-forward", "", {"layer", tokens, "feature"}},
      norm{s + ".norm", Role::state, "x̂", "Normalised, behind the last layer", "", {tokens, "feature"}},
      middle{s + ".middle", Role::state, "x", "After self-attention and Add & Norm", "", {"layer", tokens, "feature"}},
      cross_middle{"cross.middle", Role::state, "x", "After cross-attention and Add & Norm", "", {"layer", tokens, "feature"}},
      hidden{s + ".hidden", Role::state, "h", "Feed-forward: hidden units", "", {"layer", tokens, "hidden"}},
      feed_forward{s + ".feed_forward", Role::state, "f", "Feed-forward: output", "", {"layer", tokens, "feature"}},
      state{s + ".state", Role::state, "x", "Output of the layer", "", {"layer", tokens, "feature"}} {}

template <class T>
StackCache<T> StackCache<T>::rows(std::span<const Index> which) const {
    StackCache picked{length, {}, {}};
    for (const KeysValues<T>& kv : self) picked.self.push_back(kv.rows(which));
    for (const KeysValues<T>& kv : cross) picked.cross.push_back(kv.rows(which));
    return picked;
}

namespace {

template <class T>
Var<T> reveal(const StackCall<T>& call, ProbeSite StackSites::*site, std::size_t layer, Var<T> v) {
    if (call.showing == nullptr) return v;
    return show(&call.showing->probe, call.showing->sites.*site, static_cast<Index>(layer), std::move(v));
}

/// What has no layer.
template <class T>
Var<T> reveal_whole(const StackCall<T>& call, ProbeSite StackSites::*site, Var<T> v) {
    if (call.showing == nullptr) return v;
    return show(&call.showing->probe, call.showing->sites.*site, -1, std::move(v));
}

template <class T>
Var<T> dropped(const Var<T>& x, const StackCall<T>& call) {
    return call.dropout > 0 ? dropout(x, static_cast<T>(call.dropout), *call.rng) : x;
}

template <class T>
std::optional<MultiHeadShowing> showing_of(const StackCall<T>& call, MultiHeadSites StackSites::*sites, std::size_t layer) {
    if (call.showing == nullptr) return std::nullopt;
    return MultiHeadShowing{call.showing->probe, call.showing->sites.*sites, static_cast<Index>(layer)};
}

const MultiHeadShowing* pointer(const std::optional<MultiHeadShowing>& showing) {
    return showing ? &*showing : nullptr;
}

template <class T>
Index first_position(const StackCall<T>& call) {
    return call.cache == nullptr ? 0 : call.cache->length;
}

template <class T>
LayerNorm<T> norm_of(const Weights<T>& w, const std::string& name, Index d) {
    return {w.get(name + ".gain", {d}), w.get(name + ".bias", {d})};
}

}  // namespace

template <class T>
MultiHeadProjections<T> multi_head_projections(const Weights<T>& w, const std::string& prefix, Index d_model, bool bias) {
    const auto linear = [&](const std::string& name) {
        const std::string full = prefix + "." + name;
        return Linear<T>{w.get(full + ".weight", {d_model, d_model}), bias ? w.get(full + ".bias", {d_model}) : Var<T>()};
    };
    return {linear("query"), linear("key"), linear("value"), linear("output")};
}

template <class T>
TransformerStack<T>::TransformerStack(const Weights<T>& w, const std::string& prefix, StackDesign design)
    : design_(std::move(design)) {
    require_valid(design_);
    const Index d = design_.d_model;
    const PositionFunction& function = position_code(design_.position);
    sizes_ = {.d_model = d, .heads = design_.heads};
    if (w.has(prefix + ".position.table")) sizes_.longest = w.get(prefix + ".position.table").shape()[0];
    if (w.has(prefix + ".0.self.position.key")) sizes_.clip = (w.get(prefix + ".0.self.position.key").shape()[0] - 1) / 2;
    bool each_layer = false;
    for (const PositionParameter& p : function.parameters(sizes_)) each_layer = each_layer || p.each_layer;
    const auto code_below = [&](const std::string& owner) {
        const auto parameters = [&](const std::string& name) {
            for (const PositionParameter& p : function.parameters(sizes_))
                if (p.name == name) return w.get(owner + ".position." + name, p.shape);
            throw Error(ErrorCode::bad_format, "position code: there is no parameter " + name);
        };
        return make_position_code<T>(function, sizes_, parameters);
    };
    if (!each_layer) code_ = code_below(prefix);
    if (w.has(prefix + ".embedding.weight")) {
        table_ = w.get(prefix + ".embedding.weight");
        table_ = w.get(prefix + ".embedding.weight", {table_.shape()[0], d});
        if (design_.causal) packed_table_ = laid_out(Linear<T>{table_, {}}).packed;
    }
    for (Index l = 0; l < design_.layers; ++l) {
        const std::string at = fmt::format("{}.{}", prefix, l);
        const PositionCodePtr<T> code = each_layer ? code_below(at + ".self") : code_;
        Layer layer{MultiHeadAttention<T>(multi_head_projections(w, at + ".self", d, design_.bias), design_.heads, code),
                    std::nullopt,
                    {},
                    {}};
        if (design_.cross) layer.cross.emplace(multi_head_projections(w, at + ".cross", d, design_.bias), design_.heads);
        if (design_.d_ff > 0) {
            const std::string ff = at + ".feed_forward";
            const auto linear = [&](const std::string& name, Index out, Index in) {
                return laid_out(Linear<T>{w.get(ff + name + ".weight", {out, in}), w.get(ff + name + ".bias", {out})});
            };
            layer.feed_forward = {linear(".in", design_.d_ff, d), linear(".out", d, design_.d_ff),
                                  design_.activation == "gelu"};
        }
        if (design_.norm != "none")
            for (int n = 1; n <= sublayers(design_); ++n) layer.norms.push_back(norm_of(w, fmt::format("{}.norm{}", at, n), d));
        layers_.push_back(std::move(layer));
    }
    if (design_.norm == "pre") norm_ = norm_of(w, prefix + ".norm", d);
}

template <class T>
Var<T> TransformerStack<T>::embed(std::span<const Index> ids, Index batch, const StackCall<T>& call) const {
    if (table_.empty()) throw Error(ErrorCode::invalid_input, "this stack has no embedding table", "give it vectors");
    const Index d = design_.d_model, length = static_cast<Index>(ids.size()) / std::max<Index>(1, batch);
    const Var<T> rows = scale(embedding(table_, ids), std::sqrt(static_cast<T>(d)));
    return positioned(reshape(rows, {batch, length, d}), call);
}

template <class T>
Var<T> TransformerStack<T>::positioned(const Var<T>& x, const StackCall<T>& call) const {
    Var<T> input = reveal_whole(call, &StackSites::embedding, x);
    if (code_ != nullptr)
        if (Var<T> added = code_->added(first_position(call), x.shape()[1]); !added.empty())
            input = add(input, reveal_whole(call, &StackSites::position, std::move(added)));
    return dropped(reveal_whole(call, &StackSites::input, std::move(input)), call);
}

template <class T>
Tensor<T> TransformerStack<T>::self_mask(Index queries, const StackCall<T>& call) const {
    const Index first = first_position(call), keys = first + queries;
    Tensor<T> mask = call.mask;
    // A lone query behind all keys may see every one of them.
    if (design_.causal && queries > 1) mask = combine_masks(mask, causal_mask<T>(queries, keys, first));
    if (call.radius) mask = combine_masks(mask, window_mask<T>(queries, keys, std::max<Index>(0, *call.radius), first));
    return mask;
}

template <class T>
Var<T> TransformerStack<T>::layer(std::size_t at, Var<T> x, const Tensor<T>& mask, const StackCall<T>& call) const {
    const Layer& own = layers_[at];
    const bool pre = design_.norm == "pre", post = design_.norm == "post";
    static constexpr ProbeSite StackSites::*norm_sites[] = {&StackSites::norm1, &StackSites::norm2, &StackSites::norm3};
    std::size_t n = 0;
    const auto read = [&] { return pre ? reveal(call, norm_sites[n], at, own.norms[n](x)) : x; };
    const auto joined = [&](const Var<T>& more, ProbeSite StackSites::*site) {
        x = add(x, dropped(more, call));
        if (post) x = own.norms[n](x);
        ++n;
        x = reveal(call, site, at, std::move(x));
    };
    const Index first = first_position(call);
    {
        const Var<T> input = read();
        const auto shown = showing_of(call, &StackSites::self, at);
        KeysValues<T> kv = own.self.keys_values(input, first, pointer(shown));
        if (call.cache != nullptr) kv = call.cache->self[at] = call.cache->self[at].joined(kv);
        auto seen = own.self(input, kv, mask, first, pointer(shown));
        if (call.weights != nullptr) call.weights->push_back(std::move(seen.weights));
        joined(seen.attended, own.cross || design_.d_ff > 0 ? &StackSites::middle : &StackSites::state);
    }
    if (own.cross) {
        const Var<T> input = read();
        const auto shown = showing_of(call, &StackSites::cross, at);
        KeysValues<T> kv = call.cache != nullptr && at < call.cache->cross.size()
                               ? call.cache->cross[at]
                               : own.cross->keys_values(call.memory, 0, pointer(shown));
        if (call.cache != nullptr && at == call.cache->cross.size()) call.cache->cross.push_back(kv);
        joined((*own.cross)(input, kv, call.memory_mask, 0, pointer(shown)).attended,
               design_.d_ff > 0 ? &StackSites::cross_middle : &StackSites::state);
    }
    if (design_.d_ff > 0) {
        const Var<T> hidden = reveal(call, &StackSites::hidden, at, own.feed_forward.hidden(read()));
        joined(reveal(call, &StackSites::feed_forward, at, own.feed_forward.out(hidden)), &StackSites::state);
    }
    return x;
}

template <class T>
Var<T> TransformerStack<T>::operator()(const Var<T>& x, const StackCall<T>& call) const {
    const bool kept = call.cache != nullptr && call.cache->cross.size() == layers_.size();
    if (design_.cross && call.memory.empty() && !kept)
        throw Error(ErrorCode::invalid_input, "a stack with cross-attention needs the encoder's output",
                    "encode a source first");
    if (call.cache != nullptr) call.cache->self.resize(layers_.size());
    const Tensor<T> mask = self_mask(x.shape()[1], call);
    Var<T> y = x;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        check_stop(call.stop);
        y = layer(l, std::move(y), mask, call);
    }
    if (call.cache != nullptr) call.cache->length += x.shape()[1];
    return design_.norm == "pre" ? reveal_whole(call, &StackSites::norm, norm_(y)) : y;
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
    if (packed_table_ != nullptr && !x.tracked()) return packed_product(*packed_table_, x.value(), classes);
    return affine(x, classes == vocabulary() ? table_ : slice(table_, 0, 0, classes), {});
}

template MultiHeadProjections<float> multi_head_projections(const Weights<float>&, const std::string&, Index, bool);
template MultiHeadProjections<double> multi_head_projections(const Weights<double>&, const std::string&, Index, bool);
template struct StackCache<float>;
template struct StackCache<double>;
template class TransformerStack<float>;
template class TransformerStack<double>;

}  // namespace saccade
