#pragma once

#include "tensor/tensor.hpp"

namespace saccade {

/// Rows of heads somewhere in memory: element [b, head, row, unit] at data[b * batch + head * head_step + row * row_step +
/// unit]. A step of 0 shares what lies there (masks and terms that broadcast).
template <class T>
struct HeadsView {
    T* data = nullptr;
    Index batch = 0, head_step = 0, row_step = 0;

    T* at(Index b, Index head, Index row) const { return data + b * batch + head * head_step + row * row_step; }
};

/// A tensor [B, h, n, d] as it lies.
template <class T>
HeadsView<const T> heads_view(const Tensor<T>& x) {
    const Shape& s = x.shape();
    return {x.data(), s[1] * s[2] * s[3], s[2] * s[3], s[3]};
}
/// The heads of a projection [B, n, h * d] as it lies: no transposition.
template <class T>
HeadsView<const T> joined_heads_view(const Tensor<T>& x, Index heads) {
    const Shape& s = x.shape();
    return {x.data(), s[1] * s[2], s[2] / heads, s[2]};
}

template <class T>
struct AttentionOperands {
    Index batch, heads, queries, keys, units, value_units;
    HeadsView<const T> query, key, value;
    HeadsView<const T> term, mask;  // rows of `keys` elements; data null: none
    bool scaled = true;             // false: without 1 / sqrt(units)
};

/// weights [B, h, Tq, Tk] = softmax(q k^T / sqrt(units) + term + mask), context = weights v: the numbers of
/// scaled_dot_product (attention/scaled_dot_product.hpp), bit for bit, without scores or mask ever standing in memory. Keys
/// that a mask hides from a query and all after it (a causal mask, padding) cost nothing but their zeros. Heads run in
/// parallel.
template <class T>
void attend(const AttentionOperands<T>& operands, T* weights, const HeadsView<T>& context);

extern template void attend(const AttentionOperands<float>&, float*, const HeadsView<float>&);
extern template void attend(const AttentionOperands<double>&, double*, const HeadsView<double>&);

}  // namespace saccade
