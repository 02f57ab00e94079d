#include "exhibit/glimpses_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "exhibit/attention_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// Both hold, or the first that does not is said.
Check both(Check a, const Check& b) {
    if (!a || !b) return std::nullopt;
    a->by_hand = (a->holds || a->by_hand) && (b->holds || b->by_hand);
    a->holds = a->holds && b->holds;
    a->by_hand = a->by_hand && !a->holds;
    a->error = std::max(a->error, b->error);
    a->checked += b->checked;
    a->of += b->of;
    return a;
}

Check state_remembers(const Trace& trace) {
    return both(rule_check("glimpse.vector")(trace), rule_check("glimpse.state")(trace));
}

/// The next place follows from the state, and the state from the places before.
Check looks_where_it_decides(const Trace& trace) {
    return both(rule_check("glimpse.policy")(trace), rule_check("glimpse.fixation")(trace));
}

/// Does a sample move a place away from the mean?
Check is_drawn(const Trace& trace) {
    const TraceTensor* noise = trace.find("glimpse.noise");
    const Check follows = rule_check("glimpse.fixation")(trace);
    if (noise == nullptr || !follows || noise->values.shape()[0] < 2) return std::nullopt;
    const bool drawn = std::ranges::any_of(noise->values.values(), [](float v) { return v != 0; });
    if (!drawn) return std::nullopt;
    return follows;
}

/// With more glimpses it is surer of the class that it ends with.
Check surer(const Trace& trace) {
    const TraceTensor* belief = trace.find("glimpse.belief");
    if (belief == nullptr || belief->values.shape()[0] < 2) return std::nullopt;
    const Tensor<float> first = belief->values.row(0), last = belief->values.row(belief->values.shape()[0] - 1);
    const auto said = std::ranges::max_element(last.values()) - last.values().begin();
    const double before = static_cast<double>(first.data()[said]), after = static_cast<double>(last.data()[said]);
    return claim_whether(belief->info.name, 2, after > before,
                         fmt::format("{:.2f} after the first glimpse and {:.2f} after the last", before, after));
}

/// Most of the sampled paths end with the class that the shown one ends with.
Check paths_agree(const Trace& trace) {
    const TraceTensor *belief = trace.find("glimpse.belief"), *fan = trace.find("glimpse.fan.beliefs");
    if (belief == nullptr || fan == nullptr) return std::nullopt;
    const auto best = [](const Tensor<float>& row) { return std::ranges::max_element(row.values()) - row.values().begin(); };
    const auto said = best(belief->values.row(belief->values.shape()[0] - 1));
    const Index paths = fan->values.shape()[0];
    Index same = 0;
    for (Index i = 0; i < paths; ++i) same += best(fan->values.row(i)) == said;
    return claim_whether(fan->info.name, paths, 2 * same > paths, fmt::format("{} of {} paths", same, paths));
}

/// What is counted for glimpses is one number, whatever the side of the canvas; a convolution's count grows.
Check costs(const Trace& trace) {
    const TraceTensor* cost = trace.find("cost");
    Check follows = rule_check("cost")(trace);
    if (cost == nullptr || !follows) return std::nullopt;
    const Tensor<float> glimpses = cost->values.row(0), convolution = cost->values.row(1);
    for (Index i = 1; i < glimpses.size(); ++i)
        follows->holds =
            follows->holds && glimpses.data()[i] == glimpses.data()[0] && convolution.data()[i] > convolution.data()[i - 1];
    return follows;
}

/// Is the cheaper of the two the glimpses, on the largest canvas, and the convolution, on the smallest?
Check crosses(const Trace& trace) {
    const TraceTensor *cost = trace.find("cost"), *side = trace.find("cost.side");
    if (cost == nullptr || side == nullptr) return std::nullopt;
    const Index n = cost->values.shape()[1];
    const Tensor<float> of_glimpses = cost->values.row(0), of_convolution = cost->values.row(1);
    const float *glimpses = of_glimpses.data(), *convolution = of_convolution.data();
    Index cheaper_from = 0;
    while (cheaper_from < n && glimpses[cheaper_from] >= convolution[cheaper_from]) ++cheaper_from;
    const bool holds = cheaper_from > 0 && cheaper_from < n;
    return claim_whether(cost->info.name, n, holds,
                         cheaper_from == 0 ? "glimpses are cheaper on every canvas of the table"
                                           : "the convolution is cheaper on every canvas of the table");
}

}  // namespace

Lesson glimpses_lesson() {
    Lesson lesson;
    lesson.title_english = "A few looks instead of all pixels";
    lesson.title_chinese = "看几眼，而不是看遍所有像素";
    lesson.points = {
        {"The model never reads the whole picture. At each step it gets a small patch about one point, sharp in the middle; "
         "where "
         "it has more than one scale, coarser ones around it.",
         "模型从不读取整幅图。每一步只得到某一点周围的一小块；有多个尺度时，中间清晰，周围逐级变粗。",
         rule_check("glimpse.retina")},
        {"What it saw and where it looked are joined into one vector, and a recurrent state keeps what all glimpses so far "
         "amount to.",
         "看到了什么、在哪里看到，合成一个向量；循环状态记住迄今为止所有注视的总和。", state_remembers},
        {"From that state it decides where to look next: the mean of a Gaussian. Drag a fixation, and every later one is "
         "decided "
         "anew.",
         "由这个状态决定下一步看哪里：一个高斯分布的均值。拖动一个注视点，后面的全部重新决定。", looks_where_it_decides},
        {"A place that is drawn has no gradient, so the policy learned by reward alone (REINFORCE): paths that ended with the "
         "right class became likelier. Choose Sampled, and each run of another seed takes another path.",
         "抽样得到的位置没有梯度，所以策略只靠奖励学习（REINFORCE）：结果正确的路径变得更可能。选择“Sampled”，换一个种子就换一"
         "条路径。",
         is_drawn},
        {"Each glimpse adds evidence: after the last one the model is surer of its answer than after the first.",
         "每一次注视都增加证据：最后一次之后，模型对自己的答案比第一次之后更有把握。", surer},
        {"Many ways lead to the same answer: most of the paths sampled from the policy end with the class that the shown one "
         "ends "
         "with.",
         "许多路径通向同一个答案：从策略中抽样的路径，多数得出与所示路径相同的类别。", paths_agree},
        {"What it costs does not depend on the canvas: as many multiply-adds a glimpse for 28 pixels as for 400. A convolution "
         "over "
         "all pixels grows with them.",
         "计算量与画布大小无关：28 像素和 400 像素，每次注视的乘加次数一样多；而对所有像素做卷积的计算量随像素数增长。", costs},
        {"That is no gain on small pictures: there the paper's convolutional network needs fewer multiply-adds than the "
         "glimpses do, "
         "and only on large ones more.",
         "在小图上并不划算：那里论文中的卷积网络所需的乘加次数反而更少，只有在大图上才更多。", crosses},
    };
    return lesson;
}

}  // namespace saccade
