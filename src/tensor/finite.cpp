#include "tensor/finite.hpp"

#include <algorithm>
#include <atomic>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"

namespace saccade {

bool all_finite(const Tensor<float>& values) {
    constexpr Index piece = Index{1} << 18;
    std::atomic<bool> all = true;
    parallel_for((values.size() + piece - 1) / piece, [&](Index at) {
        const auto some = array(values).segment(at * piece, std::min(piece, values.size() - at * piece));
        if ((some * 0.0f).sum() != 0) all = false;  // of zeros; NaN is not 0, either
    });
    return all;
}

}  // namespace saccade
