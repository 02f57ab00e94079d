#pragma once

#include <vector>

#include "autograd/var.hpp"

namespace saccade {

/// A place in a picture, as shares of its width and height.
struct PlaceInPicture {
    double x, y;
    bool operator==(const PlaceInPicture&) const = default;
};

/// Where the control points of a rectified picture are (Shi 2018, section 3.1): half of them along its upper edge, half along
/// the lower, from left to right, `margin` away from the edges. `count` is even and at least 4.
std::vector<PlaceInPicture> rectified_points(Index count, double margin = 0.05);

/// The thin-plate spline that takes the control points c'_k of a rectified picture to points c_k that somebody chose in the
/// original (Bookstein 1989; Shi 2018, "ASTER: an attentional scene text recognizer with flexible rectification", eq. 1 to 5):
///
///   p = T [1; p'; phi(|p' - c'_1|); ...; phi(|p' - c'_K|)]    phi(r) = r^2 log r
///   T = (Delta^-1 [C; 0])^T                                   Delta = [1 C' R; 0 0 1; 0 0 C'^T],  R_jk = phi(|c'_j - c'_k|)
///
/// The c'_k stand still, so that a place of the original is a weighted sum of the K chosen points, with weights that depend on
/// the place in the rectified picture alone: p = sum_k M(p')_k c_k, sum_k M_k = 1.
/// -> M [places.size(), K], in double. Error{invalid_input} for fewer than 3 control points, or all of them on one line.
Tensor<double> spline_weights(const std::vector<PlaceInPicture>& control, const std::vector<PlaceInPicture>& places);

/// Centres of the pixels of a picture, in reading order.
std::vector<PlaceInPicture> pixel_centres(Index height, Index width);

/// points [N, K, 2] -> the grid of places [N, height, width, 2] that a rectified picture is sampled at (grid_sampler.hpp).
/// `weights` are spline_weights(rectified_points(K), pixel_centres(height, width)).
template <class T>
Var<T> spline_grid(const Tensor<T>& weights, const Var<T>& points, Index height, Index width);

}  // namespace saccade
