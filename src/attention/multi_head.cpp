#include "attention/multi_head.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "attention/mask.hpp"
#include "attention/scaled_dot_product.hpp"
#include "autograd/ops.hpp"

namespace saccade {

MultiHeadSites::MultiHeadSites(const std::string& s, const std::string& queries, const std::string& keys)
    : projected_query{s + ".projected_query",           Role::query, "q̃",
                      "Queries before they are turned", "",          {"layer", "head", queries, "unit"}},
      projected_key{s + ".projected_key", Role::key, "k̃", "Keys before they are turned", "", {"layer", "head", keys, "unit"}},
      query{s + ".query", Role::query, "q", "Queries", "", {"layer", "head", queries, "unit"}},
      key{s + ".key", Role::key, "k", "Keys", "", {"layer", "head", keys, "unit"}},
      value{s + ".value", Role::value, "v", "Values", "", {"layer", "head", keys, "unit"}},
      term{s + ".term", Role::scores, "t", "What the position code adds to the scores", "", {"layer", "head", queries, keys}},
      scores{s + ".scores", Role::scores, "e", "Scores (scaled)", "", {"layer", "head", queries, keys}},
      mask{s + ".mask", Role::mask, "m", "Mask", "", {"layer", queries, keys}},
      weights{s + ".weights", Role::weights, "α", "Attention weights", "weight", {"layer", "head", queries, keys}},
      context{s + ".context", Role::context, "z", "Context of each head", "", {"layer", "head", queries, "unit"}},
      attended{s + ".attended", Role::context, "a", "Heads joined and projected", "", {"layer", queries, "feature"}} {}

void require_heads(Index d_model, Index heads) {
    if (heads >= 1 && d_model >= heads && d_model % heads == 0) return;
    throw Error(ErrorCode::invalid_input, fmt::format("{} heads do not divide d_model = {}", heads, d_model),
                "choose a number of heads that divides d_model, so that every head has d_model / heads features");
}

namespace {

template <class T>
Var<T> rows_of(const Var<T>& x, std::span<const Index> which) {
    if (x.empty()) return x;
    const Tensor<T>& all = x.value();
    bool same = static_cast<Index>(which.size()) == all.shape()[0];
    for (std::size_t i = 0; same && i < which.size(); ++i) same = which[i] == static_cast<Index>(i);
    if (same) return all;
    const Index size = all.size() / all.shape()[0];
    Tensor<T> rows = Tensor<T>::uninitialized(all.shape().with_extent(0, static_cast<Index>(which.size())));
    for (std::size_t i = 0; i < which.size(); ++i)
        std::copy_n(all.data() + which[i] * size, size, rows.data() + static_cast<Index>(i) * size);
    return rows;
}

}  // namespace

template <class T>
KeysValues<T> KeysValues<T>::rows(std::span<const Index> which) const {
    return {rows_of(keys, which), rows_of(values, which)};
}

template <class T>
KeysValues<T> KeysValues<T>::joined(const KeysValues& more) const {
    if (empty()) return more;
    const Var<T> both_keys[] = {keys, more.keys}, both_values[] = {values, more.values};
    return {concat<T>(both_keys, 2), concat<T>(both_values, 2)};
}

template <class T>
MultiHeadAttention<T>::MultiHeadAttention(MultiHeadProjections<T> projections, Index heads, PositionCodePtr<T> code)
    : heads_(heads), projections_(std::move(projections)), code_(std::move(code)) {
    require_heads(projections_.query.weight.shape()[0], heads_);
    for (Linear<T>* linear : {&projections_.query, &projections_.key, &projections_.value, &projections_.output})
        *linear = laid_out(std::move(*linear));
}

template <class T>
Var<T> MultiHeadAttention<T>::split(const Var<T>& x) const {
    const Shape& s = x.shape();
    return transpose(reshape(x, {s[0], s[1], heads_, s[2] / heads_}), 1, 2);
}

template <class T>
Var<T> MultiHeadAttention<T>::joined(const Var<T>& z) const {
    const Shape& s = z.shape();
    return reshape(transpose(z, 1, 2), {s[0], s[2], s[1] * s[3]});
}

namespace {

template <class T>
Var<T> reveal(const MultiHeadShowing* showing, ProbeSite MultiHeadSites::*site, Var<T> v) {
    return showing == nullptr ? std::move(v) : show(&showing->probe, showing->sites.*site, showing->layer, std::move(v));
}

/// Queries or keys as the scores see them. Where they are turned, what they were is shown, too.
template <class T>
Var<T> turned(const PositionCode<T>* code, const Var<T>& x, Index first, const MultiHeadShowing* showing,
              ProbeSite MultiHeadSites::*before) {
    if (code == nullptr || !code->turns()) return x;
    return code->turned(reveal(showing, before, x), first);
}

}  // namespace

template <class T>
KeysValues<T> MultiHeadAttention<T>::keys_values(const Var<T>& y, Index first, const MultiHeadShowing* showing) const {
    const Var<T> keys = turned(code_.get(), split(projections_.key(y)), first, showing, &MultiHeadSites::projected_key);
    return {reveal(showing, &MultiHeadSites::key, keys), reveal(showing, &MultiHeadSites::value, split(projections_.value(y)))};
}

template <class T>
typename MultiHeadAttention<T>::Looked MultiHeadAttention<T>::looked(const Var<T>& q, const KeysValues<T>& kv,
                                                                     const Var<T>& term, const Tensor<T>& mask) const {
    auto out = scaled_dot_product(q, kv.keys, kv.values, term, mask);
    return {std::move(out.weights), std::move(out.context)};
}

template <class T>
typename MultiHeadAttention<T>::Looked MultiHeadAttention<T>::shown(const Var<T>& q, const KeysValues<T>& kv,
                                                                    const Var<T>& term, const Tensor<T>& mask,
                                                                    const MultiHeadShowing& showing) const {
    const Index queries = q.shape()[2], keys = kv.length();
    const Var<T> added = term.empty() ? term : reveal(&showing, &MultiHeadSites::term, term);
    const Var<T> scores = reveal(&showing, &MultiHeadSites::scores, scaled_scores(q, kv.keys, added));
    // A whole mask even where nothing is hidden: a person may draw on it.
    const Tensor<T> blank(Shape{queries, keys});
    const Tensor<T> whole = combine_masks(blank, mask).reshape({queries, keys});
    const Tensor<T> drawn = reveal(&showing, &MultiHeadSites::mask, Var<T>(whole)).value();
    const Var<T> weights = reveal(&showing, &MultiHeadSites::weights, softmax(masked_scores(scores, drawn)));
    return {weights, matmul(weights, kv.values)};
}

template <class T>
typename MultiHeadAttention<T>::Output MultiHeadAttention<T>::fused(const Var<T>& projected, const KeysValues<T>& kv,
                                                                    const Tensor<T>& mask, Index first) const {
    // Only a code looks at the queries of a head by themselves.
    const Var<T> q = code_ == nullptr ? projected : code_->turned(split(projected), first);
    const Var<T> term = score_term(q, first, kv.length());
    auto out = attended_heads(q.value(), heads_, kv.keys.value(), kv.values.value(), term.value(), mask);
    Var<T> context = std::move(out.joined_context);
    if (code_ != nullptr)
        if (const Var<T> more = code_->context_term(out.weights, first); !more.empty()) context = add(context, joined(more));
    return {std::move(out.weights), projections_.output(context)};
}

template <class T>
typename MultiHeadAttention<T>::Output MultiHeadAttention<T>::operator()(const Var<T>& x, const KeysValues<T>& kv,
                                                                         const Tensor<T>& mask, Index first,
                                                                         const MultiHeadShowing* showing) const {
    const Var<T> projected = projections_.query(x);
    if (showing == nullptr && common_tape({&projected, &kv.keys, &kv.values, &projections_.output.weight}) == nullptr)
        return fused(projected, kv, mask, first);
    Var<T> q = turned(code_.get(), split(projected), first, showing, &MultiHeadSites::projected_query);
    q = reveal(showing, &MultiHeadSites::query, q);
    const Var<T> term = score_term(q, first, kv.length());
    Looked seen = showing == nullptr ? looked(q, kv, term, mask) : shown(q, kv, term, mask, *showing);
    if (code_ != nullptr)
        if (const Var<T> more = code_->context_term(seen.weights, first); !more.empty()) seen.context = add(seen.context, more);
    const Var<T> context = reveal(showing, &MultiHeadSites::context, seen.context);
    return {seen.weights, reveal(showing, &MultiHeadSites::attended, projections_.output(joined(context)))};
}

template struct KeysValues<float>;
template struct KeysValues<double>;
template class MultiHeadAttention<float>;
template class MultiHeadAttention<double>;

}  // namespace saccade
