#pragma once

#include <algorithm>
#include <span>

#include "autograd/var.hpp"

namespace saccade {

/// Rows of the outermost axis, in any number and order: the hypotheses that a beam search continues. Empty stays empty; no
/// gradient goes back.
template <class T>
Tensor<T> picked(const Tensor<T>& x, std::span<const Index> which) {
    if (x.empty()) return {};
    const Index size = x.size() / x.shape()[0];
    Tensor<T> rows = Tensor<T>::uninitialized(x.shape().with_extent(0, static_cast<Index>(which.size())));
    for (std::size_t i = 0; i < which.size(); ++i)
        std::copy_n(x.data() + which[i] * size, size, rows.data() + static_cast<Index>(i) * size);
    return rows;
}

template <class T>
Var<T> picked(const Var<T>& x, std::span<const Index> which) {
    return picked(x.value(), which);
}

}  // namespace saccade
