#include "tensor/tensor.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "tensor/storage.hpp"

namespace saccade {

// --- Shape ---

Shape::Shape(std::initializer_list<Index> dims) : Shape(std::span<const Index>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const Index> dims) {
    if (dims.size() > static_cast<std::size_t>(max_rank)) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("a tensor of {} axes: at most {} are supported", dims.size(), max_rank));
    }
    Index size = 1;
    for (const Index extent : dims) {
        if (extent < 0) throw Error(ErrorCode::invalid_input, fmt::format("a tensor axis of extent {}", extent));
        if (extent > 0 && size > std::numeric_limits<Index>::max() / extent) {
            throw Error(ErrorCode::out_of_range, "a tensor with more elements than memory can hold", "use a smaller input");
        }
        size *= extent;
    }
    std::copy(dims.begin(), dims.end(), dims_.begin());
    rank_ = static_cast<int>(dims.size());
}

Index Shape::size() const {
    return span_size(0, rank_);
}

Index Shape::span_size(int from, int to) const {
    Index size = 1;
    for (int i = from; i < to; ++i) size *= dims_[static_cast<std::size_t>(i)];
    return size;
}

std::string Shape::str() const {
    std::string text = "[";
    for (int i = 0; i < rank_; ++i) text += (i > 0 ? ", " : "") + std::to_string((*this)[i]);
    return text + "]";
}

namespace {

int checked_axis(const Shape& shape, int axis, int rank) {
    const int positive = axis < 0 ? axis + rank : axis;
    if (positive < 0 || positive >= rank) {
        throw Error(ErrorCode::invalid_input, fmt::format("axis {} of a tensor of shape {}", axis, shape.str()));
    }
    return positive;
}

}  // namespace

Shape Shape::without(int axis) const {
    axis = checked_axis(*this, axis, rank_);
    Shape result = *this;
    std::copy(result.dims_.begin() + axis + 1, result.dims_.begin() + rank_, result.dims_.begin() + axis);
    --result.rank_;
    result.dims_[static_cast<std::size_t>(result.rank_)] = 0;  // keeps operator== true to the rank
    return result;
}

Shape Shape::with_inserted(int axis, Index extent) const {
    axis = checked_axis(*this, axis, rank_ + 1);
    std::vector<Index> dims(dims_.begin(), dims_.begin() + rank_);
    dims.insert(dims.begin() + axis, extent);
    return Shape(std::span<const Index>(dims));
}

Shape Shape::with_extent(int axis, Index extent) const {
    axis = checked_axis(*this, axis, rank_);
    Shape result = *this;
    result.dims_[static_cast<std::size_t>(axis)] = extent;
    return Shape(result.dims());
}

// --- Tensor ---

template <class T>
Tensor<T> Tensor<T>::uninitialized(const Shape& shape) {
    Tensor result;
    result.shape_ = shape;
    result.size_ = shape.size();
    result.storage_ = allocate_storage<T>(static_cast<std::size_t>(result.size_));
    result.data_ = result.storage_.get();
    return result;
}

template <class T>
Tensor<T>::Tensor(const Shape& shape) : Tensor(shape, T(0)) {}

template <class T>
Tensor<T>::Tensor(const Shape& shape, T fill) : Tensor(uninitialized(shape)) {
    std::fill_n(data_, size_, fill);
}

template <class T>
Tensor<T> Tensor<T>::from(const Shape& shape, std::span<const T> values) {
    if (shape.size() != static_cast<Index>(values.size())) {
        throw Error(ErrorCode::invalid_input, fmt::format("{} values for a tensor of shape {}", values.size(), shape.str()));
    }
    Tensor result = uninitialized(shape);
    std::copy(values.begin(), values.end(), result.data_);
    return result;
}

