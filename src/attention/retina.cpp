#include "attention/retina.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace saccade {

void require_valid(const Retina& retina) {
    if (retina.scales < 1 || retina.scales > 6 || retina.cells < 2 || retina.cells > 64 || retina.cells % 2 != 0)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("a retina of {} scales of {} x {} cells", retina.scales, retina.cells, retina.cells),
                    "1 to 6 scales; an even number of cells from 2 to 64");
}

template <class T>
Index edge_at(T place, Index side) {
    const double clipped = std::isfinite(place) ? std::clamp(static_cast<double>(place), -1.0, 1.0) : 0.0;
    return static_cast<Index>(std::floor((clipped + 1) / 2 * static_cast<double>(side) + 0.5));
}

template <class T>
void look_at(const Retina& retina, const T* picture, Index height, Index width, Index centre_x, Index centre_y, T* seen) {
    const Index cells = retina.cells;
    std::fill_n(seen, retina.values(), T(0));
    for (Index s = 0; s < retina.scales; ++s, seen += cells * cells) {
        const Index side = retina.cell_side(s), top = centre_y - cells / 2 * side, left = centre_x - cells / 2 * side;
        const Index first = std::max<Index>(left, 0), end = std::min(left + cells * side, width);
        for (Index y = std::max<Index>(top, 0); y < std::min(top + cells * side, height); ++y) {
            T* const row = seen + (y - top) / side * cells;
            for (Index x = first; x < end; ++x) row[(x - left) / side] += picture[y * width + x];
        }
        const T share = T(1) / static_cast<T>(side * side);
        if (side > 1)
            for (T* v = seen; v != seen + cells * cells; ++v) *v *= share;
    }
}

template <class T>
Tensor<T> look(const Retina& retina, const Tensor<T>& pictures, std::span<const Index> centres) {
    require_valid(retina);
    const Shape& shape = pictures.shape();
    if (shape.rank() != 3 || static_cast<Index>(centres.size()) != 2 * shape[0])
        throw Error(ErrorCode::invalid_input, fmt::format("look: pictures {} and {} centres", shape.str(), centres.size() / 2),
                    "one centre, x and y, for each picture [n, height, width]");
    const Index n = shape[0], height = shape[1], width = shape[2];
    Tensor<T> seen = Tensor<T>::uninitialized({n, retina.values()});
    for (Index i = 0; i < n; ++i)
        look_at(retina, pictures.data() + i * height * width, height, width, centres[static_cast<std::size_t>(2 * i)],
                centres[static_cast<std::size_t>(2 * i + 1)], seen.data() + i * retina.values());
    return seen;
}

template Index edge_at(float, Index);
template Index edge_at(double, Index);
template void look_at(const Retina&, const float*, Index, Index, Index, Index, float*);
template void look_at(const Retina&, const double*, Index, Index, Index, Index, double*);
template Tensor<float> look(const Retina&, const Tensor<float>&, std::span<const Index>);
template Tensor<double> look(const Retina&, const Tensor<double>&, std::span<const Index>);

}  // namespace saccade
