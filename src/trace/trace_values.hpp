#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>

#include "tensor/tensor.hpp"

namespace saccade {

/// The values of a recorded tensor: kept, or made when they are looked at, row by row of the outermost axis (a layer's weights
/// from its queries and keys; a matrix of the model from how it is laid out for products). What is not looked at then takes no
/// memory, and what is looked at has the bits that the run had.
///
/// Reads as a Tensor does. row() and at() make what they need, and keep little; data(), values(), reshape() and the conversion
/// make all of it, and keep it as long as these values (or copies of them) live: only for what is small, or is all looked at.
/// Safe from any thread.
class TraceValues {
 public:
    /// Row `i` of the outermost axis, without that axis. May throw; is called by one thread at a time.
    using Make = std::function<Tensor<float>(Index i)>;

    TraceValues() = default;
    TraceValues(Tensor<float> kept) : kept_(std::move(kept)) {}  // NOLINT: a tensor is such values
    /// Made when looked at. `source`: what they are made of; the same source and shape are the same values.
    TraceValues(const Shape& shape, std::shared_ptr<const void> source, Make make);

    const Shape& shape() const;
    Index size() const { return made_ ? shape().size() : kept_.size(); }
    bool empty() const { return size() == 0; }
    /// Are they in memory, all of them? Else they are made when looked at.
    bool kept() const { return made_ == nullptr; }
    /// Bytes that they take even if nobody looks.
    std::size_t bytes() const { return static_cast<std::size_t>(kept_.size()) * sizeof(float); }
    /// What names them while they, or what storage_life() watches, live.
    const void* identity() const;
    std::weak_ptr<const void> storage_life() const;
    bool same_as(const TraceValues& other) const { return identity() == other.identity() && shape() == other.shape(); }

    /// As Tensor's.
    Tensor<float> row(Index i) const;
    float at(std::span<const Index> index) const;
    float at(std::initializer_list<Index> index) const { return at(std::span<const Index>(index.begin(), index.size())); }
    Index offset_of(std::span<const Index> index) const;
    /// All cells of the innermost axis that share the others of a cell's indices (the last is ignored): [n].
    Tensor<float> line(std::span<const Index> index) const;
    /// Calls visit(row, first offset) for each row of the outermost axis; kept values of any rank are visited at once.
    void for_each_part(const std::function<void(const Tensor<float>&, Index)>& visit) const;

    const Tensor<float>& whole() const;
    operator const Tensor<float>&() const { return whole(); }  // NOLINT: they are a tensor
    const float* data() const { return made_ ? whole().data() : kept_.data(); }
    std::span<const float> values() const { return whole().values(); }
    Tensor<float> reshape(const Shape& shape) const { return whole().reshape(shape); }
    Tensor<float> rows(Index start, Index count) const { return whole().rows(start, count); }
    Tensor<float> clone() const { return whole().clone(); }
    float item() const { return whole().item(); }

 private:
    struct Made;
    Tensor<float> kept_;
    std::shared_ptr<Made> made_;  // null: kept
};

}  // namespace saccade
