#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

/// Parameters that each layer of a stack has, as a trace holds them: those of all layers in one tensor [layer, ...]. Each is
/// put together when first observed, and kept with the model: no run copies it again. Safe from any thread.
class LayeredParameters {
 public:
    /// `of(layer)` -> its own, a const Tensor<float>&.
    template <class Of>
    Tensor<float> get(const std::string& name, Index layers, const Of& of) {
        const std::scoped_lock lock(mutex_);
        Tensor<float>& all = made_[name];
        if (!all.empty()) return all;
        Tensor<float> fresh = Tensor<float>::uninitialized(of(0).shape().with_inserted(0, layers));
        for (Index l = 0; l < layers; ++l) std::ranges::copy(of(l).values(), fresh.row(l).values().begin());
        return all = std::move(fresh);
    }

 private:
    std::mutex mutex_;
    std::map<std::string, Tensor<float>> made_;
};

}  // namespace saccade
