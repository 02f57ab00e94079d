#include "exhibit/permutation_lesson.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

/// Are the tokens one sequence (N = 1), or each one of its own, as often posted?
bool one_sequence(const Trace& trace) {
    const TraceTensor* mask = trace.find("first.mask");
    return mask != nullptr && std::ranges::none_of(mask->values.values(), [](float m) { return std::isinf(m); });
}

bool has_code(const Trace& trace) {
    return trace.find("first.position") != nullptr;
}

double largest(const Tensor<float>& values) {
    double most = 0;
    for (const float v : values.values()) most = std::max(most, std::abs(static_cast<double>(v)));
    return most;
}

/// Is the second order another one at all?
bool order_differs(const Trace& trace) {
    const TraceTensor* place = trace.find("place");
    if (place == nullptr || trace.find("difference") == nullptr || trace.find("first.output") == nullptr) return false;
    for (Index i = 0; i < place->values.size(); ++i)
        if (place->values.data()[i] != static_cast<float>(i)) return true;
    return false;
}

/// The outputs are the same, token by token.
std::optional<Claim> outputs_only_permute(const Trace& trace) {
    const Tensor<float>& difference = trace.tensor("difference").values;
    return claim_of("difference", difference.size(), largest(difference),
                    rounding_of_sums * std::max(1.0, largest(trace.tensor("first.output").values)));
}

std::optional<Claim> permutes_without_code(const Trace& trace) {
    if (!order_differs(trace) || has_code(trace) || !one_sequence(trace)) return std::nullopt;
    return outputs_only_permute(trace);
}

std::optional<Claim> sees_itself_alone(const Trace& trace) {
    const TraceTensor* weights = trace.find("first.weights");
    if (weights == nullptr || one_sequence(trace)) return std::nullopt;
    double worst = 0;
    const Index n = weights->values.shape()[0];
    for (Index i = 0; i < n * n; ++i)
        worst = std::max(worst, std::abs(static_cast<double>(weights->values.data()[i]) - (i % (n + 1) == 0 ? 1 : 0)));
    return claim_of("first.weights", n * n, worst);
}

/// In one sequence every token has some weight on every other one.
std::optional<Claim> sees_the_others(const Trace& trace) {
    const TraceTensor* weights = trace.find("first.weights");
    if (weights == nullptr || !one_sequence(trace) || weights->values.shape()[1] < 2) return std::nullopt;
    const auto cells = weights->values.values();
    return claim_of("first.weights", weights->values.size(),
                    static_cast<double>(std::ranges::count_if(cells, [](float w) { return !(w > 0); })));
}

/// With a code that knows the order the outputs differ, by more than rounding.
std::optional<Claim> code_tells_orders_apart(const Trace& trace) {
    if (!order_differs(trace) || !has_code(trace) || !one_sequence(trace)) return std::nullopt;
    const Tensor<float>& difference = trace.tensor("difference").values;
    const bool differ =
        largest(difference) > 10 * rounding_of_sums * std::max(1.0, largest(trace.tensor("first.output").values));
    return claim_whether("difference", difference.size(), differ, "the outputs are the same up to rounding");
}

/// ... and if every token is a sequence of its own, even a code changes nothing.
std::optional<Claim> code_is_lost(const Trace& trace) {
    if (!order_differs(trace) || !has_code(trace) || one_sequence(trace)) return std::nullopt;
    return outputs_only_permute(trace);
}

}  // namespace

Lesson permutation_lesson() {
    Lesson lesson;
    lesson.title_english = "Attention reads a set, not a sequence";
    lesson.title_chinese = "注意力读的是集合，不是序列";
    lesson.points = {
        {"The same three tokens go through the same MultiheadAttention(2, 1) twice, the second time in another order. The "
         "outputs "
         "come out in that other order too, and are otherwise the same: nothing in q·k knows where a token stands.",
         "同样三个词元两次通过同一个 MultiheadAttention(2, 1)，第二次换了顺序。输出也只是跟着换了位置，数值完全相同：q·k "
         "里没有任何东西知道词元站在哪里。",
         permutes_without_code},
        {"This is a real test only if the tokens can see each other: as one sequence, (L=3, N=1, E=2), every token has weight "
         "on "
         "every other.",
         "只有词元能互相看见，这才是真正的检验：作为一个序列，即 (L=3, N=1, E=2)，每个词元对其他每个词元都有权重。",
         sees_the_others},
        {"As it is often posted, the three are stacked as (L=1, N=3, E=2). MultiheadAttention takes that for three sequences "
         "of one "
         "token: each attends to itself alone, with weight 1. The outputs permute then, too, but so they would for any layer "
         "that "
         "looks at one token at a time: the right conclusion for the wrong reason.",
         "网上常见的写法把三者堆成 (L=1, N=3, E=2)。MultiheadAttention "
         "会把它当作三个各含一个词元的序列：每个词元只注意自己，权重为 "
         "1。输出当然也只是换位，可任何逐词元计算的层都是如此：结论对了，理由却错了。",
         sees_itself_alone},
        {"Add a position code, and the order matters: the same tokens now give other outputs.",
         "加上位置编码，顺序就有了意义：同样的词元给出不同的输出。", code_tells_orders_apart},
        {"With the axes as posted even the code changes nothing: every token is the first of its own sequence and gets the "
         "same "
         "code. That is how the mistake gives itself away.",
         "若仍用错误的轴顺序，加上位置编码也毫无变化：每个词元都是自己那个序列的第一个，得到的编码相同。错误由此露出马脚。",
         code_is_lost},
        {"Whatever the order, the weights of a token are the softmax of its scores and sum to 1; a sum does not care in which "
         "order "
         "its terms come.",
         "不论什么顺序，一个词元的权重都是其打分的 softmax，总和为 1；而求和与各项的先后无关。", sum_check("second.weights")},
        {"Change the weights, or let another seed draw them as PyTorch does: this is a property of the mechanism, not of any "
         "numbers.",
         "改动权重，或换一个种子像 PyTorch 那样重新抽取：这是机制本身的性质，与具体数值无关。", rule_check("difference")},
    };
    return lesson;
}

}  // namespace saccade
