#include "exhibit/vision_checkpoint_lesson.hpp"

#include <fmt/core.h>

#include "exhibit/attention_checks.hpp"

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

}  // namespace

Lesson vision_checkpoint_lesson() {
    Lesson lesson;
    lesson.title_english = "A picture read as a sentence";
    lesson.title_chinese = "把图片当作句子来读";
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
         "概率只由类别词元的最后状态得出：点一条柱子，沿着数字一路看到像素。", rule_check("probabilities")},
    };
    return lesson;
}

}  // namespace saccade
