#include "attention/mask.hpp"

#include <fmt/core.h>

#include <limits>

#include "autograd/ops.hpp"

namespace saccade {

namespace {

/// [rows, columns], -inf where hidden(row, column).
template <class T, class Hidden>
Tensor<T> mask_where(Index rows, Index columns, const Hidden& hidden) {
    Tensor<T> mask(Shape{rows, columns});
    T* at = mask.data();
    for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j, ++at) {
            if (hidden(i, j)) *at = -std::numeric_limits<T>::infinity();
        }
    }
    return mask;
}

}  // namespace

template <class T>
Tensor<T> padding_mask(std::span<const Index> lengths, Index length) {
    for (const Index own : lengths) {
        if (own < 0 || own > length) {
            throw Error(ErrorCode::invalid_input,
                        fmt::format("padding_mask: a sequence of {} in a batch padded to {}", own, length));
        }
    }
    const auto rows = static_cast<Index>(lengths.size());
    return mask_where<T>(rows, length, [&](Index row, Index key) { return key >= lengths[static_cast<std::size_t>(row)]; });
}

template <class T>
Tensor<T> causal_mask(Index n_queries, Index n_keys, Index offset) {
    return mask_where<T>(n_queries, n_keys, [=](Index query, Index key) { return key > query + offset; });
}

template <class T>
Tensor<T> window_mask(Index n_queries, Index n_keys, Index radius, Index offset) {
    return mask_where<T>(n_queries, n_keys, [=](Index query, Index key) {
        return key > query + offset + radius || key < query + offset - radius;
    });
}

template <class T>
Tensor<T> combine_masks(const Tensor<T>& a, const Tensor<T>& b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    return add(Var<T>(a), Var<T>(b)).value();
}

template <class T>
Tensor<T> over_heads(const Tensor<T>& padding) {
    return padding.empty() ? padding : padding.reshape({padding.shape()[0], 1, 1, padding.shape()[1]});
}

template <class T>
Tensor<T> step_mask(std::span<const Index> lengths, Index step) {
    Tensor<T> mask(Shape{static_cast<Index>(lengths.size())});
    for (std::size_t i = 0; i < lengths.size(); ++i) mask.data()[i] = step < lengths[i] ? T(1) : T(0);
    return mask;
}

#define SACCADE_INSTANTIATE(T)                                            \
    template Tensor<T> padding_mask<T>(std::span<const Index>, Index);    \
    template Tensor<T> causal_mask<T>(Index, Index, Index);               \
    template Tensor<T> window_mask<T>(Index, Index, Index, Index);        \
    template Tensor<T> combine_masks(const Tensor<T>&, const Tensor<T>&); \
    template Tensor<T> over_heads(const Tensor<T>&);                      \
    template Tensor<T> step_mask<T>(std::span<const Index>, Index);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
