#include "attention/pooling_gate.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

namespace {

/// 1 where an annotation counts, 0 in the padding: [batch, n].
template <class T>
Tensor<T> counting(const Shape& shape, std::span<const Index> lengths) {
    Tensor<T> inside(shape, T(1));
    if (lengths.empty()) return inside;
    if (static_cast<Index>(lengths.size()) != shape[0])
        throw shape_error("gate_weights", shape, fmt::format("{} lengths", lengths.size()));
    for (Index b = 0; b < shape[0]; ++b) {
        const Index length = lengths[static_cast<std::size_t>(b)];
        if (length < 0 || length > shape[1])
            throw shape_error("gate_weights", shape, fmt::format("a row of length {}", length));
        std::fill_n(inside.data() + b * shape[1] + length, shape[1] - length, T(0));
    }
    return inside;
}

}  // namespace

template <class T>
Var<T> gate_weights(const Var<T>& gates, std::span<const Index> lengths) {
    if (gates.shape().rank() != 2) throw shape_error("gate_weights", gates.shape(), "gates must be [batch, n]");
    const Var<T> inside = mul(gates, Var<T>(counting<T>(gates.shape(), lengths)));
    const Var<T> total = sum(inside, 1, true);
    Tensor<T> closed(total.shape());  // 1 for rows that let nothing through: 0 / 1 instead of 0 / 0
    for (Index b = 0; b < closed.size(); ++b) closed.data()[b] = total.value().data()[b] == T(0) ? T(1) : T(0);
    return div(inside, add(total, Var<T>(closed)));
}

template Var<float> gate_weights(const Var<float>&, std::span<const Index>);
template Var<double> gate_weights(const Var<double>&, std::span<const Index>);

}  // namespace saccade
