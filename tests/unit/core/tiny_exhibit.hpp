#pragma once

#include <cmath>
#include <string>

#include "base/rng.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "exhibit/exhibit.hpp"
#include "probe_testing.hpp"

namespace saccade::test {

/// A small attention that needs no model: n characters look at each other, row by row. scores are random, from the seed;
/// weights = softmax(scores / temperature) below a causal mask; context reads the positions themselves as values.
inline void run_tiny(RunContext& context) {
    const std::vector<std::string> characters = code_points(context.params.text("source"));
    const auto n = static_cast<Index>(characters.size());
    Rng rng(context.seed);
    Tensor<float> values({n, 2});
    for (Index j = 0; j < n; ++j) {
        values.data()[2 * j] = static_cast<float>(j);
        values.data()[2 * j + 1] = 1;
    }
    values = show_whole(context.probe, {"values", Role::value, "v", "Values", "", {"source", "feature"}}, values);
    const ProbeSite scores_site{"scores", Role::scores, "e", "Scores", "logit", {"output", "source"}};
    const ProbeSite weights_site{"weights", Role::weights, "α", "Attention weights", "weight", {"output", "source"}};
    const ProbeSite context_site{"context", Role::context, "c", "Context", "", {"output", "feature"}};
    for (Index i = 0; i < n; ++i) {
        check_stop(context.stop);
        Tensor<float> scores({n});
        for (Index j = 0; j < n; ++j) {
            const double score = rng.normal() / context.params.number("temperature");
            scores.data()[j] = j > i ? -INFINITY : static_cast<float>(score);
        }
        scores = show_row(context.probe, scores_site, i, scores);
        Tensor<float> weights({n});
        float sum = 0;
        for (Index j = 0; j < n; ++j) sum += weights.data()[j] = std::exp(scores.data()[j]);
        for (Index j = 0; j < n; ++j) weights.data()[j] /= sum;
        weights = show_row(context.probe, weights_site, i, weights,
                           {"align", "α_ij = softmax_j(e_ij)", "@weights[i,j] = softmax_j(@scores[i,j])", "Vaswani 2017"});
        Tensor<float> read({2});
        for (Index j = 0; j < n; ++j) {
            for (Index k = 0; k < 2; ++k) read.data()[k] += weights.data()[j] * values.data()[2 * j + k];
        }
        show_row(context.probe, context_site, i, read,
                 {"read", "c_i = Σ_j α_ij v_j", "@context[i,k] = sum_j(@weights[i,j] * @values[j,k])", "Vaswani 2017"});
    }
    context.probe.axis({"source", AxisKind::key, n, characters, "j"});
    context.probe.axis({"output", AxisKind::query, n, characters, "i"});
    context.probe.axis({"feature", AxisKind::feature, 2, {}, "k"});
    context.probe.text("output", context.params.text("source"));
}

inline Exhibit tiny_exhibit() {
    ParamSpec source{"source", ParamType::text, "Source", "", std::string("abc")};
    source.max = 100000;
    ParamSpec temperature{"temperature", ParamType::number, "Temperature", "", 1.0};
    temperature.min = 0.1;
    temperature.max = 10;
    Exhibit exhibit;
    exhibit.id = "tiny";
    exhibit.params = {source, temperature};
    exhibit.run = run_tiny;
    return exhibit;
}

}  // namespace saccade::test
