#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "autograd/var.hpp"
#include "io/safetensors.hpp"
#include "nn/linear.hpp"

namespace saccade {

/// A matrix of a file that is read when the model takes it, and at once laid out for products: a large model is never there as
/// the file has it.
struct StoredMatrix {
    Shape shape;  // [out, in]
    std::function<std::shared_ptr<const PackedMatrix<float>>()> lay_out;
};
using StoredMatrices = std::map<std::string, StoredMatrix>;

/// Gives model code its parameters by name: plain constants for inference, leaves of a tape for training, double for gradient
/// checks.
template <class T>
class Weights {
 public:
    explicit Weights(const WeightMap& map, Tape<T>* tape = nullptr);
    /// Constants of a model whose matrices are only kept as they are laid out (laid_out): each is forgotten once it was taken,
    /// so that a large model is never there twice.
    static Weights to_be_taken(WeightMap map, StoredMatrices stored = {});
    bool are_taken() const { return taken_; }
    /// A layer W [out, in] without a bias, as get; if these are to be taken, as it is laid out alone (nn/linear.hpp).
    Linear<T> matrix(const std::string& name, const Shape& expected) const;
    Shape shape_of(const std::string& name) const;

    /// Error{bad_format} "model dates: tensor 'decoder.W' has shape [3], expected [4, 4]" or is missing.
    Var<T> get(const std::string& name, const Shape& expected) const;
    /// The parameter whatever its shape, for models that read their sizes from the file.
    Var<T> get(const std::string& name) const;
    /// These and other constants, which take the place of what has their names.
    Weights with(const WeightMap& constants) const;
    bool has(const std::string& name) const { return vars_.contains(name) || stored_.contains(name); }
    /// Every leaf by name, for the optimiser (empty without a tape).
    const std::map<std::string, Var<T>>& leaves() const { return vars_; }

 private:
    mutable std::map<std::string, Var<T>> vars_;  // matrix() forgets
    StoredMatrices stored_{};
    Tape<T>* tape_;
    bool taken_ = false;
};

}  // namespace saccade
