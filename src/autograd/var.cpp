#include "autograd/var.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "tensor/eigen.hpp"

namespace saccade {

template <class T>
Var<T> Tape<T>::leaf(Tensor<T> value) {
    return record(std::move(value), nullptr);
}

template <class T>
Var<T> Tape<T>::record(Tensor<T> value, Backward backward) {
    const auto id = static_cast<int>(nodes_.size());
    nodes_.push_back({std::move(backward), value.shape(), {}});
    return Var<T>(std::move(value), this, id);
}

template <class T>
Tensor<T>& Tape<T>::grad_buffer(int id, bool& fresh) {
    Node& node = nodes_[static_cast<std::size_t>(id)];
    fresh = node.grad.empty();
    if (fresh) node.grad = Tensor<T>::uninitialized(node.shape);
    return node.grad;
}

template <class T>
Tensor<T>& Tape<T>::grad_of(int id) {
    bool fresh = false;
    Tensor<T>& grad = grad_buffer(id, fresh);
    if (fresh) std::fill_n(grad.data(), grad.size(), T(0));
    return grad;
}

template <class T>
void Tape<T>::add_grad(int id, Tensor<T> grad) {
    if (id < 0) return;
    Node& node = nodes_[static_cast<std::size_t>(id)];
    if (node.grad.empty()) {
        node.grad = grad.shape() == node.shape ? std::move(grad) : grad.reshape(node.shape);
    } else {
        array(node.grad) += array(std::as_const(grad));
    }
}

template <class T>
void Tape<T>::backward(const Var<T>& loss) {
    if (loss.value().size() != 1) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("backward from a tensor of shape {}: a loss is a scalar", loss.shape().str()));
    }
    backward(loss, Tensor<T>(loss.shape(), T(1)));
}

template <class T>
void Tape<T>::backward(const Var<T>& result, const Tensor<T>& grad_out) {
    if (result.tape() != this) throw Error(ErrorCode::invalid_input, "backward from a result that this tape does not track");
    if (grad_out.shape() != result.shape()) {
        throw Error(ErrorCode::invalid_input, fmt::format("backward: gradient of shape {} for a result of shape {}",
                                                          grad_out.shape().str(), result.shape().str()));
    }
    for (Node& node : nodes_) node.grad = {};
    nodes_[static_cast<std::size_t>(result.id())].grad = grad_out.clone();
    for (int id = result.id(); id >= 0; --id) {
        Node& node = nodes_[static_cast<std::size_t>(id)];
        if (!node.backward || node.grad.empty()) continue;
        // Once sent on it is needed no more: its storage goes to a parent, or back for the next one.
        const Tensor<T> grad = std::exchange(node.grad, {});
        node.backward(*this, grad);
    }
}

template <class T>
Tensor<T> Tape<T>::grad(const Var<T>& v) const {
    if (v.tape() != this) throw Error(ErrorCode::invalid_input, "gradient of a tensor that this tape does not track");
    const Node& node = nodes_[static_cast<std::size_t>(v.id())];
    return node.grad.empty() ? Tensor<T>(node.shape) : node.grad;
}

template <class T>
void Tape<T>::clear() {
    nodes_.clear();
}

template <class T>
Tape<T>* common_tape(std::initializer_list<const Var<T>*> operands) {
    Tape<T>* tape = nullptr;
    for (const Var<T>* operand : operands) {
        if (operand->tape() == nullptr) continue;
        if (tape != nullptr && tape != operand->tape()) {
            throw Error(ErrorCode::invalid_input, "operands of one operation are on different tapes");
        }
        tape = operand->tape();
    }
    return tape;
}

template class Tape<float>;
template class Tape<double>;
template Tape<float>* common_tape(std::initializer_list<const Var<float>*>);
template Tape<double>* common_tape(std::initializer_list<const Var<double>*>);

}  // namespace saccade
