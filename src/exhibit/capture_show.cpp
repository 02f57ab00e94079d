#include "exhibit/capture_show.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "tensor/gemm.hpp"
#include "tensor/softmax_row.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

constexpr Index most_weights = Index{1} << 26;  // that are computed of queries and keys

Tensor<float> softmax_of(const Tensor<float>& scores, const std::stop_token& stop) {
    Tensor<float> weights = Tensor<float>::uninitialized(scores.shape());
    const Index keys = scores.shape()[-1], rows = scores.size() / keys;
    parallel_for((rows + 63) / 64, [&](Index piece) {
        if (stop.stop_requested()) return;
        for (Index r = piece * 64; r < std::min(rows, piece * 64 + 64); ++r)
            softmax_row<float>(scores.data() + r * keys, nullptr, weights.data() + r * keys, keys);
    });
    return weights;
}

/// Queries [..., T_q, d] against keys [..., T_k, d]; several heads of queries may share one of the keys.
struct Compared {
    LoadedCapture queries, keys;
    Index maps = 1, query_heads = 1, key_heads = 1, t_q = 0, t_k = 0, d = 0;
    float scale = 1;
    bool causal = false;

    Compared(const CapturedFile& capture, const CaptureLook& look)
        : queries(load_capture(capture, capture.shown, look)), keys(load_capture(capture, *capture.keys, look)) {
        const auto refuse = [&](const std::string& what) {
            throw Error(ErrorCode::invalid_input,
                        fmt::format("queries '{}' {} and keys '{}' {} {}", capture.shown.name, queries.values.shape().str(),
                                    capture.keys->name, keys.values.shape().str(), what),
                        "name their axes: layer, head, query, feature");
        };
        const std::vector<Axis>&q = queries.axes, &k = keys.axes;
        if (q.size() < 2 || q.size() != k.size() || q.back().kind != AxisKind::feature || k.back().kind != AxisKind::feature ||
            q[q.size() - 2].kind != AxisKind::query || k[k.size() - 2].kind != AxisKind::key)
            refuse("have other axes than query and feature");
        d = q.back().extent;
        if (k.back().extent != d) refuse("have another number of features");
        for (std::size_t i = 0; i + 2 < q.size(); ++i) {
            if (q[i].kind == AxisKind::head) {
                query_heads = q[i].extent;
                key_heads = k[i].extent;
            }
            const bool shared = q[i].kind == AxisKind::head && k[i].extent > 0 && q[i].extent % k[i].extent == 0;
            if (q[i].extent != k[i].extent && !shared) refuse("do not fit together");
            maps *= q[i].extent;
        }
        t_q = q[q.size() - 2].extent;
        t_k = k[k.size() - 2].extent;
        if (maps > most_weights / t_q / t_k)
            throw Error(ErrorCode::out_of_range,
                        fmt::format("{} × {} × {} weights would be computed; at most {} are", maps, t_q, t_k, most_weights),
                        "choose a part: layer 1, query 1-1024, key 1-1024");
        const AboutTensor* about = capture.shown.about;
        causal = about != nullptr && about->causal;
        scale = about != nullptr && about->scale > 0 ? static_cast<float>(about->scale) : 1 / std::sqrt(static_cast<float>(d));
    }

    std::vector<Axis> axes() const {
        std::vector<Axis> all(queries.axes.begin(), queries.axes.end() - 1);
        all.push_back(keys.axes[keys.axes.size() - 2]);
        return all;
    }
    /// The map of keys that a map of queries reads.
    Index key_map(Index map) const { return map / query_heads * key_heads + map % query_heads / (query_heads / key_heads); }
};

/// Where a cached prefix was read before, the last query stands beside the last key.
Tensor<float> causal_mask(Index t_q, Index t_k) {
    Tensor<float> mask(Shape{t_q, t_k});
    for (Index i = 0; i < t_q; ++i)
        for (Index j = i + t_k - t_q + 1; j < t_k; ++j)
            if (j >= 0) mask.data()[i * t_k + j] = -std::numeric_limits<float>::infinity();
    return mask;
}

}  // namespace

