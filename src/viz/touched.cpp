#include "viz/touched.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "trace/hand.hpp"

namespace saccade {

namespace {

/// How far one step along each axis of `tensor` goes in the values of `other`; 0 where that has no such axis.
std::vector<Index> steps_in(const TraceTensor& other, const TraceTensor& tensor) {
    std::vector<Index> steps(tensor.info.axes.size(), 0);
    Index step = 1;
    for (std::size_t a = other.info.axes.size(); a-- > 0; step *= other.info.axes[a]->extent)
        if (const auto at = std::ranges::find(tensor.info.axes, other.info.axes[a]); at != tensor.info.axes.end())
            steps[static_cast<std::size_t>(at - tensor.info.axes.begin())] = step;
    return steps;
}

/// The factor that most of a row's changed weights share: those were rescaled. 0 if no two share one.
double common_factor(const float* now, const float* before, Index n) {
    constexpr double alike = 1e-3;
    std::vector<double> factors;
    for (Index i = 0; i < n; ++i)
        if (before[i] > 1e-7f && std::isfinite(now[i]) && now[i] != before[i])
            factors.push_back(static_cast<double>(now[i]) / static_cast<double>(before[i]));
    std::sort(factors.begin(), factors.end());
    std::size_t most = 1;
    double common = 0;
    for (std::size_t i = 0; i < factors.size(); ++i) {
        std::size_t end = i;
        while (end < factors.size() && factors[end] - factors[i] <= alike * std::abs(factors[i])) ++end;
        if (end - i > most) {
            most = end - i;
            common = factors[i];
        }
    }
    return common;
}

/// Marks the weights of a row that were set, not those that were rescaled for it.
void mark_row(const TraceTensor& tensor, Index first, Index n, std::vector<char>& marks) {
    const Index size = tensor.values.size() / tensor.values.shape()[0];  // of a row of the outermost axis
    const bool kept = tensor.values.kept();
    const Tensor<float> all_now = kept ? tensor.values.whole() : tensor.values.row(first / size);
    const Tensor<float> all_before = kept ? tensor.before.whole() : tensor.before.row(first / size);
    const float *now = all_now.data() + (kept ? first : first % size),
                *before = all_before.data() + (kept ? first : first % size);
    double sum = 0;
    for (Index i = 0; i < n; ++i)
        if (std::isfinite(now[i])) sum += static_cast<double>(now[i]);
    // All of 1 on one of them: the others had nothing left.
    const auto nonzero = std::count_if(now, now + n, [](float w) { return std::isfinite(w) && w != 0; });
    if (nonzero == 1 && std::abs(sum - 1) < 1e-3 && n > 2) {
        for (Index i = 0; i < n; ++i) marks[static_cast<std::size_t>(i)] = tensor.edited(first + i) && now[i] != 0;
        return;
    }
    // Scaled by hand as a whole: then the row sums to something else.
    const double factor = std::abs(sum - 1) < 1e-3 ? common_factor(now, before, n) : 0;
    for (Index i = 0; i < n; ++i) {
        if (!tensor.edited(first + i)) continue;
        const double expected = factor * static_cast<double>(before[i]);
        const bool gave_way = factor > 0 && std::abs(static_cast<double>(now[i]) - expected) <= 1e-2 * std::abs(expected);
        marks[static_cast<std::size_t>(i)] = !gave_way;
    }
}

constexpr Index most_lines = 256;  // that are looked at, evenly: what was done to all of a block was done to any of them
constexpr double alike = 1e-3;

/// By which all numbers that it sees were multiplied.
struct CommonFactor {
    std::optional<double> value;
    bool none = false;

