#include "exhibit/self_attention_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "exhibit/lesson_checks.hpp"
#include "exhibit/scaling_checks.hpp"
#include "trace/formula.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// Scores are not symmetric: some s_ij differs from s_ji.
Check not_symmetric(const Trace& trace) {
    const TraceTensor* scores = trace.find("scores");
    if (scores == nullptr || scores->values.shape()[0] < 2) return std::nullopt;
    const Index n = scores->values.shape()[0];
    double most = 0;
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < i; ++j)
            most = std::max(most,
                            std::abs(static_cast<double>(scores->values.data()[i * n + j] - scores->values.data()[j * n + i])));
    return claim_whether("scores", n * (n - 1) / 2, most > 1e-3,
                         fmt::format("s_ij and s_ji differ by at most {:.3g}, by more than 0.001 somewhere claimed", most));
}

/// The context of each token lies within what the values span, coordinate by coordinate.
Check between_values(const Trace& trace) {
    const TraceTensor *context = trace.find("context"), *value = trace.find("value");
    const Step* step = trace.step_of("context");
    if (context == nullptr || value == nullptr || step == nullptr || step->rule.empty()) return std::nullopt;
    // A position code may add something of its own to what is read; then it is no mean of the values alone.
    if (operands(parse_rule(step->rule)) != std::vector<std::string>{"weights", "value"}) return std::nullopt;
    const Index n = value->values.shape()[0], d = value->values.shape()[1];
    if (n < 2) return std::nullopt;  // of one value there is no mean
    const TraceTensor& weights = trace.tensor("weights");
    double beyond = 0;
    for (Index u = 0; u < d; ++u) {
        float low = 0, high = 0;
        for (Index j = 0; j < n; ++j) {
            const float v = value->values.data()[j * d + u];
            low = j == 0 ? v : std::min(low, v);
            high = j == 0 ? v : std::max(high, v);
        }
        for (Index i = 0; i < n; ++i) {
            if (sees_nothing(weights, i)) continue;  // and reads nothing
            const float z = context->values.data()[i * d + u];
            beyond = std::max({beyond, static_cast<double>(z - high), static_cast<double>(low - z)});
        }
    }
    return about_rows(claim_of("context", context->values.size(), beyond, 1e-4), weights);
}

Check nothing_hidden_is_seen(const Trace& trace) {
    const TraceTensor *mask = trace.find("mask"), *weights = trace.find("weights");
    if (mask == nullptr || weights == nullptr || mask->values.shape() != weights->values.shape()) return std::nullopt;
    Index hidden = 0;
    double worst = 0;
    for (Index c = 0; c < mask->values.size(); ++c) {
        if (mask->values.data()[c] != -std::numeric_limits<float>::infinity()) continue;
        ++hidden;
        worst = std::max(worst, static_cast<double>(weights->values.data()[c]));
    }
    if (hidden == 0) return std::nullopt;
    return claim_of("weights", hidden, worst);
}

}  // namespace

Lesson self_attention_lesson() {
    Lesson lesson;
    lesson.title_english = "One head, from tokens to context";
    lesson.title_chinese = "一个头：从词元到上下文";
    lesson.points = {
        {"From what it reads of a token the head makes three vectors: a query (what am I looking for), a key (what am I found "
         "by) "
         "and a value (what do I hand over). Each is one matrix times the same vector.",
         "头从每个词元读到的向量做出三个向量：查询（我在找什么）、键（别人凭什么找到我）和值（我交出什么）。每个都是一个矩阵乘"
         "同一个向量。",
         rule_check("query")},
        {"A score is the dot product of a query and a key over √d_head. Without the root, dot products of d_head terms would "
         "grow "
         "with √d_head and softmax would saturate.",
         "得分是查询与键的点积除以 √d_head。若不除，d_head 项的点积会随 √d_head 增长，softmax 就会饱和。",
         rule_check("scores")},
        {"Executed here: the dot products of half of the features vary more than those of a quarter, and those of all more "
         "than "
         "those of half. Of independent features the variance would double each time.",
         "在这里实际算出：一半特征的点积比四分之一特征的点积方差更大，全部特征的又比一半的更大。若各特征相互独立，方差每次都会"
         "翻"
         "倍。",
         dots_vary_more_with_features},
        {"What the root is for: with undivided scores these weights would be sharper, and less of a gradient would come back "
         "through softmax (the norm of its Jacobian, mean over the queries). Where a head spreads evenly over many keys it is "
         "the other way round.",
         "为什么要除以根号：不除的话，这些权重会更尖锐，经过 softmax 传回来的梯度（其雅可比矩阵的范数，对查询取平均）会更小。"
         "若一个头在许多键上分得很均匀，则正好相反。",
         root_keeps_gradient},
        {"Query and key are projected by different matrices, so attention has a direction: how much i wants j is not how much "
         "j "
         "wants i.",
         "查询与键由不同的矩阵投影得到，所以注意力有方向：i 有多需要 j，不等于 j 有多需要 i。", not_symmetric},
        {"Softmax turns the scores of one query into weights that sum to 1.", "softmax 把一个查询的得分变成总和为 1 的权重。",
         sum_check("weights")},
        {"What is read is a weighted mean of values: in no coordinate can it leave the range that they span.",
         "读出的是值的加权平均：在任何一个坐标上都不会超出各个值的范围。", between_values},
        {"A mask adds −∞ before softmax: what it hides gets no weight at all. Causal: no later token. Restricted: none further "
         "than "
         "r. With r = 0 each token reads itself.",
         "掩码在 softmax 之前加上 −∞：被遮住的完全没有权重。因果掩码：看不到后面的词元；限制掩码：看不到距离超过 r 的词元；r = "
         "0 "
         "时每个词元只读自己。",
         nothing_hidden_is_seen},
        {"All tokens do this at once: the rows of the matrices are the vectors. Switch between both and follow one row.",
         "所有词元同时这样做：矩阵的每一行就是一个向量。在两种显示之间切换，跟着一行看。", nullptr},
    };
    return lesson;
}

}  // namespace saccade
