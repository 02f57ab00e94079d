#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

namespace {

/// How two operands meet their result under NumPy's rules. Neighbouring axes over which both advance alike are merged, so that
/// the innermost is as long as can be; strides there are 1, or 0 for an operand that is repeated.
struct Broadcast {
    Shape result;
    int rank = 0;  // of the merged axes, at least 1
    std::array<Index, Shape::max_rank> extent{}, stride_a{}, stride_b{};

    Index inner() const { return extent[static_cast<std::size_t>(rank - 1)]; }
    Index inner_stride_a() const { return stride_a[static_cast<std::size_t>(rank - 1)]; }
    Index inner_stride_b() const { return stride_b[static_cast<std::size_t>(rank - 1)]; }
    bool same() const { return rank == 1 && inner_stride_a() == 1 && inner_stride_b() == 1; }

    /// Calls run(out, a, b) with the offsets of the first element of every run of inner() elements, for runs [start, start +
    /// count).
    template <class Run>
    void walk(Index start, Index count, const Run& run) const {
        for (Index i = start; i < start + count; ++i) {
            Index rest = i, a = 0, b = 0;
            for (int axis = rank - 2; axis >= 0; --axis) {
                const auto k = static_cast<std::size_t>(axis);
                const Index at = rest % extent[k];
                rest /= extent[k];
                a += at * stride_a[k];
                b += at * stride_b[k];
            }
            run(i * inner(), a, b);
        }
    }
    Index runs() const { return inner() == 0 ? 0 : result.size() / inner(); }
};

/// Extent of an operand along an axis of the result, 1 where it has no such axis.
Index operand_extent(const Shape& operand, int result_rank, int axis) {
    const int own = axis - (result_rank - operand.rank());
    return own < 0 ? 1 : operand[own];
}

Broadcast broadcast(const char* operation, const Shape& a, const Shape& b) {
    Broadcast plan;
    const int rank = std::max(a.rank(), b.rank());
    std::array<Index, Shape::max_rank> dims{}, stride_a{}, stride_b{};
    Index size_a = 1, size_b = 1;
    for (int axis = rank - 1; axis >= 0; --axis) {
        const auto k = static_cast<std::size_t>(axis);
        const Index in_a = operand_extent(a, rank, axis);
        const Index in_b = operand_extent(b, rank, axis);
        if (in_a != in_b && in_a != 1 && in_b != 1) throw shape_error(operation, a, b);
        dims[k] = in_a == 1 ? in_b : in_a;
        stride_a[k] = in_a == 1 ? 0 : size_a;
        stride_b[k] = in_b == 1 ? 0 : size_b;
        size_a *= in_a;
        size_b *= in_b;
    }
    plan.result = Shape(std::span<const Index>(dims.data(), static_cast<std::size_t>(rank)));
    for (std::size_t k = 0; k < static_cast<std::size_t>(rank); ++k) {
        if (dims[k] == 1) continue;
        const auto last = static_cast<std::size_t>(plan.rank - 1);
        const bool merges =
            plan.rank > 0 && plan.stride_a[last] == stride_a[k] * dims[k] && plan.stride_b[last] == stride_b[k] * dims[k];
        const std::size_t at = merges ? last : static_cast<std::size_t>(plan.rank++);
        plan.extent[at] = merges ? plan.extent[at] * dims[k] : dims[k];
        plan.stride_a[at] = stride_a[k];
        plan.stride_b[at] = stride_b[k];
    }
    if (plan.rank == 0) {
        plan.rank = 1;
        plan.extent[0] = plan.stride_a[0] = plan.stride_b[0] = 1;
    }
    return plan;
}

/// Calls use(x, y) with both operands of one run as Eigen arrays, a repeated one as a constant.
template <class T, class Use>
void with_operands(const Broadcast& plan, const T* a, const T* b, Index count, const Use& use) {
    using Constant = Eigen::Array<T, Eigen::Dynamic, 1>;
    if (plan.inner_stride_b() == 0) {
        use(array(a, count), Constant::Constant(count, *b));
    } else if (plan.inner_stride_a() == 0) {
        use(Constant::Constant(count, *a), array(b, count));
    } else {
        use(array(a, count), array(b, count));
    }
}

template <class T, class Function>
Tensor<T> apply(const Broadcast& plan, const Tensor<T>& a, const Tensor<T>& b, const Function& f) {
    Tensor<T> y = Tensor<T>::uninitialized(plan.result);
    const auto run = [&](Index out, Index at_a, Index at_b, Index count) {
        with_operands(plan, a.data() + at_a, b.data() + at_b, count,
                      [&](const auto& x1, const auto& x2) { array(y.data() + out, count) = f(x1, x2); });
    };
    if (plan.same()) {
        for_pieces(y.size(), [&](Index start, Index count) { run(start, start, start, count); });
    } else {
        for_rows(plan.runs(), plan.inner(), [&](Index start, Index count) {
            plan.walk(start, count, [&](Index out, Index at_a, Index at_b) { run(out, at_a, at_b, plan.inner()); });
        });
    }
    return y;
}

/// Adds slope(g, x1, x2) to the gradient of operand a (or b), summed over the axes along which it was repeated.
template <class T, class Slope>
void reduce_to_grad(Tape<T>& tape, int id, bool is_a, const Broadcast& plan, const Tensor<T>& a, const Tensor<T>& b,
                    const Tensor<T>& grad, const Slope& slope) {
    if (id < 0) return;
    T* target = tape.grad_of(id).data();
    const bool repeated = (is_a ? plan.inner_stride_a() : plan.inner_stride_b()) == 0;
    const Index count = plan.inner();
    plan.walk(0, plan.runs(), [&](Index out, Index at_a, Index at_b) {
        T* const to = target + (is_a ? at_a : at_b);
        with_operands(plan, a.data() + at_a, b.data() + at_b, count, [&](const auto& x1, const auto& x2) {
            const auto term = slope(array(grad.data() + out, count), x1, x2);
            if (repeated) {
                *to += term.sum();
            } else {
                array(to, count) += term;
            }
        });
    });
}

/// One arithmetic op: its function, and its slopes in both operands.
template <class T, class Function, class SlopeA, class SlopeB>
Var<T> binary(const char* name, const Var<T>& a, const Var<T>& b, const Function& f, const SlopeA& slope_a,
              const SlopeB& slope_b, bool linear) {
    const Broadcast plan = broadcast(name, a.shape(), b.shape());
    Tensor<T> y = apply(plan, a.value(), b.value(), f);
    Tape<T>* tape = common_tape({&a, &b});
    if (tape == nullptr) return y;
    const int id_a = a.id(), id_b = b.id();
    if (plan.same() && linear) {
        // Slopes of +-1: gradients pass through without a look at the operands.
        return tape->record(std::move(y), [id_a, id_b, slope_b](Tape<T>& t, const Tensor<T>& grad) {
            add_to_grad(t, id_b, [&](Index start, Index count) {
                const ConstArray<T> g = array(grad.data() + start, count);
                return slope_b(g, g, g);
            });
            t.add_grad(id_a, grad);
        });
    }
    return tape->record(std::move(y), [=, va = a.value(), vb = b.value()](Tape<T>& t, const Tensor<T>& grad) {
        reduce_to_grad(t, id_a, true, plan, va, vb, grad, slope_a);
        reduce_to_grad(t, id_b, false, plan, va, vb, grad, slope_b);
    });
}

}  // namespace