    void see(float before, float after) {
        const double was = static_cast<double>(before), now = static_cast<double>(after);
        if ((was == 0 && now == 0) || (!std::isfinite(was) && !std::isfinite(now))) return;
        none = none || was == 0 || !std::isfinite(was) || !std::isfinite(now);
        if (none) return;
        if (!value) value = now / was;
        none = std::abs(now - *value * was) > alike * std::abs(was);
    }
};

}  // namespace

std::vector<char> touched_cells(const Trace& trace, const TraceTensor& tensor, const Slice& slice) {
    if (slice.derived || slice.tensor != &tensor) return {};
    const TraceTensor* mask = mask_of(trace, tensor);
    const bool own = !tensor.before.empty(), by_mask = mask != nullptr && mask != &tensor && !mask->before.empty();
    if (!own && !by_mask) return {};
    const auto positions = [](const std::vector<Index>& map, Index i) {
        return map.empty() ? i : map[static_cast<std::size_t>(i)];
    };
    const std::vector<Index> steps = steps_in(tensor, tensor),
                             mask_steps = by_mask ? steps_in(*mask, tensor) : std::vector<Index>(steps.size(), 0);
    const auto col_axis = static_cast<std::size_t>(slice.col_axis), row_axis = static_cast<std::size_t>(slice.row_axis);
    const Index cols = slice.values.shape()[-1], rows = slice.values.size() / std::max<Index>(cols, 1);
    const Index keys = tensor.info.axes[col_axis]->extent;
    const bool by_row = own && tensor.info.role == Role::weights && steps[col_axis] == 1;
    std::vector<char> touched(static_cast<std::size_t>(slice.values.size()), 0), marks(static_cast<std::size_t>(keys), 0);
    bool any = false;
    for (Index r = 0; r < rows; ++r) {
        Index first = 0, mask_first = 0;
        for (std::size_t a = 0; a < steps.size(); ++a) {
            if (a == col_axis) continue;
            const Index at = slice.row_axis >= 0 && a == row_axis ? positions(slice.row_map, r) : slice.fixed[a];
            first += at * steps[a];
            mask_first += at * mask_steps[a];
        }
        std::fill(marks.begin(), marks.end(), char{0});
        if (by_row) mark_row(tensor, first, keys, marks);
        for (Index c = 0; c < cols; ++c) {
            const Index at = positions(slice.col_map, c);
            const bool here =
                by_row ? marks[static_cast<std::size_t>(at)] != 0 : own && tensor.edited(first + at * steps[col_axis]);
            const bool hidden = by_mask && mask->edited(mask_first + at * mask_steps[col_axis]);
            touched[static_cast<std::size_t>(r * cols + c)] = here || hidden;
            any = any || here || hidden;
        }
    }
    const bool some = any && std::ranges::count(touched, char{0}) > 0;
    return some || rows * cols == 1 ? touched : std::vector<char>();
}

std::string block_said(const TraceTensor& tensor, std::vector<Index> block) {
    if (tensor.before.empty() || tensor.info.axes.empty()) return {};
    block.resize(tensor.info.axes.size(), -1);
    Index lines = 1;
    for (std::size_t a = 0; a + 1 < block.size(); ++a) lines *= block[a] < 0 ? tensor.info.axes[a]->extent : 1;
    CommonFactor factor;
    const Index stride = std::max<Index>(1, lines / most_lines);
    for (Index i = 0; i < lines && !factor.none; i += stride) {
        std::vector<Index> at = block;
        Index rest = i;
        for (std::size_t a = block.size() - 1; a-- > 0;) {
            if (block[a] >= 0) continue;
            at[a] = rest % tensor.info.axes[a]->extent;
            rest /= tensor.info.axes[a]->extent;
        }
        at.back() = std::max<Index>(at.back(), 0);
        const Tensor<float> was = tensor.before.line(at), now = tensor.values.line(at);
        if (block.back() >= 0)
            factor.see(was.data()[block.back()], now.data()[block.back()]);
        else
            for (Index j = 0; j < was.size(); ++j) factor.see(was.data()[j], now.data()[j]);
    }
    if (factor.none || !factor.value || std::abs(*factor.value - 1) < alike) return {};
    return *factor.value == 0 ? "ablated by hand" : fmt::format("× {:.2f} by hand", *factor.value);
}

std::string block_said(const Slice& slice) {
    if (slice.derived || slice.tensor == nullptr) return {};
    std::vector<Index> block = slice.fixed;
    if (slice.row_axis >= 0) block[static_cast<std::size_t>(slice.row_axis)] = -1;
    block[static_cast<std::size_t>(slice.col_axis)] = -1;
    return block_said(*slice.tensor, std::move(block));
}

}  // namespace saccade
