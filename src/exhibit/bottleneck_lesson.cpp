#include "exhibit/bottleneck_lesson.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

/// Quality in the first and last bucket; nullopt where the run has fewer than two.
struct Ends {
    double shortest, longest;
};

std::optional<Ends> ends_of(const Trace& trace, const std::string& tensor) {
    const TraceTensor* quality = trace.find(tensor);
    if (quality == nullptr || quality->values.size() < 2) return std::nullopt;
    const auto values = quality->values.values();
    return Ends{static_cast<double>(values.front()), static_cast<double>(values.back())};
}

std::optional<Claim> fixed_falls(const Trace& trace) {
    const auto fixed = ends_of(trace, "fixed.quality");
    if (!fixed) return std::nullopt;
    return claim_of("fixed.quality", 2, std::max(0.0, fixed->longest - 0.8 * fixed->shortest));
}

std::optional<Claim> attention_is_ahead(const Trace& trace) {
    if (!ends_of(trace, "attention.quality") || !ends_of(trace, "fixed.quality")) return std::nullopt;
    const auto attention = trace.tensor("attention.quality").values.values(),
               fixed = trace.tensor("fixed.quality").values.values();
    Index checked = 0;
    double behind = 0;
    for (std::size_t l = 0; l < attention.size(); ++l) {
        if (!std::isfinite(attention[l]) || !std::isfinite(fixed[l])) continue;  // nothing of this length was measured
        ++checked;
        behind = std::max(behind, static_cast<double>(fixed[l]) - static_cast<double>(attention[l]));
    }
    return claim_of("attention.quality, fixed.quality", checked, behind);
}

std::optional<Claim> gap_grows(const Trace& trace) {
    const auto attention = ends_of(trace, "attention.quality"), fixed = ends_of(trace, "fixed.quality");
    if (!attention || !fixed) return std::nullopt;
    const double at_first = attention->shortest - fixed->shortest, at_last = attention->longest - fixed->longest;
    return claim_of("attention.quality, fixed.quality", 2, std::max(0.0, at_first - at_last));
}

}  // namespace

Lesson bottleneck_lesson() {
    Lesson lesson;
    lesson.title_english = "The bottleneck";
    lesson.title_chinese = "瓶颈";
    lesson.points = {
        {"Two models, trained alike. One reads the source into a single vector and decodes from it alone; the other may look "
         "back at every position.",
         "两个以同样方式训练的模型：一个把整个原文读成一个向量，只凭它解码；另一个可以随时回看原文的每个位置。", nullptr},
        {"The fixed vector has the same size whatever the length. In the longest sources at least a fifth of its quality on "
         "the "
         "shortest is gone.",
         "无论原文多长，固定向量的大小都一样。在最长的原文上，它至少丢掉了最短原文上质量的五分之一。", fixed_falls},
        {"With attention, sources of no length come out worse than without.",
         "在测到的每个长度上，有注意力的模型都不比没有注意力的差。", attention_is_ahead},
        {"The gap is wider for the longest sources than for the shortest: length is what the fixed context cannot carry.",
         "两者的差距在最长的原文上比在最短的原文上更大：固定的上下文装不下的，正是长度。", gap_grows},
        {"Every point is measured now, on held-out sources that neither model has seen; more samples make it steadier. Lists "
         "longer "
         "than four dates are longer than any that the models learned from.",
         "每个点都是此刻在两个模型都没见过的数据上测得的；样本越多越稳定。超过四个日期的列表，比训练时见过的任何列表都长。",
         rule_check("fixed.quality")},
    };
    return lesson;
}

}  // namespace saccade
