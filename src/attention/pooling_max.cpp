#include "attention/pooling_max.hpp"

#include "autograd/ops_common.hpp"

namespace saccade {

template <class T>
MaxPooled<T> pool_max(const Var<T>& values, std::span<const Index> lengths) {
    const Shape& h = values.shape();
    if (h.rank() != 3) throw shape_error("pool_max", h, "annotations must be [batch, n, d]");
    const Index batch = h[0], n = h[1], d = h[2];
    if (!lengths.empty() && static_cast<Index>(lengths.size()) != batch)
        throw shape_error("pool_max", h, fmt::format("{} lengths", lengths.size()));
    for (const Index length : lengths)
        if (length < 0 || length > n) throw shape_error("pool_max", h, fmt::format("a row of length {}", length));

    MaxPooled<T> result;
    Tensor<T> y(Shape{batch, d});
    result.winners.assign(static_cast<std::size_t>(batch * d), -1);
    for (Index b = 0; b < batch; ++b) {
        const Index count = lengths.empty() ? n : lengths[static_cast<std::size_t>(b)];
        const T* const rows = values.value().data() + b * n * d;
        T* const best = y.data() + b * d;
        Index* const winner = result.winners.data() + b * d;
        for (Index j = 0; j < count; ++j) {
            for (Index k = 0; k < d; ++k) {
                const T v = rows[j * d + k];
                if (winner[k] >= 0 && !(v > best[k])) continue;
                best[k] = v;
                winner[k] = j;
            }
        }
    }
    if (!values.tracked()) {
        result.pooled = std::move(y);
        return result;
    }
    result.pooled = values.tape()->record(
        std::move(y), [n, d, id = values.id(), winners = result.winners](Tape<T>& tape, const Tensor<T>& grad) {
            T* const to = tape.grad_of(id).data();
            for (std::size_t i = 0; i < winners.size(); ++i) {
                const auto at = static_cast<Index>(i);
                if (winners[i] >= 0) to[(at / d * n + winners[i]) * d + at % d] += grad.data()[i];
            }
        });
    return result;
}

template <class T>
Tensor<T> max_selection(const Tensor<T>& values) {
    if (values.shape().rank() != 2) throw shape_error("max_selection", values.shape(), "annotations must be [n, d]");
    const Index n = values.shape()[0], d = values.shape()[1];
    const Ids winners = pool_max<T>(values.reshape({1, n, d})).winners;
    Tensor<T> selection(Shape{d, n});
    for (Index k = 0; k < d; ++k)
        if (const Index j = winners[static_cast<std::size_t>(k)]; j >= 0) selection.data()[k * n + j] = T(1);
    return selection;
}

template <class T>
Tensor<T> read_selection(const Tensor<T>& selection, const Tensor<T>& values) {
    const Shape& s = selection.shape();
    const Shape& h = values.shape();
    if (s.rank() != 2 || h.rank() != 2 || s[0] != h[1] || s[1] != h[0]) throw shape_error("read_selection", s, h);
    Tensor<T> pooled(Shape{s[0]});
    for (Index k = 0; k < s[0]; ++k)
        for (Index j = 0; j < s[1]; ++j) pooled.data()[k] += selection.data()[k * s[1] + j] * values.data()[j * s[0] + k];
    return pooled;
}

template <class T>
Tensor<T> selection_saliency(const Tensor<T>& selection) {
    const Shape& s = selection.shape();
    if (s.rank() != 2 || s[0] == 0) throw shape_error("selection_saliency", s, "the selection must be [d, n], d from 1 on");
    Tensor<T> saliency(Shape{s[1]});
    for (Index k = 0; k < s[0]; ++k) array(saliency) += array(selection.data() + k * s[1], s[1]);
    array(saliency) /= static_cast<T>(s[0]);
    return saliency;
}

#define SACCADE_INSTANTIATE(T)                                             \
    template MaxPooled<T> pool_max(const Var<T>&, std::span<const Index>); \
    template Tensor<T> max_selection(const Tensor<T>&);                    \
    template Tensor<T> read_selection(const Tensor<T>&, const Tensor<T>&); \
    template Tensor<T> selection_saliency(const Tensor<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
