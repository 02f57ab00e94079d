#include "model/weights.hpp"

#include <fmt/core.h>

namespace saccade {

template <class T>
Weights<T>::Weights(const WeightMap& map, Tape<T>* tape) : tape_(tape) {
    for (const auto& [name, values] : map) {
        Tensor<T> tensor;
        if constexpr (std::is_same_v<T, float>) {
            tensor = values;
        } else {
            tensor = values.template cast<T>();
        }
        vars_.emplace(name, tape == nullptr ? Var<T>(std::move(tensor)) : tape->leaf(std::move(tensor)));
    }
}

template <class T>
Weights<T> Weights<T>::to_be_taken(WeightMap map, StoredMatrices stored) {
    Weights weights{WeightMap{}};
    weights.taken_ = true;
    weights.stored_ = std::move(stored);
    while (!map.empty()) {
        auto one = map.extract(map.begin());
        Tensor<T> tensor;
        if constexpr (std::is_same_v<T, float>) {
            tensor = std::move(one.mapped());
        } else {
            tensor = one.mapped().template cast<T>();
        }
        weights.vars_.emplace(one.key(), Var<T>(std::move(tensor)));
    }
    return weights;
}

template <class T>
Linear<T> Weights<T>::matrix(const std::string& name, const Shape& expected) const {
    if constexpr (std::is_same_v<T, float>)
        if (const auto stored = stored_.find(name); stored != stored_.end() && stored->second.shape == expected)
            return {{}, {}, stored->second.lay_out()};
    Linear<T> linear{get(name, expected), {}};
    if (!taken_) return linear;
    vars_.erase(name);
    return laid_out(std::move(linear), true);
}

template <class T>
Shape Weights<T>::shape_of(const std::string& name) const {
    const auto stored = stored_.find(name);
    return stored != stored_.end() ? stored->second.shape : get(name).shape();
}

template <class T>
Weights<T> Weights<T>::with(const WeightMap& constants) const {
    Weights both = *this;
    for (const auto& [name, var] : Weights(constants).vars_) both.vars_.insert_or_assign(name, var);
    return both;
}

template <class T>
Var<T> Weights<T>::get(const std::string& name, const Shape& expected) const {
    Var<T> var = get(name);
    if (var.shape() != expected) {
        throw Error(ErrorCode::bad_format,
                    fmt::format("weights: tensor '{}' has shape {}, expected {}", name, var.shape().str(), expected.str()),
                    "choose a file of this model");
    }
    return var;
}

template <class T>
Var<T> Weights<T>::get(const std::string& name) const {
    const auto found = vars_.find(name);
    if (found == vars_.end()) {
        throw Error(ErrorCode::bad_format, fmt::format("weights: there is no tensor '{}'", name),
                    "choose a file of this model");
    }
    return found->second;
}

template class Weights<float>;
template class Weights<double>;

}  // namespace saccade
