#include "exhibit/scaling_checks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace saccade {

namespace {

/// Scores of one head, if they are divided by the root of d, and d.
const TraceTensor* scaled_scores(const Trace& trace) {
    const TraceTensor* scores = trace.find("scores");
    const Step* step = trace.step_of("scores");
    const bool scaled = step != nullptr && step->rule.find("sqrt(") != std::string::npos;
    return scores != nullptr && scores->values.shape().rank() == 2 && scaled ? scores : nullptr;
}

/// Variance over all pairs of the dot products of features [first, first + width).
double variance_of_dots(const Tensor<float>& q, const Tensor<float>& k, Index first, Index width) {
    const Index n = q.shape()[0], m = k.shape()[0], d = q.shape()[1];
    double sum = 0, squares = 0;
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < m; ++j) {
            const float *a = q.data() + i * d, *b = k.data() + j * d;
            double dot = 0;
            for (Index u = first; u < first + width; ++u) dot += static_cast<double>(a[u]) * static_cast<double>(b[u]);
            sum += dot;
            squares += dot * dot;
        }
    const double pairs = static_cast<double>(n * m), mean = sum / pairs;
    return squares / pairs - mean * mean;
}

/// Norm of diag(a) - a a^T, a = softmax(e).
double jacobian_norm(std::vector<double> e) {
    const double most = *std::ranges::max_element(e);
    double total = 0, squares = 0, cubes = 0;
    for (double& v : e) total += v = std::exp(v - most);
    for (double& v : e) {
        v /= total;
        squares += v * v;
        cubes += v * v * v;
    }
    return std::sqrt(std::max(0.0, squares - 2 * cubes + squares * squares));
}

}  // namespace

std::optional<Claim> dots_vary_more_with_features(const Trace& trace) {
    const TraceTensor *q = trace.find("query"), *k = trace.find("key");
    if (scaled_scores(trace) == nullptr || q == nullptr || k == nullptr || q->values.shape().rank() != 2) return std::nullopt;
    const Index d = q->values.shape()[1];
    if (q->values.shape()[0] < 2 || k->values.shape() != q->values.shape() || d % 4 != 0) return std::nullopt;
    std::vector<double> variances;
    for (const Index parts : {4, 2, 1}) {
        double sum = 0;
        for (Index part = 0; part < parts; ++part) sum += variance_of_dots(q->values, k->values, part * (d / parts), d / parts);
        variances.push_back(sum / static_cast<double>(parts));
    }
    const bool grows = variances[0] < variances[1] && variances[1] < variances[2];
    return claim_whether("query, key", 2, grows,
                         fmt::format("variance {:.3g} of {} features, {:.3g} of {}, {:.3g} of {}", variances[0], d / 4,
                                     variances[1], d / 2, variances[2], d));
}

std::optional<Claim> root_keeps_gradient(const Trace& trace) {
    const TraceTensor *scores = scaled_scores(trace), *mask = trace.find("mask"), *query = trace.find("query");
    if (scores == nullptr || query == nullptr) return std::nullopt;
    const double root = std::sqrt(static_cast<double>(query->values.shape()[-1]));
    const bool masked = mask != nullptr && mask->values.shape() == scores->values.shape();
    double with = 0, without = 0;
    Index rows = 0;
    for (Index i = 0; i < scores->values.shape()[0]; ++i) {
        std::vector<double> seen, undivided;
        const Tensor<float> row = scores->values.row(i), hidden = masked ? mask->values.row(i) : Tensor<float>();
        for (Index j = 0; j < scores->values.shape()[1]; ++j) {
            const float e = row.data()[j];
            if (!std::isfinite(e) || (masked && !std::isfinite(hidden.data()[j]))) continue;
            seen.push_back(static_cast<double>(e));
            undivided.push_back(static_cast<double>(e) * root);
        }
        if (seen.size() < 2) continue;
        ++rows;
        with += jacobian_norm(std::move(seen));
        without += jacobian_norm(std::move(undivided));
    }
    if (rows == 0) return std::nullopt;
    const auto n = static_cast<double>(rows);
    return claim_whether("scores", rows, with > without,
                         fmt::format("norm {:.3g} with the root, {:.3g} without", with / n, without / n));
}

}  // namespace saccade
