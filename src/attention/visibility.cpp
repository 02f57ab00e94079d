#include "attention/visibility.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "attention/mask.hpp"

namespace saccade {

template <class T>
Tensor<T> Visibility::mask(Index n_queries, Index n_keys, Index first) const {
    Tensor<T> hidden;
    // A lone query after all keys may see every one of them.
    if (causal && !(n_queries == 1 && n_keys == first + 1)) hidden = causal_mask<T>(n_queries, n_keys, first);
    if (radius) hidden = combine_masks(hidden, window_mask<T>(n_queries, n_keys, std::max<Index>(0, *radius), first));
    return hidden;
}

template Tensor<float> Visibility::mask(Index, Index, Index) const;
template Tensor<double> Visibility::mask(Index, Index, Index) const;

How Visibility::rule(const std::string& layer) const {
    std::string inside = causal ? "(j <= i)" : "";
    if (radius) inside += fmt::format("{}(abs(j - i) <= {})", causal ? " * " : "", *radius);
    return {"mask",
            causal && radius ? fmt::format("m_ij = 0 where i − {} ≤ j ≤ i, −∞ elsewhere", *radius)
            : causal         ? "m_ij = 0 where j ≤ i, −∞ elsewhere"
            : radius         ? fmt::format("m_ij = 0 where |i − j| ≤ {}, −∞ elsewhere", *radius)
                             : "m_ij = 0: nothing is hidden",
            inside.empty() ? fmt::format("@mask[{}i,j] = 0", layer)
                           : fmt::format("@mask[{}i,j] = where({} > 0, 0, -inf)", layer, inside),
            radius ? "Vaswani 2017, section 4" : "Vaswani 2017, section 3.2.3"};
}

}  // namespace saccade
