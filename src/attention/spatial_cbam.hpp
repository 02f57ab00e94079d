#pragma once

#include "attention/block_attention.hpp"

namespace saccade {

/// CBAM's spatial attention (Woo 2018, "CBAM: convolutional block attention module", eq. 1 and 3): a convolution over the mean
/// and the maximum over channels,
///   M_s(F') = sigma(f^{7x7}([F'_mean; F'_max]))      mean_map, max_map; spatial_scores; spatial
///   F'' = M_s(F') F'                                 scaled
/// F' is shown as "refined": what a channel gate before it let through.
template <class T>
struct CbamSpatial : BlockAttention<T> {
    Var<T> weight;  // [1, 2 (mean, max), kernel, kernel]
    Var<T> bias;    // [1]

    CbamSpatial(Var<T> w, Var<T> b) : weight(std::move(w)), bias(std::move(b)) {}
    Var<T> operator()(const Var<T>& features, const Observer& observe) const override;
    ShownAs result() const override { return {"scaled", "F''"}; }
};

/// "spatial.weight" and "spatial.bias".
std::vector<BlockAttentionParameter> spatial_map_parameters(const BlockAttentionSizes& sizes);

/// F''(i, j) = map(i, j) F(i, j): features [N, H, W, C], map [N, H, W].
template <class T>
Var<T> gate_places(const Var<T>& features, const Var<T>& map);

}  // namespace saccade
