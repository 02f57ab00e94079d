#include "exhibit/multi_head_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

std::string plus_bias(const Trace& trace) {
    return trace.find("bias.output") != nullptr ? " + bias.output[k]" : "";
}

/// Joined and projected at once, or each head's share added up: the same.
Check one_matrix_mixes(const Trace& trace) {
    if (trace.find("concat") == nullptr || trace.find("attended") == nullptr) return std::nullopt;
    return consequence_holds(trace, "attended[i,k] = sum_m(weight.joined[k,m] * concat[i,m])" + plus_bias(trace), 1e-5);
}
Check heads_add_up(const Trace& trace) {
    if (trace.find("contribution") == nullptr || trace.find("attended") == nullptr) return std::nullopt;
    return rule_holds(trace, "attended[i,k] = sum_h(contribution[h,i,k])" + plus_bias(trace), 1e-5);
}

/// Any two heads hand out their weight differently: by a tenth in some cell. With one key there is nothing to hand out.
Check heads_differ(const Trace& trace) {
    const TraceTensor* weights = trace.find("weights");
    if (weights == nullptr || weights->values.shape().rank() != 3 || weights->values.shape()[0] < 2 ||
        weights->values.shape()[2] < 2)
        return std::nullopt;
    const Index heads = weights->values.shape()[0], cells = weights->values.size() / heads;
    Index alike = 0, pairs = 0;
    for (Index a = 0; a < heads; ++a)
        for (Index b = 0; b < a; ++b, ++pairs) {
            float most = 0;
            for (Index c = 0; c < cells; ++c)
                most = std::max(most, std::abs(weights->values.data()[a * cells + c] - weights->values.data()[b * cells + c]));
            alike += most < 0.1f ? 1 : 0;
        }
    Claim claim = claim_of("weights", pairs, static_cast<double>(alike));
    claim.found = fmt::format("{} pairs of heads differ nowhere by 0.1", alike);
    return claim;
}

/// d_model = heads * d_head: together the heads project no more than one of full width would.
Check widths(const Trace& trace) {
    const TraceTensor *context = trace.find("context"), *concat = trace.find("concat");
    if (context == nullptr || concat == nullptr || context->values.shape().rank() != 3) return std::nullopt;
    const Shape& z = context->values.shape();
    return claim_of("concat", 1, std::abs(static_cast<double>(z[0] * z[2] - concat->values.shape()[1])));
}

}  // namespace

Lesson multi_head_lesson() {
    Lesson lesson;
    lesson.title_english = "Several heads, one output";
    lesson.title_chinese = "多个头，一个输出";
    lesson.points = {
        {"Each head projects to d_head = d_model / h features of its own and attends there. One head can hold one pattern; "
         "several "
         "look for several things at once, for the price of one.",
         "每个头投影到自己的 d_head = d_model / h "
         "个特征，在那里做注意力。一个头只能容下一种模式，多个头同时寻找多种东西，代价却与一个头相同。",
         widths},
        {"Every head hands out its own weights: in each, every row sums to 1.",
         "每个头各自分配权重：每个头的每一行之和都是 1。", sum_check("weights")},
        {"The heads have diverged in training: no two of this layer look alike.",
         "训练使各个头分工不同：这一层里没有两个头看起来一样。", heads_differ},
        {"Their contexts stand side by side and one matrix W_O mixes them.", "各头的上下文并排放好，再由一个矩阵 W_O 混合。",
         one_matrix_mixes},
        {"That matrix can be cut by columns, one block a head: the output is the sum of what each head adds, and nothing else. "
         "So a "
         "head can be judged, or silenced, by its own share.",
         "这个矩阵可以按列切成每头一块：输出就是各头贡献之和，别无其他。因此可以单独评价一个头，也可以单独关掉它。",
         heads_add_up},
        {"A head whose share is small matters little here, however sharp its weights look. Weights say where a head looks; the "
         "norm "
         "of what it adds says whether that counts.",
         "贡献小的头在这里无足轻重，不管它的权重看上去多尖锐。权重说明头看哪里，贡献的范数说明它是否重要。",
         rule_check("share")},
    };
    return lesson;
}

}  // namespace saccade
