#include "exhibit/attention_share.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace saccade {

namespace {

constexpr double most_work = 0.2, most_memory = 0.1;

struct Cost {
    double attention = 0, all = 0;
    double share() const { return all > 0 ? attention / all : 0; }
};

/// How often a matrix is multiplied by a vector in a run over n source and m output tokens; none: it is looked up.
double times_used(const std::string& name, double n, double m) {
    if (name.find("embedding") != std::string::npos) return 0;
    if (name == "decoder.initial.weight") return 1;
    return name.starts_with("encoder.") || name == "attention.key_weight" ? n : m;
}

Cost work_of(const Trace& trace, const TraceTensor& scores, const TraceTensor& annotations) {
    const double m = static_cast<double>(scores.values.shape()[0]), n = static_cast<double>(scores.values.shape()[1]);
    Cost cost;
    for (const TraceTensor& tensor : trace.tensors()) {
        if (tensor.info.role != Role::parameter || tensor.values.shape().rank() < 2) continue;
        const double work = static_cast<double>(tensor.values.size()) * times_used(tensor.info.name, n, m);
        cost.all += work;
        if (tensor.info.name.starts_with("attention.")) cost.attention += work;
    }
    const TraceTensor* queries = trace.find("queries");
    const Index read = annotations.values.shape()[1], compared = queries != nullptr ? queries->values.shape()[-1] : read;
    const double pairs = n * m * static_cast<double>(compared + read);
    cost.attention += pairs;
    cost.all += pairs;
    return cost;
}

Cost memory_of(const Trace& trace) {
    Cost cost;
    for (const TraceTensor& tensor : trace.tensors()) {
        if (tensor.info.role == Role::parameter) continue;
        const auto size = static_cast<double>(tensor.values.size());
        cost.all += size;
        if (tensor.info.name == "scores" || tensor.info.name == "weights") cost.attention += size;
    }
    return cost;
}

}  // namespace

std::optional<Claim> attention_is_a_small_share(const Trace& trace) {
    const TraceTensor *scores = trace.find("scores"), *annotations = trace.find("annotations");
    if (scores == nullptr || annotations == nullptr || scores->values.shape().rank() != 2) return std::nullopt;
    const double work = work_of(trace, *scores, *annotations).share(), memory = memory_of(trace).share();
    return claim_whether("scores, weights", 2, work <= most_work && memory <= most_memory,
                         fmt::format("{:.1f}% of the multiply-adds, {:.1f}% of the numbers", 100 * work, 100 * memory));
}

}  // namespace saccade
