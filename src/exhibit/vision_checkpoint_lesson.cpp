#include "exhibit/vision_checkpoint_lesson.hpp"

#include <fmt/core.h>

#include "exhibit/attention_checks.hpp"
#include "exhibit/spatial_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// Every patch is a token, in reading order, behind those that stand for none.
Check patches_are_tokens(const Trace& trace) {
    if (trace.find("patches") == nullptr || trace.find("self.embedding") == nullptr) return std::nullopt;
    return rule_check("self.embedding")(trace);
}

/// Relevance is made of the gradient of a class; rollout knows of no class.
Check asked_of_a_class(const Trace& trace) {
    const std::string relevance = "relevance.map", rollout = "rollout.map", gradient = "self.weights.gradient";
    if (trace.find(relevance) == nullptr || trace.find(rollout) == nullptr) return std::nullopt;
    Check claim = rule_check("self.weights.relevance")(trace);
    if (!claim) return std::nullopt;
    claim->holds = claim->holds && depends_on(trace, relevance, gradient) && !depends_on(trace, rollout, gradient);
    return claim;
}

/// Of models with a class token.
Check follows_from_the_class_token(const Trace& trace) {
    return trace.find("self.weights") == nullptr ? std::nullopt : rule_check("probabilities")(trace);
}

/// Of networks with gates.
Check follows_from_the_gates(const Trace& trace) {
    return shown_block(trace).empty() ? std::nullopt : rule_check("probabilities")(trace);
}

}  // namespace

Lesson vision_checkpoint_lesson() {
    Lesson lesson;
    lesson.title_english = "How a vision model looks at a picture";
    lesson.title_chinese = "视觉模型怎样看一幅图";
    lesson.points = {
        {"A picture is cut into patches, and each becomes one token, row by row, behind a class token that stands for none. "
         "Where "
         "a patch lies the model knows from its position vector alone.",
         "图片被切成小块，每一块成为一个词元，逐行排列；最前面是不代表任何小块的类别词元。小块的位置只由位置向量告诉模型。",
         patches_are_tokens},
        {"Each head of each layer shares out one whole among all tokens: every row sums to 1. The maps show the query's row "
         "without the tokens that are no patches, so they sum to less.",
         "每一层的每个头都把一个整体分给所有词元：每一行之和为 "
         "1。图上画的是查询那一行、去掉不是小块的词元，所以总和小于 1。",
         sums_check({"self.weights"})},
        {"Rollout multiplies the layers, with the residual beside the attention (Abnar 2020): what reached the query from each "
         "patch, on all ways. Its rows sum to 1, too.",
         "Rollout 把各层相乘，并计入残差（Abnar 2020）：从每个小块经由所有路径到达查询的份额。它的每一行之和也是 1。",
         sums_check({"self.weights.rollout"})},
        {"Relevance asks about one class: of what each head read, only what raised that class's logit counts (Chefer 2021). "
         "Rollout knows of no class.",
         "Relevance 针对一个类别提问：每个头读到的东西里，只有提高了该类别 logit 的部分才算数（Chefer 2021）；rollout "
         "不知道类别。",
         asked_of_a_class},
        {"The probabilities follow from the class token's last state alone: click a bar and follow the numbers down to the "
         "pixels.",
         "概率只由类别词元的最后状态得出：点一条柱子，沿着数字一路看到像素。", follows_from_the_class_token},
        {"A network of convolutions has no tokens; in some, each block gates its channels. Squeeze: every channel is averaged "
         "over the whole picture, one number each.",
         "卷积网络没有词元；有些网络的每个模块会给自己的通道加门。压缩：每个通道在整幅图上取平均，各剩一个数。",
         block_rule_check("pooled")},
        {"Excitation: two layers with biases and a bottleneck between them. SE-ResNet keeps one unit for 16 channels, "
         "MobileNetV3 one for 4, EfficientNet one for 4 of the channels that came in.",
         "激励：两层（带偏置），中间是瓶颈。SE-ResNet 每 16 个通道留一个单元，MobileNetV3 每 4 个留一个，EfficientNet "
         "按进入模块的通道数每 4 个留一个。",
         block_rule_check("bottleneck")},
        {"Every gate lies between 0 and 1 and shares with no other. MobileNetV3 opens its gates by straight lines, so that "
         "some "
         "are shut or open altogether, which a sigmoid never is.",
         "每个门都在 0 与 1 之间，彼此不分摊。MobileNetV3 用折线代替 sigmoid，所以有的门会完全关闭或完全打开，而 sigmoid "
         "永远达不到。",
         gate_check("gate")},
        {"What the gate lets through goes on: in SE-ResNet it is added to the shortcut; in the others it was widened before, "
         "and "
         "is narrowed after the gate.",
         "门放过的内容继续往前：在 SE-ResNet 中与捷径相加；在另外两种网络中，通道先被加宽，过门之后再变窄。",
         block_rule_check("output")},
        {"Drag a bar of the gate, or silence a block's gate altogether: the class probabilities follow through every block "
         "above.",
         "拖动一根门控的柱子，或让一个模块的门全部静音：类别概率会经过上面的每个模块随之变化。", follows_from_the_gates},
    };
    return lesson;
}

}  // namespace saccade
