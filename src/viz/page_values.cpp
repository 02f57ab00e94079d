#include "viz/page_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <span>

#include "base/base64.hpp"
#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "viz/derived.hpp"
#include "viz/layout.hpp"
#include "viz/masked.hpp"

namespace saccade {

namespace {

constexpr std::size_t longest_label = 200;  // code points: what a reader needs to know a token again

/// "source 12: the", as the window says it.
std::string place_text(const Axis& axis, Index at) {
    const std::string name = short_name(axis);
    if (axis.part.each > 1) return fmt::format("{} {}", name, axis.label(at));
    const std::string number = fmt::format("{} {}", name, axis.at(at) + 1);
    return axis.labels.empty() ? number : number + ": " + shorten(drawn_label(axis, at), longest_label);
}

std::string base64_of(const void* data, std::size_t bytes) {
    return base64_encode({static_cast<const char*>(data), bytes});
}

/// One of the axes that run in a region: where it is in the tensor, and the positions that are shown of it.
struct Running {
    std::size_t axis = 0;
    std::vector<Index> at;
};

std::vector<Running> running_in(const HitRegion& region, const TraceTensor& tensor) {
    std::vector<Running> running;
    for (std::size_t a = 0; a < region.ref.index.size(); ++a) {
        if (region.ref.index[a] >= 0) continue;
        Running one{a, {}};
        if (static_cast<int>(a) == region.row_axis) one.at = region.row_map;
        if (static_cast<int>(a) == region.col_axis) one.at = region.col_map;
        if (one.at.empty()) {
            one.at.resize(static_cast<std::size_t>(tensor.info.axes[a]->extent));
            std::iota(one.at.begin(), one.at.end(), Index{0});
        }
        running.push_back(std::move(one));
    }
    // Rows of a region are rows of the plane, in whatever order the tensor has its axes.
    if (running.size() == 2 && static_cast<int>(running[0].axis) == region.col_axis) std::swap(running[0], running[1]);
    return running;
}

}  // namespace

std::size_t PageValues::axis(const AxisPtr& axis) {
    const auto known = std::ranges::find(known_axes_, axis->name, [](const AxisPtr& one) { return one->name; });
    if (known != known_axes_.end()) return static_cast<std::size_t>(known - known_axes_.begin());
    nlohmann::json places = nlohmann::json::array(), labels = nlohmann::json::array();
    for (Index i = 0; i < axis->extent; ++i) {
        places.push_back(place_text(*axis, i));
        labels.push_back(axis->labels.empty() ? std::to_string(axis->at(i) + 1)
                                              : shorten(drawn_label(*axis, i), longest_label));
    }
    axes_.push_back({{"name", axis->name},
                     {"title", short_name(*axis)},
                     {"kind", to_string(axis->kind)},
                     {"numbered", axis->labels.empty()},
                     {"places", std::move(places)},
                     {"labels", std::move(labels)}});
    known_axes_.push_back(axis);
    return known_axes_.size() - 1;
}

int PageValues::plane(const HitRegion& region, const Tensor<float>* seen) {
    const auto key = std::pair(region.ref.tensor, region.ref.index);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    return known_[key] = read(region, seen);
}

int PageValues::read(const HitRegion& region, const Tensor<float>* seen) try {
    const auto held = trace_with(trace_, region.ref.tensor, memo_);
    const TraceTensor& tensor = held->tensor(region.ref.tensor);
    const std::vector<Running> running = running_in(region, tensor);
    if (running.empty() || running.size() > 2) return -1;
    const std::vector<Index> one{0};
    const std::vector<Index>& down = running.size() == 2 ? running[0].at : one;
    const std::vector<Index>& across = running.back().at;
    const auto rows = static_cast<Index>(down.size()), cols = static_cast<Index>(across.size());
    if (rows * cols > room_) {
        full_ = true;
        return -1;
    }
    // Of what is made when it is looked at, one row.
    const bool in_row = region.ref.index.size() > 1 && region.ref.index.front() >= 0;
    const Tensor<float> row = in_row ? tensor.values.row(region.ref.index.front()) : Tensor<float>();
    const HiddenCells hidden(*held, tensor, memo_);
    auto values = Tensor<float>::uninitialized(Shape{rows, cols});
    std::vector<char> masked(static_cast<std::size_t>(rows * cols), 0);
    std::vector<Index> index = region.ref.index;
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
            if (running.size() == 2) index[running[0].axis] = down[static_cast<std::size_t>(r)];
            index[running.back().axis] = across[static_cast<std::size_t>(c)];
            const Index cell = r * cols + c;
            values.data()[cell] = in_row ? row.at(std::span<const Index>(index).subspan(1)) : tensor.values.at(index);
            const bool is_masked = seen != nullptr ? !std::isfinite(seen->data()[cell]) : hidden(index);
            masked[static_cast<std::size_t>(cell)] = is_masked ? 1 : 0;
        }
    nlohmann::json plane{{"title", tensor.info.title.empty() ? tensor.info.name : tr_composed(tensor.info.title)},
                         {"unit", tensor.info.unit},
                         {"tensor", tensor.info.name},
                         {"at", region.ref.index}};
    for (const Running& one_axis : running) {
        const AxisPtr& of = tensor.info.axes[one_axis.axis];
        plane["axes"].push_back(axis(of));
        const bool whole = static_cast<Index>(one_axis.at.size()) == of->extent && std::ranges::is_sorted(one_axis.at);
        plane["of"].push_back(whole ? nlohmann::json() : nlohmann::json(one_axis.at));
    }
    return keep(std::move(plane), std::move(values), masked);
} catch (const Error&) {
    return -1;  // the difference of what an analysis makes of two runs is none that it makes of their difference
}

bool PageValues::holds(int plane, const Tensor<float>& seen) const {
    if (plane < 0) return false;
    const Tensor<float>& values = values_[static_cast<std::size_t>(plane)];
    if (values.size() != seen.size()) return false;
    for (Index i = 0; i < seen.size(); ++i)
        if (std::isfinite(seen.data()[i]) && seen.data()[i] != values.data()[i]) return false;
    return true;
}

int PageValues::plane_of(const Tensor<float>& seen) {
    if (seen.size() > room_) {
        full_ = true;
        return -1;
    }
    std::vector<char> masked(static_cast<std::size_t>(seen.size()));
    for (Index i = 0; i < seen.size(); ++i) masked[static_cast<std::size_t>(i)] = std::isfinite(seen.data()[i]) ? 0 : 1;
    return keep(nlohmann::json::object(), seen, masked);
}

int PageValues::keep(nlohmann::json plane, Tensor<float> values, const std::vector<char>& masked) {
    static_assert(std::endian::native == std::endian::little);
    room_ -= values.size();
    plane["rows"] = values.shape()[0];
    plane["cols"] = values.shape()[1];
    plane["values"] = base64_of(values.data(), static_cast<std::size_t>(values.size()) * sizeof(float));
    if (std::ranges::any_of(masked, [](char m) { return m != 0; })) plane["masked"] = base64_of(masked.data(), masked.size());
    planes_.push_back(std::move(plane));
    values_.push_back(std::move(values));
    return static_cast<int>(values_.size()) - 1;
}

}  // namespace saccade
