#include "run/guess.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace saccade {

std::vector<float> even_guess(std::size_t places) {
    return std::vector<float>(places, 1.0f / static_cast<float>(std::max<std::size_t>(places, 1)));
}

void set_share(std::vector<float>& guess, std::size_t place, float share) {
    if (place >= guess.size() || guess.size() < 2) return;
    share = std::clamp(share, 0.0f, 1.0f);
    float others = 0;
    for (std::size_t i = 0; i < guess.size(); ++i) others += i == place ? 0 : guess[i];
    const float left = 1 - share, each = left / static_cast<float>(guess.size() - 1);
    for (std::size_t i = 0; i < guess.size(); ++i)
        if (i != place) guess[i] = others > 1e-6f ? guess[i] * left / others : each;
    guess[place] = share;
}

double guess_distance(const std::vector<float>& guess, const std::vector<float>& row) {
    double apart = 0;
    for (std::size_t i = 0; i < std::min(guess.size(), row.size()); ++i)
        apart += std::abs(static_cast<double>(guess[i]) - static_cast<double>(row[i]));
    return apart / 2;
}

TracePtr asked_matrix(const Trace& trace, const CellRef& row, bool covered) {
    const TraceTensor& tensor = trace.tensor(row.tensor);
    const auto rank = tensor.info.axes.size();
    auto alone = std::make_shared<Trace>();
    TensorInfo info = tensor.info;
    info.axes = {alone->add_axis(*tensor.info.axes[rank - 2]), alone->add_axis(*tensor.info.axes[rank - 1])};
    const Index rows = info.axes[0]->extent, cols = info.axes[1]->extent;
    Tensor<float> values({rows, cols});
    std::vector<Index> cell = row.index;
    for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < cols; ++j) {
            cell[rank - 2] = i;
            cell[rank - 1] = j;
            const bool hidden = covered && i == row.index[rank - 2];
            values.data()[i * cols + j] = hidden ? std::numeric_limits<float>::quiet_NaN() : tensor.values.at(cell);
        }
    alone->add(std::move(info), std::move(values));
    return alone;
}

}  // namespace saccade