template <class T>
Index Tensor<T>::offset_of(std::span<const Index> index) const {
    const auto out_of_range = [&] {
        const std::string text = Shape(index.size() <= Shape::max_rank ? index : index.first(Shape::max_rank)).str();
        return Error(ErrorCode::out_of_range, fmt::format("index {} of a tensor of shape {}", text, shape_.str()));
    };
    if (static_cast<int>(index.size()) != shape_.rank()) {
        throw Error(ErrorCode::out_of_range,
                    fmt::format("an index of {} numbers for a tensor of shape {}", index.size(), shape_.str()));
    }
    Index offset = 0;
    for (int i = 0; i < shape_.rank(); ++i) {
        const Index at = index[static_cast<std::size_t>(i)];
        if (at < 0) throw Error(ErrorCode::out_of_range, fmt::format("index {} of a tensor of shape {}", at, shape_.str()));
        if (at >= shape_[i]) throw out_of_range();
        offset = offset * shape_[i] + at;
    }
    return offset;
}

template <class T>
T Tensor<T>::at(std::span<const Index> index) const {
    return data_[offset_of(index)];
}

template <class T>
T Tensor<T>::item() const {
    if (size_ != 1) {
        throw Error(ErrorCode::invalid_input, fmt::format("the one value of a tensor of shape {}", shape_.str()));
    }
    return data_[0];
}

template <class T>
Tensor<T> Tensor<T>::reshape(const Shape& shape) const {
    if (shape.size() != size_) {
        throw Error(ErrorCode::invalid_input, fmt::format("reshape of {} to {}: sizes differ", shape_.str(), shape.str()));
    }
    Tensor result = *this;
    result.shape_ = shape;
    return result;
}

template <class T>
Tensor<T> Tensor<T>::rows(Index start, Index count) const {
    if (shape_.rank() == 0 || start < 0 || count < 0 || start > shape_[0] || count > shape_[0] - start) {
        throw Error(ErrorCode::out_of_range,
                    fmt::format("rows {} to {} of a tensor of shape {}", start, start + count, shape_.str()));
    }
    Tensor result = *this;
    result.shape_ = shape_.with_extent(0, count);
    result.size_ = result.shape_.size();
    result.data_ = data_ + start * shape_.span_size(1, shape_.rank());
    return result;
}

template <class T>
Tensor<T> Tensor<T>::row(Index i) const {
    Tensor result = rows(i, 1);
    result.shape_ = shape_.without(0);
    return result;
}

template <class T>
Tensor<T> Tensor<T>::of_rows(std::span<const Tensor> rows) {
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const Tensor &before = rows[i - 1], &one = rows[i];
        if (one.storage_ != before.storage_ || one.data_ != before.data_ + before.size_ || one.shape_ != before.shape_)
            return {};
    }
    if (rows.empty() || rows.front().empty()) return {};
    Tensor all = rows.front();
    all.shape_ = all.shape_.with_inserted(0, static_cast<Index>(rows.size()));
    all.size_ = all.shape_.size();
    return all;
}

template <class T>
Tensor<T> Tensor<T>::clone() const {
    Tensor result = uninitialized(shape_);
    std::copy_n(data_, size_, result.data_);
    return result;
}

template <class T>
template <class U>
Tensor<U> Tensor<T>::cast() const {
    Tensor<U> result = Tensor<U>::uninitialized(shape_);
    std::transform(data_, data_ + size_, result.data(), [](T value) { return static_cast<U>(value); });
    return result;
}

template class Tensor<float>;
template class Tensor<double>;
template class Tensor<std::int64_t>;

template Tensor<float> Tensor<float>::cast<float>() const;
template Tensor<double> Tensor<float>::cast<double>() const;
template Tensor<std::int64_t> Tensor<float>::cast<std::int64_t>() const;
template Tensor<float> Tensor<double>::cast<float>() const;
template Tensor<double> Tensor<double>::cast<double>() const;
template Tensor<std::int64_t> Tensor<double>::cast<std::int64_t>() const;
template Tensor<float> Tensor<std::int64_t>::cast<float>() const;
template Tensor<double> Tensor<std::int64_t>::cast<double>() const;
template Tensor<std::int64_t> Tensor<std::int64_t>::cast<std::int64_t>() const;

}  // namespace saccade