std::string letters_of(const std::vector<Axis>& axes, const std::string& last) {
    std::string letters;
    for (std::size_t i = 0; i + 1 < axes.size(); ++i) letters += axes[i].symbol + ",";
    return letters + last;
}

std::vector<std::string> names_of(const std::vector<Axis>& axes) {
    std::vector<std::string> names;
    for (const Axis& axis : axes) names.push_back(axis.name);
    return names;
}

void declare(Probe& probe, const std::vector<Axis>& axes, const std::vector<Axis>& declared) {
    for (const Axis& axis : axes)
        if (std::ranges::find(declared, axis.name, &Axis::name) == declared.end()) probe.axis(axis);
}

void show_received(Probe& probe, const Tensor<float>& weights, const std::vector<Axis>& axes) {
    const Index keys = weights.shape()[-1], queries = weights.shape()[-2], maps = weights.size() / (keys * queries);
    std::vector<Index> dims(weights.shape().dims().begin(), weights.shape().dims().end());
    dims.erase(dims.end() - 2);
    Tensor<float> received{Shape{std::span<const Index>(dims)}};
    parallel_for(maps, [&](Index m) {
        std::vector<double> sums(static_cast<std::size_t>(keys), 0);
        for (Index i = 0; i < queries; ++i)
            for (Index j = 0; j < keys; ++j)
                sums[static_cast<std::size_t>(j)] += static_cast<double>(weights.data()[(m * queries + i) * keys + j]);
        for (Index j = 0; j < keys; ++j)
            received.data()[m * keys + j] =
                static_cast<float>(sums[static_cast<std::size_t>(j)] / static_cast<double>(queries));
    });
    Observer{probe}("received", received, [&] {
        std::vector<Axis> own = axes;
        own.erase(own.end() - 2);
        const std::string of = letters_of(own, "j");
        return Shown{.role = Role::map,
                     .symbol = "r",
                     .title = "What each key receives, mean over queries",
                     .unit = "weight",
                     .axes = names_of(own),
                     .step = {"average", "r_j = mean over queries i of α_ij",
                              fmt::format("@received[{}] = mean_i(@weights[{}])", of, letters_of(axes, "j"))}};
    });
}

Tensor<float> show_weights_of(Probe& probe, const Tensor<float>& scores, const std::vector<Axis>& axes,
                              const std::stop_token& stop) {
    const std::string cell = letters_of(axes, "j");
    return Observer{probe}("weights", softmax_of(scores, stop), [&] {
        return Shown{.role = Role::weights,
                     .symbol = "α",
                     .title = "Attention weights",
                     .unit = "weight",
                     .axes = names_of(axes),
                     .step = {"align", "α_ij = exp(e_ij) / Σ_k exp(e_ik)",
                              fmt::format("@weights[{}] = softmax_j(@scores[{}])", cell, cell), "Vaswani 2017, eq. 1"}};
    });
}

