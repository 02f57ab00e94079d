#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>

#include "base/reuse.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// What `make` says of a tensor, or said for an earlier figure of the same one: a window draws the same again and again, and
/// keeps it in a Reuse of its own. A tensor is known by its storage and shape, `what` says what was done to it. Without a Reuse
/// it is made.
template <class Result, class Make>
std::shared_ptr<const Result> remembered(Reuse* reuse, const Tensor<float>& source, const std::string& what, const Make& make) {
    if (reuse == nullptr) return std::make_shared<const Result>(make());
    struct Kept {
        Tensor<float> source;  // keeps the storage alive, so that its address names it
        Result result;
    };
    const std::string key = std::to_string(reinterpret_cast<std::uintptr_t>(source.data())) + " " + what;
    std::shared_ptr<const Kept> kept = reuse->find<Kept>(key);
    if (kept == nullptr || kept->source.shape() != source.shape()) {
        kept = std::make_shared<const Kept>(Kept{source, make()});
        auto bytes = static_cast<std::size_t>(source.size()) * sizeof(float);
        if constexpr (std::is_same_v<Result, Tensor<float>>)
            bytes += static_cast<std::size_t>(kept->result.size()) * sizeof(float);
        // Small results count as a share of the budget all the same: a figure needs few, and lookup must be quick.
        constexpr std::size_t most_results = 96;
        reuse->keep(key, kept, std::max(bytes, Reuse::usual_bytes / most_results));
    }
    return {kept, &kept->result};
}

}  // namespace saccade
