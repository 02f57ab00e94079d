#include "attention/multi_head.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "attention/mask.hpp"
#include "attention/scaled_dot_product.hpp"
#include "autograd/ops.hpp"
#include "nn/rules.hpp"

namespace saccade {

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
MultiHeadAttention<T>::MultiHeadAttention(MultiHeadProjections<T> projections, Index heads, PositionCode<T> code, bool scaled)
    : heads_(heads), units_(0), projections_(std::move(projections)), code_(std::move(code)), scaled_(scaled) {
    require_heads(projections_.query.extents()[0], heads_);
    units_ = projections_.query.extents()[0] / heads_;
    const Index rows = projections_.key.extents()[0];
    if (rows < 1 || projections_.value.extents()[0] != rows || rows % units_ != 0 || heads_ % (rows / units_) != 0)
        throw Error(ErrorCode::bad_format,
                    fmt::format("keys and values of {} rows do not serve {} heads of {} units", rows, heads_, units_),
                    "use the weights that belong to this design");
    for (Linear<T>* linear : {&projections_.query, &projections_.key, &projections_.value, &projections_.output})
        *linear = laid_out(std::move(*linear));
}

template <class T>
Var<T> MultiHeadAttention<T>::split(const Var<T>& x) const {
    const Shape& s = x.shape();
    const Index own = s[2] / units_;
    const Var<T> heads = transpose(reshape(x, {s[0], s[1], own, units_}), 1, 2);
    if (own == heads_) return heads;
    std::vector<Var<T>> all;
    for (Index h = 0; h < heads_; ++h) all.push_back(slice(heads, 1, h / (heads_ / own), 1));
    return concat<T>(all, 1);
}

template <class T>
Var<T> MultiHeadAttention<T>::joined(const Var<T>& z) {
    const Shape& s = z.shape();
    return reshape(transpose(z, 1, 2), {s[0], s[2], s[1] * s[3]});
}

namespace {

constexpr const char* attention_source = "Vaswani 2017, eq. 1";
constexpr const char* heads_source = "Vaswani 2017, section 3.2.2";

/// x [1, h, ...] as the model continues with it; a head alone is shown without its axis.
template <class T, class Describe>
Var<T> per_head(const AttentionView& view, const char* part, Var<T> x, const Describe& describe) {
    if (!view.observe || view.names->heads) return view.observe(part, std::move(x), describe);
    const Shape whole = x.shape();
    return reshape(view.observe(part, reshape(x, whole.without(1)), describe), whole);
}

std::vector<std::string> axes_of_heads(const AttentionNames& n, const std::string& tokens, const std::string& last) {
    std::vector<std::string> axes;
    if (n.layers) axes.emplace_back("layer");
    if (n.heads) axes.emplace_back("head");
    axes.insert(axes.end(), {tokens, last});
    return axes;
}

PositionNames position_names(const AttentionNames& n) {
    return {n.layer(), n.heads ? "h," : "", n.queries, n.keys};
}

/// With the parameters that a position code reads.
Shown with_code(const AttentionNames& n, Shown shown, std::vector<Parameter> own) {
    if (n.position) shown.parameters = n.position();
    for (Parameter& p : own) shown.parameters.push_back(std::move(p));
    return shown;
}

}  // namespace

template <class T>
struct MultiHeadAttention<T>::Part {
    const char *name, *before, *raw;  // turned by a position code; before that; before they are normalised
    const char *symbol, *letter, *title;
    Role role;
    char token;
    Linear<float> MultiHeadProjections<float>::*linear;

