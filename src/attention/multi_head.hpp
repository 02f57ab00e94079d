#pragma once

#include "attention/position.hpp"
#include "nn/linear.hpp"
#include "nn/norm.hpp"
#include "trace/observer.hpp"

namespace saccade {

/// Keys and values of all heads, [B, h, n, d_head]: what a decoder keeps between steps.
template <class T>
struct KeysValues {
    Var<T> keys, values;

    bool empty() const { return keys.empty(); }
    Index length() const { return empty() ? 0 : keys.shape()[2]; }
    /// Rows of the batch, in any number and order.
    KeysValues rows(std::span<const Index> which) const;
    /// These, then `more` after them.
    KeysValues joined(const KeysValues& more) const;
};

/// Norms of queries and keys by their root mean square, head by head, before the position code turns them (Henry 2020,
/// "Query-key normalization for transformers"; Yang 2025). Gains [d_head].
template <class T>
struct QueryKeyNorms {
    Norm<T> query, key;
};

/// W_Q, W_K, W_V [h d_head, d_model], W_O [d_model, h d_head], biases or empty; h d_head is d_model as a rule. Of some of the
/// heads: their rows of W_Q, W_K, W_V and their columns of W_O. Grouped queries (Ainslie 2023): W_K and W_V have rows of fewer
/// heads, each of which serves h / groups neighbouring ones.
template <class T>
struct MultiHeadProjections {
    Linear<T> query, key, value, output;
    std::shared_ptr<const QueryKeyNorms<T>> norms{};  // null: none
};

/// A projection as rules name it, with the parameters that they name: "@query.weight[l,h*16+u,m]" for unit u of a head, or of
/// the output "@output.weight[l,k,h*16+u]" for feature k.
struct ProjectionNames {
    std::string weight, bias;  // no bias: empty
    std::vector<Parameter> parameters;
};

/// How rules and views name what an attention is a part of. Made only where something observes.
struct AttentionNames {
    bool layers = false;        // is it one of several? Its tensors then are rows of [layer, ...]
    bool heads = true;          // false: one head alone, and no axis for it
    std::string queries, keys;  // axes of tokens; besides them: head, unit (d_head), feature (d_model)
    /// What queries, and what keys and values are made of, at feature m of a token: "@norm1[l,i,m]".
    std::function<std::string(char token)> x, y;
    std::string x_symbol = "x", score_symbol = "e";
    std::function<ProjectionNames(const char* what, Linear<float> MultiHeadProjections<float>::*which)> projection;
    /// "@query.norm": the gains of the norm of queries or keys, where they have one.
    std::function<Parameter(const char* what, Linear<float> MultiHeadProjections<float>::*which)> norm{};
    std::function<std::vector<Parameter>()> position;  // the position code's, of the model; may be empty
    How mask;
    std::string title = "Attention weights";

    std::string layer() const { return layers ? "l," : ""; }
    std::string at() const { return layer() + (heads ? "h," : ""); }
};

/// The observer, and its names for things. `names` is needed where there is one.
struct AttentionView {
    Observer observe{};
    const AttentionNames* names = nullptr;
};

/// Multi-head attention (Vaswani 2017, section 3.2.2):
///   Q = x W_Q^T + b_Q,  K = y W_K^T + b_K,  V = y W_V^T + b_V,  each cut into h heads of d_head = d_model / h
///   z_h = softmax(Q_h K_h^T / sqrt(d_head) + term + mask) V_h;   MultiHead = [z_1; ...; z_h] W_O^T + b_O
/// Grouped queries (Ainslie 2023, section 2.2): K_h and V_h are those of group h // (h / groups).
/// T5 has no sqrt(d_head) there (Raffel 2020): `scaled` false.
/// Self-attention: y = x, with a position code. Cross-attention: y is the encoder's output, without one.
///
/// Shown, batches of one: query, key, value [layer, head, token, unit]; raw_query and raw_key, before they were normalised;
/// projected_query and projected_key, before the position code turned them; term [layer, head, query, key], what it adds to the
/// scores; scores, scaled, the term in, before the mask; mask [layer, query, key]; weights; context [layer, head, query, unit];
/// attended [layer, query, feature], after W_O.
template <class T>
class MultiHeadAttention {
 public:
    /// Error{invalid_input} as require_heads; {bad_format} if the keys' heads do not divide the queries'.
    MultiHeadAttention(MultiHeadProjections<T> projections, Index heads, PositionCode<T> code = {}, bool scaled = true);

    const MultiHeadProjections<T>& projections() const { return projections_; }
    const PositionCode<T>& code() const { return code_; }
    bool scaled() const { return scaled_; }

    /// y [B, n, d_model], whose first row stands at position `first`.
    KeysValues<T> keys_values(const Var<T>& y, Index first = 0, const AttentionView& view = {}) const;

    /// What the heads see and read: weights [B, h, T_q, T_k], context [B, h, T_q, d_head]. As below, without the output.
    struct Heads {
        Var<T> weights, context;
    };
    Heads heads(const Var<T>& x, const KeysValues<T>& kv, const Tensor<T>& mask, Index first = 0,
                const AttentionView& view = {}) const;

    /// The same of queries [B, h, T_q, d_head] as the scores see them.
    Heads heads_of(const Var<T>& q, const KeysValues<T>& kv, const Tensor<T>& mask, Index first,
                   const AttentionView& view) const;

    struct Output {
        Var<T> weights;   // [B, h, T_q, T_k]
        Var<T> attended;  // [B, T_q, d_model]
    };
    /// x [B, T_q, d_model], its first row at position `first`; `mask` as scaled_dot_product has it, or empty. Rows that may
    /// look at nothing attend to nothing: weights and context 0, attended b_O.
    Output operator()(const Var<T>& x, const KeysValues<T>& kv, const Tensor<T>& mask, Index first = 0,
                      const AttentionView& view = {}) const;

    /// Heads side by side: [B, h, n, d_head] -> [B, n, h * d_head].
    static Var<T> joined(const Var<T>& z);

 private:
    struct Part;                          // queries, keys or values
    Var<T> split(const Var<T>& x) const;  // [B, n, h d_head] -> [B, h, n, d_head], a group's for each of its heads
    Var<T> part_of_heads(const Part& part, const Linear<T>& linear, const Norm<T>* norm, const Var<T>& y, Index first,
                         const AttentionView& view) const;
    /// Without a tape and without an observer: the same numbers, faster.
    Output fused(const Var<T>& projected, const KeysValues<T>& kv, const Tensor<T>& mask, Index first) const;
    /// Step by step, so that a probe may change what lies between; the same numbers.
    Var<T> shown_weights(const Var<T>& q, const KeysValues<T>& kv, const Var<T>& term, const Tensor<T>& mask,
                         const AttentionView& view) const;

    Index heads_, units_;  // units: d_head
    MultiHeadProjections<T> projections_;
    PositionCode<T> code_;
    bool scaled_;
};

/// Error{invalid_input}, one line, unless heads >= 1 and heads divide d_model.
void require_heads(Index d_model, Index heads);

}  // namespace saccade
