#include "model/layered_parameters.hpp"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "tensor/storage.hpp"

namespace saccade {

namespace {

constexpr std::size_t largest_kept = std::size_t{64} << 20;  // bytes

/// "stack.12.self.query.weight": 12, and the name with nothing in its place; -1 where no part of it is a number.
std::pair<Index, std::string> layer_of(const std::string& name) {
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
        std::size_t end = dot + 1;
        while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])) != 0) ++end;
        if (end == dot + 1 || end - dot > 7 || end >= name.size() || name[end] != '.') continue;
        return {std::stol(name.substr(dot + 1, end - dot - 1)), name.substr(0, dot) + name.substr(end)};
    }
    return {-1, name};
}

}  // namespace

Tensor<float> LayeredParameters::get(const std::string& name, Index layers,
                                     const std::function<const Tensor<float>&(Index)>& of) {
    const std::scoped_lock lock(mutex_);
    Tensor<float>& all = made_[name];
    if (!all.empty()) return all;
    std::vector<Tensor<float>> own;
    for (Index l = 0; l < layers; ++l) own.push_back(of(l));
    all = Tensor<float>::of_rows(own);
    if (!all.empty()) return all;
    Tensor<float> fresh = Tensor<float>::uninitialized(of(0).shape().with_inserted(0, layers));
    for (Index l = 0; l < layers; ++l) std::ranges::copy(of(l).values(), fresh.row(l).values().begin());
    return all = std::move(fresh);
}

TraceValues layered_matrices(LayeredParameters& all, const std::string& name, Index layers,
                             const std::function<const Linear<float>&(Index)>& of) {
    if (!of(0).weight.empty())
        return all.get(name, layers, [&](Index l) -> const Tensor<float>& { return of(l).weight.value(); });
    std::vector<Linear<float>> own;
    for (Index l = 0; l < layers; ++l) own.push_back({{}, {}, of(l).packed});
    return {own.front().extents().with_inserted(0, layers), own.front().packed,
            [own](Index l) { return own[static_cast<std::size_t>(l)].rows(); }};
}

TraceValues matrix_values(const Linear<float>& linear) {
    if (!linear.weight.empty() || linear.packed == nullptr) return linear.weight.value();
    return {linear.extents(), linear.packed,
            [packed = linear.packed](Index row) { return rows_of_packed(*packed, std::span<const Index>(&row, 1)).row(0); }};
}

void lay_layers_together(WeightMap& weights) {
    std::map<std::string, std::map<Index, std::string>> groups;
    for (const auto& [name, tensor] : weights)
        if (const auto [layer, rest] = layer_of(name); layer >= 0) groups[rest][layer] = name;
    for (const auto& [rest, names] : groups) {
        const auto layers = static_cast<Index>(names.size());
        const Shape shape = weights.at(names.begin()->second).shape();
        // One of another shape, or a layer without it: they are no rows of one tensor.
        const bool alike = std::ranges::all_of(names, [&](const auto& one) { return weights.at(one.second).shape() == shape; });
        if (!alike || names.begin()->first != 0 || names.rbegin()->first != layers - 1 || shape.rank() >= Shape::max_rank)
            continue;
        Tensor<float> all = Tensor<float>::uninitialized(shape.with_inserted(0, layers));
        for (const auto& [layer, name] : names) {
            Tensor<float>& own = weights.at(name);
            Tensor<float> row = all.row(layer);
            std::ranges::copy(own.values(), row.values().begin());
            own = std::move(row);
        }
        release_kept_blocks(
            largest_kept);  // what the layers held apart would be kept for tensors of that size, which do not come
    }
}

}  // namespace saccade
