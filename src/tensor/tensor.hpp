#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace saccade {

using Index = std::int64_t;

/// Extents of a row-major tensor, outermost first; at most five axes. Rank 0 is a scalar of size 1.
class Shape {
 public:
    static constexpr int max_rank = 5;

    Shape() = default;
    Shape(std::initializer_list<Index> dims);
    explicit Shape(std::span<const Index> dims);

    int rank() const { return rank_; }
    /// Extent of axis i; negative counts from the end (-1: innermost).
    Index operator[](int i) const { return dims_[static_cast<std::size_t>(i < 0 ? i + rank_ : i)]; }
    Index size() const;
    /// Product of the extents of axes [from, to).
    Index span_size(int from, int to) const;
    std::span<const Index> dims() const { return {dims_.data(), static_cast<std::size_t>(rank_)}; }
    /// "[5, 256]", for messages.
    std::string str() const;

    bool operator==(const Shape&) const = default;

    /// The shape with one axis removed, inserted, or set to another extent.
    Shape without(int axis) const;
    Shape with_inserted(int axis, Index extent) const;
    Shape with_extent(int axis, Index extent) const;

 private:
    std::array<Index, max_rank> dims_{};
    int rank_ = 0;
};

/// A row-major, contiguous array with shared storage. Copies, reshapes and row views share the storage: write only to a tensor
/// that you made and have not given away; `clone()` otherwise. Default-constructed: empty (size 0, shape [0]).
template <class T>
class Tensor {
 public:
    Tensor() : shape_{0} {}
    /// Zero-filled.
    explicit Tensor(const Shape& shape);
    Tensor(const Shape& shape, T fill);
    /// Memory as it comes: for results that are written entirely.
    static Tensor uninitialized(const Shape& shape);
    /// Throws Error{invalid_input} if the number of values is not shape.size().
    static Tensor from(const Shape& shape, std::span<const T> values);
    static Tensor from(const Shape& shape, std::initializer_list<T> values) {
        return from(shape, std::span<const T>(values.begin(), values.size()));
    }
    static Tensor scalar(T value) { return from(Shape{}, {value}); }

    const Shape& shape() const { return shape_; }
    Index size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T* data() { return data_; }
    const T* data() const { return data_; }
    std::span<T> values() { return {data_, static_cast<std::size_t>(size_)}; }
    std::span<const T> values() const { return {data_, static_cast<std::size_t>(size_)}; }

    /// Element by full index; checked, throws Error{out_of_range}.
    T at(std::span<const Index> index) const;
    T at(std::initializer_list<Index> index) const { return at(std::span<const Index>(index.begin(), index.size())); }
    /// Row-major offset of a full index; checked.
    Index offset_of(std::span<const Index> index) const;
    /// The one value of a tensor of size 1.
    T item() const;

    /// Same storage, other shape of the same size. Throws Error{invalid_input} if sizes differ.
    Tensor reshape(const Shape& shape) const;
    /// Rows [start, start + count) of the outermost axis, same storage.
    Tensor rows(Index start, Index count) const;
    /// Row i of the outermost axis, that axis removed, same storage.
    Tensor row(Index i) const;
    /// All of `rows`, [count, ...], without a copy, if they are the rows of one storage one after another; else empty.
    static Tensor of_rows(std::span<const Tensor> rows);
    Tensor clone() const;
    /// Expires when nothing holds the storage any more.
    std::weak_ptr<const void> storage_life() const { return storage_; }
    /// The same values in another scalar type.
    template <class U>
    Tensor<U> cast() const;

 private:
    Shape shape_;
    Index size_ = 0;
    std::shared_ptr<T[]> storage_;
    T* data_ = nullptr;
};

extern template class Tensor<float>;
extern template class Tensor<double>;
extern template class Tensor<std::int64_t>;

/// Integer ids (tokens, classes).
using Ids = std::vector<Index>;

}  // namespace saccade
