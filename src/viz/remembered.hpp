#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>

#include "base/reuse.hpp"
#include "tensor/tensor.hpp"
#include "trace/trace_values.hpp"

namespace saccade {

/// What a result takes beside the tensor that it was made of: what its bytes() says, a tensor's values, or little.
template <class Result>
std::size_t bytes_of(const Result& result) {
    if constexpr (requires { result.bytes(); })
        return result.bytes();
    else if constexpr (std::is_same_v<Result, Tensor<float>>)
        return static_cast<std::size_t>(result.size()) * sizeof(float);
    else
        return sizeof(Result);
}

inline const void* identity_of(const Tensor<float>& tensor) {
    return tensor.data();
}
inline const void* identity_of(const TraceValues& values) {
    return values.identity();
}

/// What `make` says of a tensor, or said for an earlier figure of the same one: a window draws the same again and again, and
/// keeps it in a Reuse of its own, for as long as anything else holds the tensor. A tensor is known by its storage and shape,
/// `what` says what was done to it. Without a Reuse it is made.
template <class Result, class Source, class Make>
std::shared_ptr<const Result> remembered(Reuse* reuse, const Source& source, const std::string& what, const Make& make) {
    if (reuse == nullptr) return std::make_shared<const Result>(make());
    struct Kept {
        Shape shape;
        Result result;
    };
    // While its storage lives, its address names it.
    const std::string key = std::to_string(reinterpret_cast<std::uintptr_t>(identity_of(source))) + " " + what;
    std::shared_ptr<const Kept> kept = reuse->find<Kept>(key);
    if (kept == nullptr || kept->shape != source.shape()) {
        kept = std::make_shared<const Kept>(Kept{source.shape(), make()});
        // Small results count as a share of the budget all the same: a figure needs few, and lookup must be quick.
        constexpr std::size_t most_results = 96;
        reuse->keep(key, kept, std::max(bytes_of(kept->result), reuse->most_bytes() / most_results), source.storage_life());
    }
    return {kept, &kept->result};
}

}  // namespace saccade