template <class T>
Var<T> add(const Var<T>& a, const Var<T>& b) {
    const auto pass = [](const auto& g, const auto&, const auto&) { return g; };
    return binary(
        "add", a, b, [](const auto& x, const auto& y) { return x + y; }, pass, pass, true);
}

template <class T>
Var<T> sub(const Var<T>& a, const Var<T>& b) {
    return binary(
        "sub", a, b, [](const auto& x, const auto& y) { return x - y; },
        [](const auto& g, const auto&, const auto&) { return g; }, [](const auto& g, const auto&, const auto&) { return -g; },
        true);
}

template <class T>
Var<T> mul(const Var<T>& a, const Var<T>& b) {
    return binary(
        "mul", a, b, [](const auto& x, const auto& y) { return x * y; },
        [](const auto& g, const auto&, const auto& y) { return g * y; },
        [](const auto& g, const auto& x, const auto&) { return g * x; }, false);
}

template <class T>
Var<T> div(const Var<T>& a, const Var<T>& b) {
    return binary(
        "div", a, b, [](const auto& x, const auto& y) { return x / y; },
        [](const auto& g, const auto&, const auto& y) { return g / y; },
        [](const auto& g, const auto& x, const auto& y) { return -g * x / y.square(); }, false);
}

template <class T>
Var<T> scale(const Var<T>& a, T factor) {
    Tensor<T> y = Tensor<T>::uninitialized(a.shape());
    for_pieces(y.size(), [&](Index start, Index count) {
        array(y.data() + start, count) = array(a.value().data() + start, count) * factor;
    });
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y), [a = a.id(), factor](Tape<T>& tape, const Tensor<T>& grad) {
        add_to_grad(tape, a, [&](Index start, Index count) { return array(grad.data() + start, count) * factor; });
    });
}

template <class T>
Var<T> add_scalar(const Var<T>& a, T term) {
    Tensor<T> y = Tensor<T>::uninitialized(a.shape());
    for_pieces(y.size(), [&](Index start, Index count) {
        array(y.data() + start, count) = array(a.value().data() + start, count) + term;
    });
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y), [a = a.id()](Tape<T>& tape, const Tensor<T>& grad) { tape.add_grad(a, grad); });
}

#define SACCADE_INSTANTIATE(T)                         \
    template Var<T> add(const Var<T>&, const Var<T>&); \
    template Var<T> sub(const Var<T>&, const Var<T>&); \
    template Var<T> mul(const Var<T>&, const Var<T>&); \
    template Var<T> div(const Var<T>&, const Var<T>&); \
    template Var<T> scale(const Var<T>&, T);           \
    template Var<T> add_scalar(const Var<T>&, T);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
