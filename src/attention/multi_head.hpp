#pragma once

#include "attention/position.hpp"
#include "nn/linear.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// Where one multi-head attention shows its tensors, batches of one; all grow along their first axis, `layer`.
struct MultiHeadSites {
    /// Tensors STACK.query and so on; axes `queries` and `keys` (tokens), head, unit (d_head), `feature` (d_model).
    MultiHeadSites(const std::string& stack, const std::string& queries, const std::string& keys);

    ProbeSite projected_query, projected_key;  // before the position code turned them; shown only where it does
    ProbeSite query, key, value;               // [layer, head, tokens, unit]
    ProbeSite term;                            // the position code's, added to the scores; shown only where there is one
    ProbeSite scores;                          // [layer, head, query, key]: scaled, term in, before the mask
    ProbeSite mask;                            // [layer, query, key]
    ProbeSite weights;                         // [layer, head, query, key]
    ProbeSite context;                         // [layer, head, query, unit]
    ProbeSite attended;                        // [layer, query, feature]: after W_O
};

struct MultiHeadShowing {
    Probe& probe;
    const MultiHeadSites& sites;
    Index layer;
};

/// Keys and values of all heads, [B, h, n, d_head]: what a decoder keeps between steps.
template <class T>
struct KeysValues {
    Var<T> keys, values;

    bool empty() const { return keys.empty(); }
    Index length() const { return empty() ? 0 : keys.shape()[2]; }
    /// Rows of the batch, in any number and order.
    KeysValues rows(std::span<const Index> which) const;
    /// These, then `more` behind them.
    KeysValues joined(const KeysValues& more) const;
};

/// W_Q, W_K, W_V, W_O: weights [d_model, d_model], biases [d_model] or empty.
template <class T>
struct MultiHeadProjections {
    Linear<T> query, key, value, output;
};

/// Multi-head attention (Vaswani 2017, section 3.2.2):
///   Q = x W_Q^T + b_Q,  K = y W_K^T + b_K,  V = y W_V^T + b_V,  each cut into h heads of d_head = d_model / h
///   z_h = softmax(Q_h K_h^T / sqrt(d_head) + term + mask) V_h;   MultiHead = [z_1; ...; z_h] W_O^T + b_O
/// Self-attention: y = x, with a position code. Cross-attention: y is the encoder's output, without one.
template <class T>
class MultiHeadAttention {
 public:
    /// `code` may be null. Error{invalid_input} as require_heads.
    MultiHeadAttention(MultiHeadProjections<T> projections, Index heads, PositionCodePtr<T> code = nullptr);

    /// PositionCode::score_term of queries [B, h, T_q, d_head]; empty without a code.
    Var<T> score_term(const Var<T>& queries, Index first_query, Index n_keys) const {
        return code_ ? code_->score_term(queries, first_query, n_keys) : Var<T>();
    }

    /// y [B, n, d_model], whose first row stands at position `first`.
    KeysValues<T> keys_values(const Var<T>& y, Index first = 0, const MultiHeadShowing* showing = nullptr) const;

    struct Output {
        Var<T> weights;   // [B, h, T_q, T_k]
        Var<T> attended;  // [B, T_q, d_model]
    };
    /// x [B, T_q, d_model], its first row at position `first`; `mask` as scaled_dot_product has it, or empty. Rows that may
    /// look at nothing attend to nothing: weights and context 0, attended b_O.
    Output operator()(const Var<T>& x, const KeysValues<T>& kv, const Tensor<T>& mask, Index first = 0,
                      const MultiHeadShowing* showing = nullptr) const;

 private:
    Var<T> split(const Var<T>& x) const;   // [B, n, d_model] -> [B, h, n, d_head]
    Var<T> joined(const Var<T>& z) const;  // and back
    /// Without a tape and with nobody looking on: the same numbers, faster.
    Output fused(const Var<T>& projected, const KeysValues<T>& kv, const Tensor<T>& mask, Index first) const;
    struct Looked {
        Var<T> weights, context;
    };
    Looked looked(const Var<T>& q, const KeysValues<T>& kv, const Var<T>& term, const Tensor<T>& mask) const;
    /// Step by step, so that a probe may change what lies between; the same numbers.
    Looked shown(const Var<T>& q, const KeysValues<T>& kv, const Var<T>& term, const Tensor<T>& mask,
                 const MultiHeadShowing& showing) const;

    Index heads_;
    MultiHeadProjections<T> projections_;
    PositionCodePtr<T> code_;
};

/// Error{invalid_input}, one line, unless heads >= 1 and heads divide d_model.
void require_heads(Index d_model, Index heads);

}  // namespace saccade