    const std::string& axis(const AttentionNames& n) const { return role == Role::query ? n.queries : n.keys; }
    Shown projected(const AttentionNames& n, const char* shown_as, bool on_its_way) const {
        ProjectionNames w = n.projection(name, linear);
        const std::string bias = w.bias.empty() ? std::string() : fmt::format(" + b_{}", letter);
        const std::string read = (role == Role::query ? n.x : n.y)(token);
        return {.role = role,
                .symbol = on_its_way ? symbol + std::string("̃") : symbol,
                .title =
                    on_its_way ? fmt::format("{} before they are {}", title, shown_as == raw ? "normalised" : "turned") : title,
                .axes = axes_of_heads(n, axis(n), "unit"),
                .step = {"project", fmt::format("{0}_{1} = W_{2} {3}_{1}{4}", symbol, token, letter, n.x_symbol, bias),
                         fmt::format("@{}[{}{},u] = {}", shown_as, n.at(), token, rules::linear('m', w.weight, read, w.bias)),
                         heads_source},
                .parameters = std::move(w.parameters)};
    }
    Shown normalised(const AttentionNames& n, const char* shown_as, double epsilon) const {
        const bool to_be_turned = shown_as == before;
        const auto x = [&](char unit) { return fmt::format("@{}[{}{},{}]", raw, n.at(), token, unit); };
        const std::string gain = fmt::format("@{}.norm", name);
        return {.role = role,
                .symbol = to_be_turned ? symbol + std::string("̃") : symbol,
                .title = to_be_turned ? fmt::format("{} before they are turned", title) : title,
                .axes = axes_of_heads(n, axis(n), "unit"),
                .step = {"normalise", rules::rms_norm_formula,
                         fmt::format("@{}[{}{},u] = {}", shown_as, n.at(), token,
                                     rules::rms_norm(x, 'u', gain + (n.layers ? "[l,u]" : "[u]"), epsilon)),
                         rules::rms_norm_source},
                .parameters = {n.norm(name, linear)}};
    }
    Shown turned(const AttentionNames& n, const TurningCode<T>& code) const {
        const auto x = [&](const std::string& unit) { return fmt::format("@{}[{}{},{}]", before, n.at(), token, unit); };
        PositionRule rule = code.turned_rule(x, token);
        return with_code(
            n,
            {.role = role,
             .symbol = symbol,
             .title = title,
             .axes = axes_of_heads(n, axis(n), "unit"),
             .step = {"turn", rule.formula, fmt::format("@{}[{}{},u] = {}", name, n.at(), token, rule.rule), rule.source}},
            std::move(rule.parameters));
    }
};

/// Queries, keys or values [B, h, n, d_head] as the scores see them. Where they are turned, what they were is shown, too.
template <class T>
Var<T> MultiHeadAttention<T>::part_of_heads(const Part& part, const Linear<T>& linear, const Norm<T>* norm, const Var<T>& y,
                                            Index first, const AttentionView& view) const {
    const TurningCode<T>* turns = part.role == Role::value ? nullptr : code_.turns.get();
    const bool normed = norm != nullptr;
    const char* const projected = turns == nullptr ? part.name : part.before;
    Var<T> x = per_head(view, normed ? part.raw : projected, split(linear(y)),
                        [&] { return part.projected(*view.names, normed ? part.raw : projected, turns != nullptr || normed); });
    if (normed)
        x = per_head(view, projected, (*norm)(x),
                     [&] { return part.normalised(*view.names, projected, static_cast<double>(norm->eps)); });
    if (turns == nullptr) return x;
    return per_head(view, part.name, turns->turned(x, first), [&] { return part.turned(*view.names, *turns); });
}

template <class T>
KeysValues<T> MultiHeadAttention<T>::keys_values(const Var<T>& y, Index first, const AttentionView& view) const {
    static constexpr Part key{
        "key", "projected_key", "raw_key", "k", "K", "Keys", Role::key, 'j', &MultiHeadProjections<float>::key};
    static constexpr Part value{"value", "", "", "v", "V", "Values", Role::value, 'j', &MultiHeadProjections<float>::value};
    const Norm<T>* const key_norm = projections_.norms ? &projections_.norms->key : nullptr;
    Var<T> keys = part_of_heads(key, projections_.key, key_norm, y, first, view);
    return {std::move(keys), part_of_heads(value, projections_.value, nullptr, y, first, view)};
}

template <class T>
Var<T> MultiHeadAttention<T>::shown_weights(const Var<T>& q, const KeysValues<T>& kv, const Var<T>& term, const Tensor<T>& mask,
                                            const AttentionView& view) const {
    const AttentionNames& n = *view.names;
    const Index queries = q.shape()[2], keys = kv.length();
    const auto pairs = [&] { return axes_of_heads(n, n.queries, n.keys); };
    Var<T> added = term;
    if (!term.empty())
        added = per_head(view, "term", term, [&] {
            PositionRule rule = code_.scores->score_rule(position_names(n), keys);
            return with_code(
                n,
                {.role = Role::scores,
                 .symbol = "t",
                 .title = "What the position code adds to the scores",
                 .axes = pairs(),
                 .step = {"position", rule.formula, fmt::format("@term[{}i,j] = {}", n.at(), rule.rule), rule.source}},
                std::move(rule.parameters));
        });
    Var<T> scores = per_head(view, "scores", scaled_scores(q, kv.keys, added, scaled_), [&] {
        const std::string at = n.at(), query = "@query[" + at + "i,u]", key = "@key[" + at + "j,u]";
        const std::string dot = scaled_ ? rules::scaled_dot(query, key, q.shape()[3]) : rules::dot(query, key);
        return Shown{
            .role = Role::scores,
            .symbol = n.score_symbol,
            .title = scaled_ ? "Scores (scaled)" : "Scores",
            .axes = pairs(),
            .step = {"score",
                     fmt::format("{}_ij = q_i · k_j{}{}", n.score_symbol, scaled_ ? " / √d_head" : "",
                                 term.empty() ? "" : " + t_ij"),
                     fmt::format("@scores[{0}i,j] = {1}{2}", at, dot, term.empty() ? "" : fmt::format(" + @term[{}i,j]", at)),
                     attention_source}};
    });
    // A whole mask even where nothing is hidden: the user may draw on it.
    const Tensor<T> blank(Shape{queries, keys});
    const Tensor<T> whole = combine_masks(blank, mask).reshape({queries, keys});
    const Tensor<T> drawn = view.observe("mask", whole, [&] {
        std::vector<std::string> axes = {n.queries, n.keys};
        if (n.layers) axes.insert(axes.begin(), "layer");
        return Shown{.role = Role::mask, .symbol = "m", .title = "Mask", .axes = std::move(axes), .step = n.mask};
    });
    // Each of these may be as large as there is room for: no more of them at once than must be.
    scores = masked_scores(scores, drawn);
    return per_head(view, "weights", softmax(scores), [&] {
        return Shown{.role = Role::weights,
                     .symbol = "α",
                     .title = n.title,
                     .unit = "weight",
                     .axes = pairs(),
                     .step = {"normalise", fmt::format("α_ij = softmax_j({}_ij + m_ij)", n.score_symbol),
                              fmt::format("@weights[{0}i,j] = softmax_j(@scores[{0}i,j] + @mask[{1}i,j])", n.at(), n.layer()),
                              attention_source}};
    });
}

template <class T>
typename MultiHeadAttention<T>::Heads MultiHeadAttention<T>::heads(const Var<T>& x, const KeysValues<T>& kv,
                                                                   const Tensor<T>& mask, Index first,
                                                                   const AttentionView& view) const {
    static constexpr Part query{
        "query", "projected_query", "raw_query", "q", "Q", "Queries", Role::query, 'i', &MultiHeadProjections<float>::query};
    const Norm<T>* const query_norm = projections_.norms ? &projections_.norms->query : nullptr;
    return heads_of(part_of_heads(query, projections_.query, query_norm, x, first, view), kv, mask, first, view);
}

template <class T>
typename MultiHeadAttention<T>::Heads MultiHeadAttention<T>::heads_of(const Var<T>& q, const KeysValues<T>& kv,
                                                                      const Tensor<T>& mask, Index first,
                                                                      const AttentionView& view) const {
    const Var<T> term = code_.score_term(q, first, kv.length());
    Heads seen;
    if (view.observe) {
        seen.weights = shown_weights(q, kv, term, mask, view);
        seen.context = matmul(seen.weights, kv.values);
    } else {
        auto out = scaled_dot_product(q, kv.keys, kv.values, term, mask, scaled_);
        seen = {std::move(out.weights), std::move(out.context)};
    }
    if (code_.reads) seen.context = add(seen.context, code_.reads->context_term(seen.weights, first));
    seen.context = per_head(view, "context", std::move(seen.context), [&] {
        const AttentionNames& n = *view.names;
        const std::string at = n.at(), result = "@context[" + at + "i,u] = ", weight = "@weights[" + at + "i,j]";
        const std::string value = "@value[" + at + "j,u]";
        Shown shown{.role = Role::context,
                    .symbol = "z",
                    .title = n.heads ? "Context of each head" : "Context",
                    .axes = axes_of_heads(n, n.queries, "unit"),
                    .step = {"read", "z_i = Σ_j α_ij v_j", result + "sum_j(" + weight + " * " + value + ")", attention_source}};
        if (!code_.reads) return shown;
        PositionRule rule = code_.reads->value_rule(position_names(n));
        shown.step.formula = fmt::format("z_i = Σ_j α_ij (v_j + {})", rule.formula);
        shown.step.rule = result + fmt::format("sum_j({} * ({} + {}))", weight, value, rule.rule);
        shown.step.source = rule.source;
        return with_code(n, std::move(shown), std::move(rule.parameters));
    });
    return seen;
}

template <class T>
typename MultiHeadAttention<T>::Output MultiHeadAttention<T>::fused(const Var<T>& projected, const KeysValues<T>& kv,
                                                                    const Tensor<T>& mask, Index first) const {
    // Only a code, or a norm, looks at the queries of a head by themselves.
    const bool normed = projections_.norms != nullptr;
    const Var<T> own = normed ? projections_.norms->query(split(projected)) : projected;
    const Var<T> q = code_.turns || code_.scores ? code_.turned(normed ? own : split(projected), first)
                     : normed                    ? joined(own)
                                                 : projected;
    const Var<T> term = code_.score_term(q, first, kv.length());
    auto out = attended_heads(q.value(), heads_, kv.keys.value(), kv.values.value(), term.value(), mask, scaled_);
    Var<T> context = std::move(out.joined_context);
    if (code_.reads) context = add(context, joined(code_.reads->context_term(out.weights, first)));
    return {std::move(out.weights), projections_.output(context)};
}

template <class T>
typename MultiHeadAttention<T>::Output MultiHeadAttention<T>::operator()(const Var<T>& x, const KeysValues<T>& kv,
                                                                         const Tensor<T>& mask, Index first,
                                                                         const AttentionView& view) const {
    const bool taped =
        common_tape({&x, &projections_.query.weight, &kv.keys, &kv.values, &projections_.output.weight}) != nullptr;
    if (!view.observe && !taped) return fused(projections_.query(x), kv, mask, first);
    Heads seen = heads(x, kv, mask, first, view);
    Var<T> attended = view.observe("attended", projections_.output(joined(seen.context)), [&] {
        const AttentionNames& n = *view.names;
        ProjectionNames w = n.projection("output", &MultiHeadProjections<float>::output);
        std::vector<std::string> axes = {n.queries, "feature"};
        if (n.layers) axes.insert(axes.begin(), "layer");
        return Shown{.role = Role::context,
                     .symbol = "a",
                     .title = "Heads joined and projected",
                     .axes = std::move(axes),
                     .step = {"join heads", "a_i = [z_1; …; z_h] W_O + b_O",
                              fmt::format("@attended[{}i,k] = sum_h(sum_u({} * @context[{}i,u])){}", n.layer(), w.weight,
                                          n.at(), w.bias.empty() ? "" : " + " + w.bias),
                              heads_source},
                     .parameters = std::move(w.parameters)};
    });
    return {std::move(seen.weights), std::move(attended)};
}

template struct KeysValues<float>;
template struct KeysValues<double>;
template class MultiHeadAttention<float>;
template class MultiHeadAttention<double>;

}  // namespace saccade
