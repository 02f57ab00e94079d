#include "analysis/without_key.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "analysis/attention.hpp"
#include "analysis/catalogue.hpp"
#include "base/error.hpp"

// Attention without one key, for maps whose first token or separator takes nearly all of it (a sink: Xiao 2023, Clark 2019):
// the key is masked, and every row divided by what it has left; a row that has nothing left stays 0. Told key s, and perhaps
// one plane of the tensor; by itself the first key, in all planes.
//
//   without_s[i,j] = A_ij / sum_{k != s} A_ik,   masked at j = s

namespace saccade {

namespace {

constexpr float masked = -std::numeric_limits<float>::infinity();
constexpr double nothing = 1e-9;  // of a row's weight: what rounding leaves

bool accepts(const Trace&, const TraceTensor& tensor) {
    return attention_axes(tensor) && tensor.info.role == Role::weights;
}

/// Rows [n, cols] in place. False: some row had nothing left.
bool leave_out(float* rows, Index n, Index cols, Index key) {
    bool all = true;
    for (Index r = 0; r < n; ++r) {
        float* row = rows + r * cols;
        row[key] = masked;
        double left = 0;
        for (Index c = 0; c < cols; ++c)
            if (std::isfinite(row[c])) left += static_cast<double>(row[c]);
        all = all && left > nothing;
        for (Index c = 0; c < cols; ++c)
            if (std::isfinite(row[c])) row[c] = left > nothing ? static_cast<float>(static_cast<double>(row[c]) / left) : 0.0f;
    }
    return all;
}

/// The same of a copy; `whole` becomes false where some row had nothing left.
Tensor<float> left_out(const Tensor<float>& of, Index key, bool& whole) {
    Tensor<float> values = of.clone();
    const Index cols = of.shape()[-1];
    whole = leave_out(values.data(), values.size() / cols, cols, key) && whole;
    return values;
}

Derived derive(const Trace&, const TraceTensor& source, const std::vector<Index>& numbers) {
    const Attention a = attention_of(source);
    const Index key = numbers.empty() ? 0 : numbers.front();
    const std::vector<Index> plane(numbers.begin() + (numbers.empty() ? 0 : 1), numbers.end());
    const bool one = !plane.empty();
    if (key >= a.keys() || (one && plane.size() + 2 != source.info.axes.size()))
        throw Error(ErrorCode::invalid_input, source.info.name + " has no key " + std::to_string(key) + " to leave out",
                    "keys count from 0");
    const auto require_plane = [&](Index at, Index extent) {
        if (at >= extent)
            throw Error(ErrorCode::invalid_input, source.info.name + " has no such plane", "layers and heads count from 0");
    };
    if (one) require_plane(plane.front(), source.values.shape()[0]);
    bool whole = true;
    TraceValues values;
    if (one) {
        Tensor<float> of = source.values.row(plane.front());
        for (std::size_t i = 1; i < plane.size(); ++i) {
            require_plane(plane[i], of.shape()[0]);
            of = of.row(plane[i]);
        }
        values = left_out(of, key, whole);
    } else if (source.values.kept()) {
        values = left_out(source.values.whole(), key, whole);
    } else {  // row by row as the source is made, and none of them is kept
        for (Index l = 0; l < source.values.shape()[0]; ++l) left_out(source.values.row(l), key, whole);
        values = {source.values.shape(), std::make_shared<const std::string>(source.info.name),
                  [of = source.values, key](Index l) {
                      bool some = true;
                      return left_out(of.row(l), key, some);
                  }};
    }
    DerivedTensor result;
    result.suffix = suffix_of(without_key(), numbers);
    result.symbol = source.info.symbol + "′";
    result.title = source.info.title + " without one key";
    result.unit = source.info.unit;
    result.axes = a.axes_at(one ? "ij" : "lhij");
    result.values = std::move(values);
    result.role = Role::state;  // no softmax over all keys any more: one of them is masked
    const std::string before =
        one ? fmt::format("{},", fmt::join(plane, ",")) : a.letters("lh") + (a.letters("lh").empty() ? "" : ",");
    const std::string cell = "@[" + before + "i,j]", other = "@[" + before + "i,k]";
    const std::string rest = fmt::format("sum_k(where(k == {}, 0, {}))", key, a.finite ? other : zero_if_masked(other));
    std::string share = fmt::format("{} / {}", cell, rest);
    if (!whole) share = fmt::format("where({} > 1e-9, {}, where({} > -inf, 0, -inf))", rest, share, cell);
    result.step = {
        "leave out",
        {},
        without_key().formula,
        fmt::format("@.{}[{}] = where(j == {}, -inf, {})", result.suffix, a.letters(one ? "ij" : "lhij"), key, share),
        without_key().source};
    return {{}, {std::move(result)}};
}

}  // namespace

std::optional<Index> most_attended(const Tensor<float>& matrix) {
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    std::vector<double> sums(static_cast<std::size_t>(cols));
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c)
            if (const float v = matrix.data()[r * cols + c]; std::isfinite(v))
                sums[static_cast<std::size_t>(c)] += static_cast<double>(v);
    const auto most = std::max_element(sums.begin(), sums.end());
    if (most == sums.end() || *most <= 0) return std::nullopt;
    return most - sums.begin();
}

Analysis without_key() {
    return {"without",   "Attention without its first key, where a sink takes nearly all of it",
            "Xiao 2023", "α'_ij = α_ij / Σ_{k≠s} α_ik, masked at j = s",
            accepts,     derive};
}

}  // namespace saccade
