#include "train/optimiser.hpp"

namespace saccade {

WeightMap zeros_like(const WeightMap& weights) {
    WeightMap zeros;
    for (const auto& [name, tensor] : weights) zeros.emplace(name, Tensor<float>(tensor.shape()));
    return zeros;
}

WeightMap checkpoint_part(const WeightMap& checkpoint, const std::string& prefix, const WeightMap& like) {
    WeightMap part;
    for (const auto& [name, tensor] : like) {
        const auto found = checkpoint.find(prefix + name);
        if (found == checkpoint.end() || found->second.shape() != tensor.shape())
            throw Error(ErrorCode::bad_format,
                        "tensor '" + prefix + name + "' is missing or does not have the shape " + tensor.shape().str(),
                        "it was written by another task or version; start again");
        part.emplace(name, found->second.clone());
    }
    return part;
}

void add_prefixed(WeightMap& to, const std::string& prefix, const WeightMap& tensors) {
    for (const auto& [name, tensor] : tensors) to.emplace(prefix + name, tensor.clone());
}

}  // namespace saccade
