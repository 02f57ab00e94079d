#pragma once

#include "autograd/var.hpp"

namespace saccade {

/// The sampler of a spatial transformer (Jaderberg 2015, "Spatial transformer networks", eq. 5): each pixel of the result is
/// read off the picture where the grid says, between the four pixels around that place,
///
///   V_i = sum_{n,m} U_nm max(0, 1 - |x_i - m|) max(0, 1 - |y_i - n|)
///
/// Gradients go to the picture (eq. 6) and to the grid (eq. 7), and so to whoever chose the places: where to look is learned.
///
/// picture [N, H, W, C], grid [N, h, w, 2]: (x, y) as shares of the picture's width and height, 0 its left and upper edge, 1
/// the right and lower -> [N, h, w, C]. Beyond the centres of the outermost pixels the picture goes on as it ends; there the
/// grid gets no gradient. Error{invalid_input} names both shapes.
template <class T>
Var<T> grid_sample(const Var<T>& picture, const Var<T>& grid);

}  // namespace saccade
