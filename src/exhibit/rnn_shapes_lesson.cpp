#include "exhibit/rnn_shapes_lesson.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

bool is_trained(const Trace& trace) {
    return !trace.texts().contains("weights");
}

/// Row of the memory curves by its label; -1 if there is none.
Index row_of(const TraceTensor& norm, const std::string& ending) {
    const Axis& axis = *norm.info.axes[0];
    for (Index c = 0; c < axis.extent; ++c)
        if (axis.label(c).ends_with(ending)) return c;
    return -1;
}

double memory_at(const TraceTensor& norm, Index row, Index position) {
    return static_cast<double>(norm.values.data()[row * norm.values.shape()[1] + position]);
}

/// Every state lies between -1 and 1, by construction: tanh, or a mixture of such, or such times a gate.
Check states_are_bounded(const Trace& trace) {
    const TraceTensor* states = trace.find("states");
    if (states == nullptr) return std::nullopt;
    double outside = 0;
    for (const float v : states->values.values()) outside = std::max(outside, std::abs(static_cast<double>(v)) - 1);
    return claim_of("states", states->values.size(), outside);
}

/// n_to_n: what the state at the first character knows of those to its right. `nothing`: it must be nothing; else of every one
/// something.
Check first_knows(const Trace& trace, bool both, bool nothing) {
    const TraceTensor* norm = trace.find("memory.norm");
    if (norm == nullptr || (trace.find("backward.state") != nullptr) != both) return std::nullopt;
    const Index row = row_of(*norm, ", first character"), length = norm->values.shape()[1];
    if (row < 0 || length < 2) return std::nullopt;
    double wrong = 0;
    for (Index t = 1; t < length; ++t) {
        const double known = memory_at(*norm, row, t);
        wrong = std::max(wrong, nothing ? known : known > 0 ? 0.0 : 1.0);
    }
    return claim_of("memory.norm", length - 1, wrong);
}

/// By how much the order Elman < LSTM (with `gru` between them) fails for the first input, on a logarithmic scale.
Check first_is_remembered_in_order(const Trace& trace, bool gru) {
    const TraceTensor* norm = trace.find("memory.norm");
    if (norm == nullptr) return std::nullopt;
    std::vector<double> kept;
    for (const char* cell : {"Elman", "GRU", "LSTM"}) {
        const Index row = row_of(*norm, cell);
        if (row < 0) return std::nullopt;
        if (gru || std::string(cell) != "GRU") kept.push_back(memory_at(*norm, row, 0));
    }
    double wrong = 0;
    for (std::size_t i = 0; i + 1 < kept.size(); ++i)
        if (!(kept[i] < kept[i + 1])) wrong = std::max(wrong, std::log(kept[i] / std::max(kept[i + 1], 1e-30)) + 1e-6);
    return claim_of("memory.norm", static_cast<Index>(kept.size()), wrong);
}

bool reads_a_text(const Trace& trace) {
    return trace.find("last") != nullptr;
}

Check fades_before_training(const Trace& trace) {
    constexpr Index long_enough = 8;
    const AxisPtr position = trace.axis("position");
    if (is_trained(trace) || !reads_a_text(trace) || position->extent < long_enough) return std::nullopt;
    return first_is_remembered_in_order(trace, true);
}

/// Of the text that the lesson asks for: a month, then a long gap.
Check fades_over_a_gap(const Trace& trace) {
    constexpr Index long_enough = 24;
    const AxisPtr position = trace.axis("position");
    if (!is_trained(trace) || !reads_a_text(trace) || trace.find("decoder.state") != nullptr || position->extent < long_enough)
        return std::nullopt;
    std::string start;
    for (Index j = 0; j < 12; ++j) start += position->label(j);
    if (start != "September␣␣␣") return std::nullopt;
    return first_is_remembered_in_order(trace, false);
}

