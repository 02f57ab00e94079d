#include "attention/thin_plate_spline.hpp"

#include <fmt/core.h>

#include <Eigen/Dense>
#include <cmath>

#include "autograd/ops.hpp"
#include "base/error.hpp"

namespace saccade {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// phi(r) = r^2 log r, of r^2.
double radial(double squared) {
    return squared > 0 ? 0.5 * squared * std::log(squared) : 0;
}

/// [1; p'; phi(|p' - c'_1|); ...], a row.
void write_basis(const PlaceInPicture& p, const std::vector<PlaceInPicture>& control, double* row) {
    row[0] = 1;
    row[1] = p.x;
    row[2] = p.y;
    for (std::size_t k = 0; k < control.size(); ++k) {
        const double x = p.x - control[k].x, y = p.y - control[k].y;
        row[3 + k] = radial(x * x + y * y);
    }
}

}  // namespace

std::vector<PlaceInPicture> rectified_points(Index count, double margin) {
    if (count < 4 || count % 2 != 0)
        throw Error(ErrorCode::invalid_input, fmt::format("thin-plate spline: {} control points", count),
                    "an even number of at least 4 is needed");
    std::vector<PlaceInPicture> points;
    for (const double y : {margin, 1 - margin})
        for (Index k = 0; k < count / 2; ++k)
            points.push_back({margin + (1 - 2 * margin) * static_cast<double>(k) / static_cast<double>(count / 2 - 1), y});
    return points;
}

std::vector<PlaceInPicture> pixel_centres(Index height, Index width) {
    std::vector<PlaceInPicture> centres;
    centres.reserve(static_cast<std::size_t>(height * width));
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x)
            centres.push_back({(static_cast<double>(x) + 0.5) / static_cast<double>(width),
                               (static_cast<double>(y) + 0.5) / static_cast<double>(height)});
    return centres;
}

Tensor<double> spline_weights(const std::vector<PlaceInPicture>& control, const std::vector<PlaceInPicture>& places) {
    const auto k = static_cast<Eigen::Index>(control.size());
    Matrix delta = Matrix::Zero(k + 3, k + 3);
    for (Eigen::Index j = 0; j < k; ++j) {
        const PlaceInPicture& c = control[static_cast<std::size_t>(j)];
        write_basis(c, control, delta.row(j).data());
        delta(k, 3 + j) = 1;
        delta(k + 1, 3 + j) = c.x;
        delta(k + 2, 3 + j) = c.y;
    }
    const Eigen::FullPivLU<Matrix> solve(delta);
    if (k < 3 || !solve.isInvertible())
        throw Error(ErrorCode::invalid_input, "thin-plate spline: the control points do not span the picture",
                    "at least 3 are needed that are not on one line, each in a place of its own");
    // Delta^-1 [C; 0] is linear in C: the columns of the inverse that meet C.
    const Matrix meets = solve.inverse().leftCols(k);
    Matrix basis(static_cast<Eigen::Index>(places.size()), k + 3);
    for (Eigen::Index i = 0; i < basis.rows(); ++i)
        write_basis(places[static_cast<std::size_t>(i)], control, basis.row(i).data());
    Tensor<double> weights = Tensor<double>::uninitialized({static_cast<Index>(places.size()), static_cast<Index>(k)});
    Eigen::Map<Matrix>(weights.data(), basis.rows(), k) = basis * meets;
    return weights;
}

template <class T>
Var<T> spline_grid(const Tensor<T>& weights, const Var<T>& points, Index height, Index width) {
    return reshape(matmul(Var<T>(weights), points), {points.shape()[0], height, width, 2});
}

template Var<float> spline_grid(const Tensor<float>&, const Var<float>&, Index, Index);
template Var<double> spline_grid(const Tensor<double>&, const Var<double>&, Index, Index);

}  // namespace saccade
