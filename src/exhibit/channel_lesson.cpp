#include "exhibit/channel_lesson.hpp"

#include "exhibit/spatial_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// The bottleneck has fewer units than there are channels, and its rule holds.
Check narrow(const Trace& trace) {
    const TraceTensor *pooled = block_tensor(trace, "pooled"), *bottleneck = block_tensor(trace, "bottleneck");
    if (pooled == nullptr || bottleneck == nullptr) return std::nullopt;
    Check claim = block_rule_check("bottleneck")(trace);
    if (claim && bottleneck->values.size() >= pooled->values.size()) {
        claim->holds = claim->by_hand = false;
        claim->found = "the bottleneck is as wide as the vector";
    }
    return claim;
}

/// CBAM alone: both vectors go through one perceptron.
Check shared_perceptron(const Trace& trace) {
    if (block_tensor(trace, "pooled_max") == nullptr) return std::nullopt;
    return block_rule_check("gate_scores")(trace);
}

}  // namespace

Lesson channel_lesson() {
    Lesson lesson;
    lesson.title_english = "Which features matter here";
    lesson.title_chinese = "此刻哪些特征重要";
    lesson.points = {
        {"Squeeze: each channel is averaged over the whole picture. What is left is one number per channel, and no place.",
         "压缩：每个通道在整幅图上取平均，每个通道只剩一个数，位置信息不再保留。", block_rule_check("pooled")},
        {"Excitation: a bottleneck narrower than the vector makes the channels share what they know of each other. "
         "The reduction ratio is what a unit of the bottleneck stands for.",
         "激励：比向量更窄的瓶颈层迫使各通道共享彼此的信息；缩减比就是通道数与瓶颈宽度之比。", narrow},
        {"The gate is a sigmoid, not a softmax: channels do not compete for one unit of weight. All may be open, or all half "
         "shut.",
         "门控用的是 sigmoid 而不是 softmax：通道之间并不争夺总量为 1 的权重，可以全部打开，也可以全部半开。",
         gate_check("gate")},
        {"Scaling: a channel is multiplied by its gate at every place alike. Channel attention says what to look for; it "
         "cannot say where.",
         "缩放：一个通道在所有位置都乘上同一个门值。通道注意力说的是“看什么”，说不出“看哪里”。", block_rule_check("refined")},
        {"CBAM also takes each channel's maximum. Mean and maximum go through the same two layers, and their scores are added "
         "before the sigmoid.",
         "CBAM 还取每个通道的最大值；平均值与最大值经过同一个两层感知机，得分相加之后再过 sigmoid。", shared_perceptron},
        {"The gate acts on the residual branch only: the shortcut goes past it. A gate set to 0 removes what this block adds "
         "to "
         "the channel, not the channel.",
         "门控只作用于残差分支，捷径从旁边绕过：把一个门设为 0，去掉的是这一层往该通道里加的内容，而不是这个通道本身。",
         block_rule_check("output")},
        {"Drag a bar of the gate: the class probabilities follow, through every layer above. They remain shares of one unit.",
         "拖动一根门控的柱子：类别概率会随之变化，因为改动要经过上面的每一层；概率之和仍然是 1。", rule_check("probabilities")},
    };
    return lesson;
}

}  // namespace saccade
