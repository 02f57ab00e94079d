#include "attention/align.hpp"

#include "autograd/ops.hpp"

namespace saccade {

template <class T>
Var<T> align_softmax(const Var<T>& scores) {
    return softmax(scores);
}

template <class T>
Var<T> align_softmax(const Var<T>& scores, const Tensor<T>& mask) {
    return softmax(scores, mask);
}

template Var<float> align_softmax(const Var<float>&);
template Var<double> align_softmax(const Var<double>&);
template Var<float> align_softmax(const Var<float>&, const Tensor<float>&);
template Var<double> align_softmax(const Var<double>&, const Tensor<double>&);

}  // namespace saccade