void show_queries_and_keys(Probe& probe, const CapturedFile& capture, const CaptureLook& look) {
    Compared c(capture, look);
    for (const LoadedCapture* loaded : {&c.queries, &c.keys})
        for (const Note& note : loaded->notes) probe.note(note);
    for (const LoadedCapture* loaded : {&c.queries, &c.keys})
        if (loaded->not_finite > 0)
            probe.note({"path",
                        fmt::format("{} of {} values of the {} are no finite numbers, and no scores that read them are",
                                    loaded->not_finite, loaded->values.size(), loaded == &c.keys ? "keys" : "queries"),
                        "look where they come from"});
    if (Axis& i = c.queries.axes[c.queries.axes.size() - 2], &j = c.keys.axes[c.keys.axes.size() - 2];
        c.t_q == c.t_k && i.labels == j.labels) {
        i.name = "token";
        j.name = "token.key";
    }
    // Weights of a part of the keys would be others: such a map is not moved by the mouse.
    for (LoadedCapture* loaded : {&c.queries, &c.keys})
        for (Axis& axis : loaded->axes) axis.part = {};
    std::vector<Axis> key_axes = c.keys.axes;
    if (c.key_heads != c.query_heads)
        for (Axis& axis : key_axes)
            if (axis.kind == AxisKind::head) axis.name = "key head";
    declare(probe, c.queries.axes);
    declare(probe, key_axes, c.queries.axes);
    const std::vector<Axis> axes = c.axes();
    const Observer observe(probe);
    const auto given = [&](const CaptureSource& source, Role role, const char* symbol, const char* title,
                           const std::vector<Axis>& along) {
        return Shown{.role = role,
                     .symbol = symbol,
                     .title = title,
                     .axes = names_of(along),
                     .step = {"read", fmt::format("'{}' as it was captured, stored as {}", source.name,
                                                  to_string(source.parts[0]->number))}};
    };
    const Tensor<float> q =
        observe("query", c.queries.values, [&] { return given(capture.shown, Role::query, "q", "Queries", c.queries.axes); });
    const Tensor<float> k =
        observe("key", c.keys.values, [&] { return given(*capture.keys, Role::key, "k", "Keys", key_axes); });
    Tensor<float> mask;
    if (c.causal)
        mask = observe("mask", causal_mask(c.t_q, c.t_k), [&] {
            return Shown{.role = Role::mask,
                         .symbol = "M",
                         .title = "Causal mask",
                         .axes = {axes[axes.size() - 2].name, axes.back().name},
                         .step = {"mask", "−∞ where key j comes after query i",
                                  fmt::format("@mask[i,j] = where(j <= i + {}, 0, -inf)", c.t_k - c.t_q)}};
        });
    Tensor<float> scores = Tensor<float>::uninitialized([&] {
        std::vector<Index> dims;
        for (const Axis& axis : axes) dims.push_back(axis.extent);
        return Shape{std::span<const Index>(dims)};
    }());
    for (Index m = 0; m < c.maps; ++m) {
        if (look.stop.stop_requested()) return;
        float* out = scores.data() + m * c.t_q * c.t_k;
        gemm<float>(q.data() + m * c.t_q * c.d, k.data() + c.key_map(m) * c.t_k * c.d, out, c.t_q, c.t_k, c.d,
                    {.transpose_b = true});
        for (Index i = 0; i < c.t_q * c.t_k; ++i) out[i] = out[i] * c.scale + (mask.empty() ? 0 : mask.data()[i]);
    }
    const std::string cell = letters_of(axes, "j"), before = letters_of(axes, "").substr(0, letters_of(axes, "").size() - 2);
    std::string key_before = before;
    if (c.key_heads != c.query_heads)
        if (const std::size_t h = key_before.find('h'); h != std::string::npos)
            key_before.replace(h, 1, fmt::format("h//{}", c.query_heads / c.key_heads));
    scores = observe("scores", scores, [&] {
        const bool usual = capture.shown.about == nullptr || capture.shown.about->scale <= 0;
        const std::string scaled = usual ? fmt::format(" / sqrt({})", c.d) : fmt::format(" * {}", c.scale);
        return Shown{.role = Role::scores,
                     .symbol = "e",
                     .title = "Scores, of captured queries and keys",
                     .unit = "logit",
                     .axes = names_of(axes),
                     .step = {"score", usual ? "e_ij = q_i · k_j / √d" : fmt::format("e_ij = q_i · k_j · {:g}", c.scale),
                              fmt::format("@scores[{}] = sum_u(@query[{}i,u] * @key[{}j,u]){}{}", cell, before, key_before,
                                          scaled, c.causal ? " + @mask[i,j]" : ""),
                              "Vaswani 2017, eq. 1"}};
    });
    show_received(probe, show_weights_of(probe, scores, axes, look.stop), axes);
}

}  // namespace saccade
