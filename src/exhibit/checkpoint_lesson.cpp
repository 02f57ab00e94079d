#include "exhibit/checkpoint_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "exhibit/attention_checks.hpp"

namespace saccade {

namespace {

/// What the last layer would say is what is said: no other layer is read out at the end.
std::optional<Claim> last_layer_says_it(const Trace& trace) {
    const TraceTensor *lens = trace.find("lens"), *next = trace.find("next.probabilities");
    if (lens == nullptr || next == nullptr) return std::nullopt;
    const Index last = lens->values.shape()[0] - 1, shown = next->values.size();
    double most = 0;
    for (Index q = 0; q < shown; ++q)
        most = std::max(most, std::abs(static_cast<double>(lens->values.row(last).data()[q] - next->values.data()[q])));
    return claim_of("lens", shown, most, 1e-4);
}

/// Of the one stack, or of the decoder.
std::optional<Claim> looks_at_no_future(const Trace& trace) {
    return no_future_check(trace.find("decoder.mask") == nullptr ? "self" : "decoder")(trace);
}

/// Of some head, the first token gets more than twice what even weights would give it.
std::optional<Claim> first_token_is_a_sink(const Trace& trace) {
    const TraceTensor* weights = trace.find("self.weights");
    if (weights == nullptr || weights->values.shape()[2] < 4) return std::nullopt;
    const Shape& shape = weights->values.shape();
    const Index n = shape[2], heads = shape[1];
    double most = 0;
    Index which = 0, maps = 0;
    // From the last layer on, where such heads are many; of what is made when it is looked at, until there is one.
    for (Index l = shape[0]; l-- > 0 && (weights->values.kept() || most <= 2);) {
        const Tensor<float> layer = weights->values.row(l);
        for (Index h = 0; h < heads; ++h, ++maps) {
            double first = 0, even = 0;
            for (Index i = 2; i < n; ++i) {
                const float* row = layer.data() + (h * n + i) * n;
                first += static_cast<double>(row[0]);
                even += 1 / static_cast<double>(
                                std::max<std::ptrdiff_t>(1, std::count_if(row, row + n, [](float w) { return w > 0; })));
            }
            if (first / even <= most) continue;
            most = first / even;
            which = l * heads + h;
        }
    }
    return claim_whether("self.weights", maps * (n - 2), most > 2,
                         fmt::format("head {}.{} gives it most: {:.1f} times what even weights would", which / heads + 1,
                                     which % heads + 1, most));
}

}  // namespace

Lesson checkpoint_lesson() {
    Lesson lesson;
    lesson.title_english = "Inside a model of your own";
    lesson.title_chinese = "打开你自己的模型";
    lesson.points = {
        {"Every row of every head sums to 1: whatever the model, attention shares out one whole.",
         "每个头的每一行权重之和为 1：无论什么模型，注意力都是把一个整体分出去。",
         sums_check({"self.weights", "encoder.weights", "decoder.weights", "cross.weights"})},
        {"A model that writes from left to right never looks at what follows; one that fills gaps looks both ways.",
         "从左往右写的模型绝不看后面的词元；填空的模型则两边都看。", looks_at_no_future},
        {"Heads that find nothing to look for rest on the first token: in some head it gets more than twice its share (Xiao "
         "2023, attention sinks).",
         "找不到可看之处的头会停在第一个词元上：在某个头里它得到的权重超过平均份额的两倍（Xiao 2023，注意力汇聚）。",
         first_token_is_a_sink},
        {"Each layer adds to what the layer before wrote, and every layer's output can be read out by the same table: the "
         "logit "
         "lens shows from which layer on the answer stands. The last row is what the model says.",
         "每一层都在上一层写下的内容上相加，任何一层的输出都可以用同一张表读出：logit lens "
         "显示答案从哪一层开始成形。最后一行就是"
         "模型所说的。",
         last_layer_says_it},
        {"The probabilities are computed, here and now, from the weights in the folder: click a bar and follow the numbers "
         "down.",
         "这些概率是此时此地由文件夹里的权重算出的：点一条柱子，沿着数字一路向下看。", rule_check("probabilities")},
    };
    return lesson;
}

}  // namespace saccade
