#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "trace/trace.hpp"

namespace saccade::test {

inline float masked() {
    return -std::numeric_limits<float>::infinity();
}

inline std::vector<std::string> tokens(const std::string& stem, Index n) {
    std::vector<std::string> labels;
    for (Index i = 0; i < n; ++i) labels.push_back(stem + std::to_string(i));
    return labels;
}

/// Scores, weights and context of one attention, as a run records them: key tokens `source`, query tokens `output`.
/// Scores are a smooth function of the position; weights are their softmax over the source.
inline Trace attention_trace(const std::vector<std::string>& source, const std::vector<std::string>& output,
                             Index features = 16) {
    Trace trace;
    const Index n = static_cast<Index>(source.size()), m = static_cast<Index>(output.size());
    const AxisPtr key = trace.add_axis({"source", AxisKind::key, n, source, "j"});
    const AxisPtr query = trace.add_axis({"output", AxisKind::query, m, output, "i"});
    const AxisPtr feature = trace.add_axis({"annotation", AxisKind::feature, features, {}, "k"});
    Tensor<float> scores(Shape{m, n}), weights(Shape{m, n}), context(Shape{m, features});
    for (Index i = 0; i < m; ++i) {
        float sum = 0;
        for (Index j = 0; j < n; ++j) {
            const double gap =
                static_cast<double>(i) / static_cast<double>(m) - static_cast<double>(j) / static_cast<double>(n);
            scores.data()[i * n + j] = static_cast<float>(3 - 40 * gap * gap);
            sum += weights.data()[i * n + j] = std::exp(scores.data()[i * n + j]);
        }
        for (Index j = 0; j < n; ++j) weights.data()[i * n + j] /= sum;
        for (Index k = 0; k < features; ++k)
            context.data()[i * features + k] = static_cast<float>(std::sin(0.7 * static_cast<double>(i + 3 * k)));
    }
    trace.add({"scores", Role::scores, "e", "Scores", "", {query, key}}, scores);
    trace.add({"weights", Role::weights, "α", "Attention weights", "weight", {query, key}}, weights);
    trace.add({"context", Role::context, "c", "Context", "", {query, feature}}, context);
    return trace;
}

/// Weights of several layers and heads over the same tokens, causally masked.
inline Trace heads_trace(Index layers, Index heads, Index length) {
    Trace trace;
    const AxisPtr layer = trace.add_axis({"layer", AxisKind::layer, layers, {}, "l"});
    const AxisPtr head = trace.add_axis({"head", AxisKind::head, heads, {}, "h"});
    const AxisPtr query = trace.add_axis({"token", AxisKind::query, length, tokens("w", length), "i"});
    const AxisPtr key = trace.add_axis({"context", AxisKind::key, length, tokens("w", length), "j"});
    Tensor<float> weights(Shape{layers, heads, length, length});
    for (Index r = 0; r < layers * heads; ++r)
        for (Index i = 0; i < length; ++i)
            for (Index j = 0; j < length; ++j)
                weights.data()[(r * length + i) * length + j] =
                    j > i ? masked() : static_cast<float>(1.0 / static_cast<double>(i + 1));
    trace.add({"weights", Role::weights, "α", "Attention weights", "weight", {layer, head, query, key}}, weights);
    return trace;
}

/// One stack of a transformer as it is recorded: queries, keys, scores, weights and the residual stream. What each head does
/// differs: it looks at its own token, at the one before, at the first, or all around.
inline Trace stack_trace(Index layers, Index heads, const std::vector<std::string>& words, Index units = 8,
                         const std::string& stack = "encoder") {
    Trace trace;
    const Index n = static_cast<Index>(words.size()), features = units * heads;
    const AxisPtr layer = trace.add_axis({"layer", AxisKind::layer, layers, {}, "l"});
    const AxisPtr head = trace.add_axis({"head", AxisKind::head, heads, {}, "h"});
    const AxisPtr query = trace.add_axis({"source", AxisKind::query, n, words, "i"});
    const AxisPtr key = trace.add_axis({"source.key", AxisKind::key, n, words, "j"});
    const AxisPtr unit = trace.add_axis({"unit", AxisKind::feature, units, {}, "d"});
    const AxisPtr feature = trace.add_axis({"feature", AxisKind::feature, features, {}, "k"});
    Tensor<float> q(Shape{layers, heads, n, units}), k(q.shape()), scores(Shape{layers, heads, n, n}), weights(scores.shape());
    Tensor<float> input(Shape{n, features}), state(Shape{layers, n, features});
    const auto wave = [](Index i) { return static_cast<float>(std::sin(1.7 * static_cast<double>(i) + 0.3)); };
    for (Index m = 0; m < layers * heads; ++m) {
        float* const q_of = q.data() + m * n * units;
        float* const k_of = k.data() + m * n * units;
        for (Index i = 0; i < n; ++i)
            for (Index d = 0; d < units; ++d) {
                const Index looks_at = m % 4 == 0 ? i : m % 4 == 1 ? std::max<Index>(i - 1, 0) : 0;
                k_of[i * units + d] = wave((i + 1) * (d + 3) + m);
                q_of[i * units + d] = m % 4 == 3 ? 0.1f * wave(i * d) : 2 * wave((looks_at + 1) * (d + 3) + m);
            }
        for (Index i = 0; i < n; ++i) {
            float* const row = weights.data() + (m * n + i) * n;
            double sum = 0;
            for (Index j = 0; j < n; ++j) {
                double dot = 0;
                for (Index d = 0; d < units; ++d) dot += static_cast<double>(q_of[i * units + d] * k_of[j * units + d]);
                const double score = dot / std::sqrt(static_cast<double>(units));
                scores.data()[(m * n + i) * n + j] = static_cast<float>(score);
                row[j] = static_cast<float>(std::exp(score));
                sum += static_cast<double>(row[j]);
            }
            for (Index j = 0; j < n; ++j) row[j] = static_cast<float>(static_cast<double>(row[j]) / sum);
        }
    }
    for (Index i = 0; i < input.size(); ++i) input.data()[i] = wave(i);
    for (Index i = 0; i < state.size(); ++i)
        state.data()[i] =
            wave(i) * static_cast<float>(1 + i / (n * features)) * static_cast<float>(1 + i / features % n) * 0.2f;
    trace.add({stack + ".query", Role::query, "q", "Queries", "", {layer, head, query, unit}}, q);
    trace.add({stack + ".key", Role::key, "k", "Keys", "", {layer, head, key, unit}}, k);
    trace.add({stack + ".scores", Role::scores, "e", "Scores", "", {layer, head, query, key}}, scores);
    trace.add({stack + ".weights", Role::weights, "α", "Attention weights", "weight", {layer, head, query, key}}, weights);
    trace.add({stack + ".input", Role::embedding, "x", "Input", "", {query, feature}}, input);
    trace.add({stack + ".state", Role::state, "h", "Residual stream", "", {layer, query, feature}}, state);
    Step reads{"add", stack + ".state", "x + F(x)", "", "", true};
    reads.rule = stack + ".state[l,i,k] = (" + stack + ".state[l-1,i,k] else " + stack + ".input[i,k])";
    trace.add_step(reads);
    return trace;
}

/// Loss and exact match over training steps.
inline Trace curves_trace(Index n) {
    Trace trace;
    std::vector<std::string> steps;
    for (Index i = 0; i < n; ++i) steps.push_back(std::to_string(50 * (i + 1)));
    const AxisPtr step = trace.add_axis({"training step", AxisKind::step, n, steps, "t"});
    Tensor<float> loss(Shape{n}), exact(Shape{n});
    for (Index i = 0; i < n; ++i) {
        const double t = static_cast<double>(i) / static_cast<double>(n);
        loss.data()[i] = static_cast<float>(2.4 * std::exp(-6 * t) + 0.02);
        exact.data()[i] = static_cast<float>(1 / (1 + std::exp(8 - 16 * t)));
    }
    trace.add({"loss", Role::metric, "L", "Loss", "nat", {step}}, loss);
    trace.add({"exact_match", Role::metric, "", "Exact match", "share", {step}}, exact);
    return trace;
}

/// Curves of one tensor: three series over the characters of a text, from 1 down to 10^-decades.
inline Trace series_trace(const std::vector<std::string>& characters, double decades = 6) {
    Trace trace;
    const auto n = static_cast<Index>(characters.size());
    const AxisPtr cell = trace.add_axis({"cell", AxisKind::head, 3, {"Elman", "GRU", "LSTM"}, "c"});
    const AxisPtr position = trace.add_axis({"position", AxisKind::query, n, characters, "j"});
    Tensor<float> norm(Shape{3, n});
    for (Index c = 0; c < 3; ++c)
        for (Index j = 0; j < n; ++j)
            norm.data()[c * n + j] = static_cast<float>(
                std::pow(10, -decades * static_cast<double>(n - 1 - j) / static_cast<double>(n) / static_cast<double>(c + 1)));
    trace.add({"norm", Role::metric, "J", "Memory", "norm", {cell, position}}, norm);
    return trace;
}

/// Any tensor over anonymous axes, for shapes that no model makes.
inline Trace plain_trace(const Tensor<float>& values, Role role, const std::vector<AxisKind>& kinds,
                         const std::string& label_stem = "") {
    Trace trace;
    std::vector<AxisPtr> axes;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const Index n = values.shape()[static_cast<int>(i)];
        axes.push_back(trace.add_axis({"axis" + std::to_string(i), kinds[i], n,
                                       label_stem.empty() ? std::vector<std::string>{} : tokens(label_stem, n), ""}));
    }
    trace.add({"values", role, "x", "Values", "", axes}, values);
    return trace;
}

}  // namespace saccade::test
