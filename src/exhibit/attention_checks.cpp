#include "exhibit/attention_checks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "trace/rows_claim.hpp"

namespace saccade {

namespace {

struct Masked {
    const TraceTensor *weights, *mask;
    Index layers, heads, queries, keys;
    Tensor<float> weights_here{}, mask_here{};  // of the layer that is looked at

    /// Of what is made when it is looked at, the last layer alone: all of them take as long as the run.
    Index first_layer() const { return weights->values.kept() ? 0 : layers - 1; }
    void look_at(Index l) {
        weights_here = weights->values.row(l);
        mask_here = mask->values.row(l);
    }
    bool hidden(Index i, Index j) const { return mask_here.data()[i * keys + j] == -std::numeric_limits<float>::infinity(); }
    double weight(Index h, Index i, Index j) const {
        return static_cast<double>(weights_here.data()[(h * queries + i) * keys + j]);
    }
};

std::optional<Masked> masked_of(const Trace& trace, const std::string& stack) {
    const TraceTensor* weights = trace.find(stack + ".weights");
    const TraceTensor* mask = trace.find(stack + ".mask");
    if (weights == nullptr || mask == nullptr || weights->values.shape().rank() != 4) return std::nullopt;
    const Shape& s = weights->values.shape();
    return Masked{.weights = weights, .mask = mask, .layers = s[0], .heads = s[1], .queries = s[2], .keys = s[3]};
}

}  // namespace

LessonCheck sums_check(std::vector<std::string> tensors) {
    return [tensors = std::move(tensors)](const Trace& trace) -> std::optional<Claim> {
        std::vector<const TraceTensor*> all;
        for (const std::string& name : tensors) {
            const TraceTensor* weights = trace.find(name);
            if (weights != nullptr && weights->values.shape()[-1] >= 2) all.push_back(weights);  // one key has it all
        }
        return all.empty() ? std::nullopt : std::optional(rows_sum_to_one(all));
    };
}

bool sees_the_future(const Trace& trace, const std::string& stack) {
    const TraceTensor* mask = trace.find(stack + ".mask");
    if (mask == nullptr || mask->values.shape().rank() != 3) return false;
    const Tensor<float>& made = mask->before.empty() ? mask->values : mask->before;
    const Index queries = made.shape()[1], keys = made.shape()[2];
    for (Index at = 0; at < made.size(); ++at)
        if (at % keys > at / keys % queries && !std::isinf(made.data()[at])) return true;
    return false;
}

LessonCheck no_future_check(const std::string& stack) {
    return [stack](const Trace& trace) -> std::optional<Claim> {
        auto m = masked_of(trace, stack);
        if (!m || m->queries < 2) return std::nullopt;
        double worst = 0;
        Index checked = 0;
        for (Index l = m->first_layer(); l < m->layers; ++l) {
            m->look_at(l);
            for (Index i = 0; i < m->queries; ++i)
                for (Index j = i + 1; j < m->keys; ++j) {
                    if (!m->hidden(i, j)) return std::nullopt;
                    for (Index h = 0; h < m->heads; ++h, ++checked) worst = std::max(worst, m->weight(h, i, j));
                }
        }
        return claim_of(stack + ".weights", checked, worst);
    };
}

LessonCheck masked_check(const std::string& stack) {
    return [stack](const Trace& trace) -> std::optional<Claim> {
        auto m = masked_of(trace, stack);
        if (!m) return std::nullopt;
        double worst = 0;
        Index checked = 0;
        for (Index l = m->first_layer(); l < m->layers; ++l) {
            m->look_at(l);
            for (Index i = 0; i < m->queries; ++i)
                for (Index j = 0; j < m->keys; ++j)
                    for (Index h = 0; m->hidden(i, j) && h < m->heads; ++h, ++checked)
                        worst = std::max(worst, m->weight(h, i, j));
        }
        if (checked == 0) return std::nullopt;
        return claim_of(stack + ".weights", checked, worst);
    };
}

LessonCheck both_ways_check(const std::string& stack) {
    return [stack](const Trace& trace) -> std::optional<Claim> {
        auto m = masked_of(trace, stack);
        if (!m || m->queries < 2) return std::nullopt;
        double most = 0;
        Index checked = 0;
        for (Index l = m->first_layer(); l < m->layers; ++l) {
            m->look_at(l);
            for (Index i = 0; i < m->queries; ++i)
                for (Index j = i + 1; j < m->keys; ++j) {
                    if (m->hidden(i, j)) return std::nullopt;
                    for (Index h = 0; h < m->heads; ++h, ++checked) most = std::max(most, m->weight(h, i, j));
                }
        }
        return claim_whether(stack + ".weights", checked, most > 0.01,
                             fmt::format("at most {:.3g} of the weight goes there, more than 0.01 claimed", most));
    };
}

}  // namespace saccade
