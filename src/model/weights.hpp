#pragma once

#include <map>
#include <memory>
#include <string>

#include "autograd/var.hpp"
#include "io/safetensors.hpp"

namespace saccade {

/// Gives model code its parameters by name: plain constants for inference, leaves of a tape for training, double for gradient
/// checks.
template <class T>
class Weights {
 public:
    explicit Weights(const WeightMap& map, Tape<T>* tape = nullptr);

    /// Error{bad_format} "model dates: tensor 'decoder.W' has shape [3], expected [4, 4]" or is missing.
    Var<T> get(const std::string& name, const Shape& expected) const;
    /// The parameter whatever its shape, for models that read their sizes from the file.
    Var<T> get(const std::string& name) const;
    /// These and other constants, which take the place of what has their names.
    Weights with(const WeightMap& constants) const;
    bool has(const std::string& name) const { return vars_.count(name) != 0; }
    /// Every leaf by name, for the optimiser (empty without a tape).
    const std::map<std::string, Var<T>>& leaves() const { return vars_; }

 private:
    std::map<std::string, Var<T>> vars_;
    Tape<T>* tape_;
};

}  // namespace saccade
