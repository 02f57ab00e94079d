#include "exhibit/capture_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analysis/attention.hpp"
#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

const TraceTensor* captured_weights(const Trace& trace) {
    const TraceTensor* weights = trace.find("weights");
    return weights != nullptr && weights->info.role == Role::weights && weights->values.shape()[-1] > 1 ? weights : nullptr;
}

Check captured_rows(const Trace& trace) {
    const TraceTensor* weights = captured_weights(trace);
    if (weights == nullptr) return std::nullopt;
    const Step* step = trace.step_of("weights");
    if (step != nullptr && !step->normalised) return std::nullopt;  // some keys alone
    return rows_sum_to_one(*weights);
}

/// The row means of what keys receive: they share out 1, too.
Check means_are_shares(const Trace& trace) {
    const TraceTensor *weights = captured_weights(trace), *received = trace.find("received");
    if (weights == nullptr || received == nullptr) return std::nullopt;
    return rule_holds(trace, trace.step_of("received")->rule);
}

/// No weight on a later key. Applies where the model that was captured hid them: all those cells were 0 as they came.
Check none_looks_ahead(const Trace& trace) {
    const TraceTensor* weights = captured_weights(trace);
    if (weights == nullptr || !attention_of(*weights).axes.square) return std::nullopt;
    const Index n = weights->values.shape()[-1];
    const Tensor<float>& came = weights->before.empty() ? weights->values : weights->before;
    Index later = 0;
    double worst = 0;
    for (Index c = 0; c < weights->values.size(); ++c) {
        if (c % n <= c / n % n) continue;
        if (came.data()[c] != 0) return std::nullopt;
        ++later;
        worst = std::max(worst, static_cast<double>(weights->values.data()[c]));
    }
    return later == 0 ? std::nullopt : Check(claim_of("weights", later, worst));
}

}  // namespace

Lesson capture_lesson() {
    Lesson lesson;
    lesson.title_english = "Attention from anywhere";
    lesson.title_chinese = "来自任何地方的注意力";
    lesson.points = {
        {"Whatever computed it, attention is an array over layers, heads, queries and keys. Each row shares out one whole "
         "among "
         "the keys: it sums to 1.",
         "不管由什么程序算出，注意力都是一个按层、头、查询和键排列的数组。每一行把一个整体分给各个键：总和为 "
         "1，只受存储精度的限制。",
         captured_rows},
        {"The mean of a column says how much a key receives from all queries. Where one key gets most of it, in many heads, it "
         "is "
         "often a sink: the first token, or a mark, that heads look at when they have nothing to look for. “Sink” leaves it "
         "out.",
         "一列的平均值表示某个键从所有查询得到多少。如果许多头都把大部分给了同一个键，它往往是“汇聚点”：头没有东西可找时看的第"
         "一个词元或"
         "标点。用 “Sink” 可以把它去掉。",
         means_are_shares},
        {"A decoder sees no later token: the upper right half of its maps is empty. An encoder's is not.",
         "解码器看不到后面的词元：图的右上半部分是空的；编码器则不是。", none_looks_ahead},
        {"What is changed by hand here changes what follows from the array, a rollout or what a key receives; the model that "
         "was "
         "captured is not here to answer.",
         "在这里手动改动，会改变由数组推出的结果（如 rollout、每个键得到的量）；但被捕获的模型不在这里，不会作出反应。",
         nullptr},
    };
    return lesson;
}

}  // namespace saccade
