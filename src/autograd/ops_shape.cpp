#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

template <class T>
Var<T> reshape(const Var<T>& a, const Shape& shape) {
    Tensor<T> y = a.value().reshape(shape);
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y), [a = a.id()](Tape<T>& tape, const Tensor<T>& grad) { tape.add_grad(a, grad); });
}

namespace {

/// A tensor seen as [outer, first, between, second, inner] around two axes that are swapped.
struct SwapView {
    Index outer, first, between, second, inner;
};

/// y [outer, second, between, first, inner] = x with the two axes swapped.
template <class T>
void swap_axes(const T* x, T* y, const SwapView& v) {
    using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    for (Index o = 0; o < v.outer; ++o) {
        const Index block = o * v.first * v.between * v.second * v.inner;
        if (v.inner == 1 && v.between == 1) {
            Eigen::Map<Matrix>(y + block, v.second, v.first) =
                Eigen::Map<const Matrix>(x + block, v.first, v.second).transpose();
            continue;
        }
        for_rows(v.second, v.first * v.between * v.inner, [&](Index start, Index count) {
            for (Index s = start; s < start + count; ++s) {
                for (Index b = 0; b < v.between; ++b) {
                    for (Index f = 0; f < v.first; ++f) {
                        const T* const from = x + block + ((f * v.between + b) * v.second + s) * v.inner;
                        T* const to = y + block + ((s * v.between + b) * v.first + f) * v.inner;
                        std::copy_n(from, v.inner, to);
                    }
                }
            }
        });
    }
}

}  // namespace

template <class T>
Var<T> transpose(const Var<T>& a, int axis_a, int axis_b) {
    const Shape& s = a.shape();
    axis_a = positive_axis("transpose", s, axis_a);
    axis_b = positive_axis("transpose", s, axis_b);
    if (axis_a == axis_b) return a;
    if (axis_a > axis_b) std::swap(axis_a, axis_b);
    const SwapView v{s.span_size(0, axis_a), s[axis_a], s.span_size(axis_a + 1, axis_b), s[axis_b],
                     s.span_size(axis_b + 1, s.rank())};
    Tensor<T> y = Tensor<T>::uninitialized(s.with_extent(axis_a, s[axis_b]).with_extent(axis_b, s[axis_a]));
    swap_axes(a.value().data(), y.data(), v);
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y), [v, s, a = a.id()](Tape<T>& tape, const Tensor<T>& grad) {
        Tensor<T> back = Tensor<T>::uninitialized(s);
        swap_axes(grad.data(), back.data(), {v.outer, v.second, v.between, v.first, v.inner});
        tape.add_grad(a, std::move(back));
    });
}

namespace {

struct Part {
    int id;
    Index start, extent;  // along the joined axis
    Shape shape;
};

/// Copies the part [start, start + extent) of an axis out of, or into, a tensor that has `whole` there.
template <class T, class Copy>
void for_part_rows(const AxisView& whole, Index start, Index extent, const Copy& copy) {
    for (Index o = 0; o < whole.outer; ++o) {
        copy((o * whole.extent + start) * whole.inner, o * extent * whole.inner, extent * whole.inner);
    }
}

}  // namespace

template <class T>
Var<T> concat(std::span<const Var<T>> parts, int axis) {
    if (parts.empty()) throw Error(ErrorCode::invalid_input, "concat of nothing");
    const Shape& first = parts[0].shape();
    axis = positive_axis("concat", first, axis);
    Tape<T>* tape = nullptr;
    const Var<T>* tracked = nullptr;
    Index extent = 0;
    std::vector<Part> places;
    for (const Var<T>& part : parts) {
        if (part.shape().rank() != first.rank() || part.shape().with_extent(axis, first[axis]) != first) {
            throw shape_error("concat", first, part.shape());
        }
        if (part.tracked()) tape = common_tape({&part, tape == nullptr ? &part : tracked});
        if (part.tracked()) tracked = &part;
        places.push_back({part.id(), extent, part.shape()[axis], part.shape()});
        extent += part.shape()[axis];
    }
    Tensor<T> y = Tensor<T>::uninitialized(first.with_extent(axis, extent));
    const AxisView v = view_axis(y.shape(), axis);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const T* const from = parts[i].value().data();
        for_part_rows<T>(v, places[i].start, places[i].extent, [&](Index in_whole, Index in_part, Index count) {
            std::copy_n(from + in_part, count, y.data() + in_whole);
        });
    }
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [v, places](Tape<T>& t, const Tensor<T>& grad) {
        for (const Part& part : places) {
            if (part.id < 0) continue;
            if (v.outer == 1) {
                t.add_grad(part.id, grad.reshape(Shape{v.extent, v.inner}).rows(part.start, part.extent).reshape(part.shape));
                continue;
            }
            bool fresh = false;
            T* const to = t.grad_buffer(part.id, fresh).data();
            for_part_rows<T>(v, part.start, part.extent, [&](Index in_whole, Index in_part, Index count) {
                put(array(to + in_part, count), fresh, array(grad.data() + in_whole, count));
            });
        }
    });
}

