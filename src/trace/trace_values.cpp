#include "trace/trace_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/error.hpp"

namespace saccade {

struct TraceValues::Made {
    Made(const Shape& its_shape, std::shared_ptr<const void> its_source, Make its_make)
        : shape(its_shape), source(std::move(its_source)), make(std::move(its_make)) {}

    Shape shape;
    std::shared_ptr<const void> source;
    Make make;
    std::mutex mutex{};
    Index last = -1;  // the row that was looked at last: a cell is seldom alone
    Tensor<float> row{}, whole{};

    /// With the mutex held.
    Tensor<float> made(Index i) {
        Tensor<float> fresh = make(i);
        if (fresh.shape() != shape.without(0))
            throw Error(ErrorCode::invalid_input,
                        fmt::format("a row of {} was made with the shape {}", shape.str(), fresh.shape().str()));
        return fresh;
    }
};

TraceValues::TraceValues(const Shape& shape, std::shared_ptr<const void> source, Make make)
    : made_(std::make_shared<Made>(shape, std::move(source), std::move(make))) {}

const Shape& TraceValues::shape() const {
    return made_ ? made_->shape : kept_.shape();
}

const void* TraceValues::identity() const {
    return made_ ? made_->source.get() : kept_.data();
}

std::weak_ptr<const void> TraceValues::storage_life() const {
    if (made_) return made_->source;
    return kept_.storage_life();
}

Tensor<float> TraceValues::row(Index i) const {
    if (!made_) return kept_.row(i);
    if (i < 0 || i >= made_->shape[0])
        throw Error(ErrorCode::out_of_range, fmt::format("row {} of a tensor of shape {}", i, made_->shape.str()));
    const std::scoped_lock lock(made_->mutex);
    if (!made_->whole.empty()) return made_->whole.row(i);
    if (made_->last == i) return made_->row;
    Tensor<float> fresh = made_->made(i);
    // What is large is held by whoever makes it, if at all.
    constexpr Index largest_held = Index{1} << 22;  // cells
    if (fresh.size() > largest_held) return fresh;
    made_->row = std::move(fresh);
    made_->last = i;
    return made_->row;
}

Index TraceValues::offset_of(std::span<const Index> index) const {
    if (!made_) return kept_.offset_of(index);
    const Shape& shape = made_->shape;
    bool inside = static_cast<int>(index.size()) == shape.rank();
    Index offset = 0;
    for (int i = 0; inside && i < shape.rank(); ++i) {
        const Index at = index[static_cast<std::size_t>(i)];
        inside = at >= 0 && at < shape[i];
        offset = offset * shape[i] + at;
    }
    if (!inside) throw Error(ErrorCode::out_of_range, "an index outside a tensor of shape " + shape.str());
    return offset;
}

float TraceValues::at(std::span<const Index> index) const {
    if (!made_) return kept_.at(index);
    offset_of(index);
    return row(index.front()).at(index.subspan(1));
}

Tensor<float> TraceValues::line(std::span<const Index> index) const {
    std::vector<Index> first(index.begin(), index.end());
    first.back() = 0;
    const Index offset = offset_of(first), n = shape()[-1];
    if (first.size() == 1) return whole();
    const Tensor<float> part = made_ ? row(first.front()) : kept_;
    const Index at = made_ ? offset % part.size() : offset;
    return part.reshape(Shape{part.size() / n, n}).row(at / n);
}

void TraceValues::for_each_part(const std::function<void(const Tensor<float>&, Index)>& visit) const {
    if (!made_ || !made_->whole.empty()) return visit(whole(), 0);
    const Index rows = made_->shape[0], size = made_->shape.span_size(1, made_->shape.rank());
    for (Index i = 0; i < rows; ++i) visit(row(i), i * size);
}

const Tensor<float>& TraceValues::whole() const {
    if (!made_) return kept_;
    const std::scoped_lock lock(made_->mutex);
    if (made_->whole.empty() && made_->shape.size() > 0) {
        Tensor<float> all = Tensor<float>::uninitialized(made_->shape);
        for (Index i = 0; i < made_->shape[0]; ++i) {
            const Tensor<float> one = made_->last == i ? made_->row : made_->made(i);
            std::ranges::copy(one.values(), all.row(i).values().begin());
        }
        made_->whole = std::move(all);
        made_->row = {};
        made_->last = -1;
    }
    return made_->whole;
}

}  // namespace saccade
