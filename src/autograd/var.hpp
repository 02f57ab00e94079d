#pragma once

#include <functional>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

template <class T>
class Tape;

/// A tensor in a computation. Without a tape it is just the tensor: ops compute forward and keep nothing.
/// With a tape, ops also write down how to send gradients back (reverse mode; Griewank and Walther 2008, ch. 3).
template <class T>
class Var {
 public:
    Var() = default;
    /// A constant. Implicit on purpose: a tensor may stand wherever a Var does.
    Var(Tensor<T> value) : value_(std::move(value)) {}

    const Tensor<T>& value() const { return value_; }
    const Shape& shape() const { return value_.shape(); }
    Tape<T>* tape() const { return tape_; }
    bool tracked() const { return tape_ != nullptr; }
    bool empty() const { return value_.empty(); }
    /// Its place on the tape, -1 without one. A backward step that needs no more of a parent holds this alone, and not the
    /// value.
    int id() const { return id_; }

 private:
    friend class Tape<T>;
    Var(Tensor<T> value, Tape<T>* tape, int id) : value_(std::move(value)), tape_(tape), id_(id) {}

    Tensor<T> value_;
    Tape<T>* tape_ = nullptr;
    int id_ = -1;
};

/// The record of one forward pass. Used by one thread; data-parallel training has one tape per shard.
template <class T>
class Tape {
 public:
    /// Sends the gradient of the result back: calls tape.grad_of(parent) for each tracked parent and adds to it.
    using Backward = std::function<void(Tape&, const Tensor<T>& grad_out)>;

    /// A tensor whose gradient is wanted (a parameter, or an input for saliency).
    Var<T> leaf(Tensor<T> value);
    /// The result of an op. `backward` must hold by value what it needs of the parents.
    Var<T> record(Tensor<T> value, Backward backward);
    /// The gradient accumulator of a tracked Var, zero-filled at first use; add to it in place.
    Tensor<T>& grad_of(const Var<T>& v) { return grad_of(v.id()); }
    Tensor<T>& grad_of(int id);
    /// Same, but as memory comes and `fresh` set at first use: the caller then writes all of it instead of adding.
    Tensor<T>& grad_buffer(int id, bool& fresh);
    /// Adds a whole gradient; takes over its storage if it is the first, so it must be the caller's own, or grad_out, or a
    /// disjoint part of grad_out. Does nothing for an id of -1.
    void add_grad(int id, Tensor<T> grad);
    /// Runs all backward steps in reverse order. `loss` must be a scalar that this tape tracks. Gradients of an earlier call
    /// are forgotten.
    void backward(const Var<T>& loss);
    /// Same, from a given gradient of `result` (for Jacobian rows and vector-Jacobian products).
    void backward(const Var<T>& result, const Tensor<T>& grad_out);
    /// Gradient of a leaf after backward(); zeros if it took no part.
    Tensor<T> grad(const Var<T>& v) const;
    /// Forgets everything but keeps the capacity.
    void clear();

 private:
    struct Node {
        Backward backward;  // empty for leaves
        Shape shape;
        Tensor<T> grad;  // empty until first use
    };
    std::vector<Node> nodes_;
};

/// The tape of whichever operand has one; null if none does. Throws Error{invalid_input} if two operands are on different
/// tapes.
template <class T>
Tape<T>* common_tape(std::initializer_list<const Var<T>*> operands);

extern template class Tape<float>;
extern template class Tape<double>;

}  // namespace saccade