template <class T>
Var<T> stack(std::span<const Var<T>> parts) {
    std::vector<Var<T>> rows;
    rows.reserve(parts.size());
    for (const Var<T>& part : parts) rows.push_back(reshape(part, part.shape().with_inserted(0, 1)));
    return concat(std::span<const Var<T>>(rows), 0);
}

template <class T>
Var<T> slice(const Var<T>& a, int axis, Index start, Index count) {
    axis = positive_axis("slice", a.shape(), axis);
    const AxisView v = view_axis(a.shape(), axis);
    if (start < 0 || count < 0 || start > v.extent || count > v.extent - start) {
        throw Error(ErrorCode::out_of_range,
                    fmt::format("slice [{}, {}) of axis {} of shape {}", start, start + count, axis, a.shape().str()));
    }
    Tensor<T> y;
    if (v.outer == 1) {
        // One run of memory: a view, and no copy.
        y = a.value().reshape(Shape{v.extent, v.inner}).rows(start, count).reshape(a.shape().with_extent(axis, count));
    } else {
        y = Tensor<T>::uninitialized(a.shape().with_extent(axis, count));
        for_part_rows<T>(v, start, count, [&](Index in_whole, Index in_part, Index n) {
            std::copy_n(a.value().data() + in_whole, n, y.data() + in_part);
        });
    }
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y), [v, start, count, a = a.id()](Tape<T>& tape, const Tensor<T>& grad) {
        T* const to = tape.grad_of(a).data();
        for_part_rows<T>(v, start, count, [&](Index in_whole, Index in_part, Index n) {
            array(to + in_whole, n) += array(grad.data() + in_part, n);
        });
    });
}

namespace {

void check_ids(const char* operation, std::span<const Index> ids, Index limit) {
    for (const Index id : ids) {
        if (id < 0 || id >= limit) {
            throw Error(ErrorCode::out_of_range, fmt::format("{}: id {} is not in [0, {})", operation, id, limit));
        }
    }
}

}  // namespace

template <class T>
Var<T> embedding(const Var<T>& table, std::span<const Index> ids) {
    if (table.shape().rank() != 2) throw shape_error("embedding", table.shape(), "the table must be [n, d]");
    check_ids("embedding", ids, table.shape()[0]);
    const Index width = table.shape()[1];
    Tensor<T> y = Tensor<T>::uninitialized(Shape{static_cast<Index>(ids.size()), width});
    T* to = y.data();
    for (const Index id : ids) {
        std::copy_n(table.value().data() + id * width, width, to);
        to += width;
    }
    if (!table.tracked()) return y;
    return table.tape()->record(
        std::move(y), [width, ids = Ids(ids.begin(), ids.end()), a = table.id()](Tape<T>& tape, const Tensor<T>& grad) {
            T* const rows = tape.grad_of(a).data();
            const T* from = grad.data();
            for (const Index id : ids) {
                array(rows + id * width, width) += array(from, width);
                from += width;
            }
        });
}

template <class T>
Var<T> gather(const Var<T>& a, std::span<const Index> ids) {
    if (a.shape().rank() != 2 || a.shape()[0] != static_cast<Index>(ids.size())) {
        throw shape_error("gather", a.shape(), fmt::format("it takes one id per row of [n, c], and there are {}", ids.size()));
    }
    const Index width = a.shape()[1];
    check_ids("gather", ids, width);
    Tensor<T> y = Tensor<T>::uninitialized(Shape{a.shape()[0]});
    for (std::size_t i = 0; i < ids.size(); ++i) y.data()[i] = a.value().data()[static_cast<Index>(i) * width + ids[i]];
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y),
                            [width, ids = Ids(ids.begin(), ids.end()), a = a.id()](Tape<T>& tape, const Tensor<T>& grad) {
                                T* const to = tape.grad_of(a).data();
                                for (std::size_t i = 0; i < ids.size(); ++i)
                                    to[static_cast<Index>(i) * width + ids[i]] += grad.data()[i];
                            });
}

#define SACCADE_INSTANTIATE(T)                                        \
    template Var<T> reshape(const Var<T>&, const Shape&);             \
    template Var<T> transpose(const Var<T>&, int, int);               \
    template Var<T> concat(std::span<const Var<T>>, int);             \
    template Var<T> stack(std::span<const Var<T>>);                   \
    template Var<T> slice(const Var<T>&, int, Index, Index);          \
    template Var<T> embedding(const Var<T>&, std::span<const Index>); \
    template Var<T> gather(const Var<T>&, std::span<const Index>);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
