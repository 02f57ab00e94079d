#pragma once

#include <span>

#include "autograd/var.hpp"

namespace saccade {

// Max pooling over time: Collobert 2011 ("Natural language processing (almost) from scratch"), section 3.3.2 (max
// layer); over the annotations of a bidirectional recurrence: Conneau 2017 ("Supervised learning of universal sentence
// representations"), section 3.2.2.
//
//   p_k = max_j h_jk
//
// It is attention without a query, and a hard one: feature k reads the single annotation j*_k = argmax_j h_jk. The share of the
// features that an annotation wins is its saliency, s_j = |{k : j*_k = j}| / d
// (what the InferSent program of Conneau 2017 draws).

template <class T>
struct MaxPooled {
    Var<T> pooled;  // [batch, d]
    Ids winners;    // j*_k of each row, [batch, d] row-major; of equal values the first, -1 in a row of length 0
};

/// values [batch, n, d]; of row b the first lengths[b] annotations count (all n if `lengths` is empty). A row of length 0 is
/// pooled to zeros. The gradient goes to the winners. Error{invalid_input} if the shapes do not fit.
template <class T>
MaxPooled<T> pool_max(const Var<T>& values, std::span<const Index> lengths = {});

/// The choice as weights: 1 where annotation j wins feature k, else 0. values [n, d] -> [d, n]; every row sums to 1.
template <class T>
Tensor<T> max_selection(const Tensor<T>& values);
/// Reads each feature with its own weights: p_k = sum_j s_kj h_jk. selection [d, n], values [n, d] -> [d]. With max_selection's
/// weights it is max pooling.
template <class T>
Tensor<T> read_selection(const Tensor<T>& selection, const Tensor<T>& values);
/// s_j = mean_k s_kj: selection [d, n] -> [n].
template <class T>
Tensor<T> selection_saliency(const Tensor<T>& selection);

}  // namespace saccade