/// Everything that is answered or written passes through h_T.
Check passes_through_the_last(const Trace& trace) {
    if (!reads_a_text(trace)) return std::nullopt;
    return claim_of("last", 1, depends_on(trace, "logits", "last") ? 0 : 1);
}

Check reads_what_it_wrote(const Trace& trace) {
    const Step* step = trace.step_of("source.id");
    if (step == nullptr) return std::nullopt;
    return rule_check("source.id")(trace);
}

}  // namespace

Lesson rnn_shapes_lesson() {
    Lesson lesson;
    lesson.title_english = "Shapes of recurrence";
    lesson.title_chinese = "循环网络的几种形状";
    lesson.points = {
        {"One step, repeated: each state is made from the character at its position and the state before it, by the same "
         "weights every time. Follow any cell of the states down and you arrive at the first character.",
         "同一个步骤反复执行：每个状态由当前位置的字符和前一个状态算出，每一步都使用同一组权重。把状态中的任意一格一路追溯下去"
         "，最终"
         "会回到第一个字符。",
         rule_check("forward.state")},
        {"However long the text, a state stays between −1 and 1 in every unit: what is new must share that range with what is "
         "old.",
         "无论文字多长，状态的每个分量始终在 −1 与 1 之间：新信息必须和旧信息分享这点空间。", states_are_bounded},
        {"N to 1 and N to M: all that is answered or written passes through the last state h_T. The date is squeezed into one "
         "vector; attention was invented to avoid that. Compare how well the three cells do it: each model's exact match on "
         "dates that it never saw stands at the bottom of the window.",
         "N 对 1 与 N 对 M：一切回答和输出都只能经过最后的状态 "
         "h_T。整个日期被压缩成一个向量；注意力机制正是为了摆脱这一瓶颈而提出"
         "的。比较三种单元的本领：窗口底部写着各模型在未见过的日期上的完全匹配率。",
         passes_through_the_last},
        {"1 to N has one input. From the second step on it reads nothing but what it has just written.",
         "1 对 N 只有一个输入：从第二步起，它读到的只有自己刚刚写出的字符。", reads_what_it_wrote},
        {"N to N from left to right: the state at the first character cannot depend on any later one (its curve is exactly 0 "
         "there). So the 3 of 30/9/19 must be tagged before it is known whether a year or a day begins.",
         "从左到右的 N 对 N：第一个字符处的状态不可能依赖后面的任何字符（曲线在那里恰好为 0）。因此给 30/9/19 中的“3”打标签时，"
         "还不知道开头的是年还是日。",
         [](const Trace& trace) { return first_knows(trace, false, true); }},
        {"In both directions it depends on all of them: set Direction to both and compare the tags.",
         "换成双向之后，它依赖后面的每一个字符：把“方向”设为双向，再比较标签。",
         [](const Trace& trace) { return first_knows(trace, true, false); }},
        {"Switch Trained off: the memory of a character, ‖∂h_T/∂x_t‖, fades by a constant factor per step, fastest in the "
         "Elman "
         "network, slower in the GRU, slowest in the LSTM, whose forget gate starts out open. That is the gradient that "
         "training has to live on. The log scale shows straight lines.",
         "关闭“Trained”：对一个字符的记忆 ‖∂h_T/∂x_t‖ 每走一步就缩小一个近似固定的倍数，Elman 网络衰减最快，GRU "
         "较慢，遗忘门初始敞开的 LSTM 最慢。训练所能依靠的正是这个梯度。换成对数刻度，曲线近似直线。",
         fades_before_training},
        {"Training changes it: what the task needs is kept, what it does not need may be forgotten. Type September, twenty "
         "spaces, 30: the spaces wear the first letter away, and the Elman network has less left of it than the LSTM.",
         "训练会改变这一点：任务需要的被保留，不需要的可以忘掉。输入 "
         "September、二十个空格、30：空格会磨去对首字母的记忆，Elman "
         "网络剩下的比 LSTM 少。",
         fades_over_a_gap},
    };
    return lesson;
}

}  // namespace saccade
