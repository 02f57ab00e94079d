#include "exhibit/spatial_lesson.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/spatial_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// The spatial map is computed from what the channel gate let through, and not the other way round.
Check channel_first(const Trace& trace) {
    const TraceTensor *gate = block_tensor(trace, "gate"), *map = block_tensor(trace, "spatial");
    if (gate == nullptr || map == nullptr) return std::nullopt;
    return claim_whether(
        map->info.name, 2,
        depends_on(trace, map->info.name, gate->info.name) && !depends_on(trace, gate->info.name, map->info.name),
        "by the rules the map does not follow from the gate alone");
}

/// Both pooled maps, by their rules.
Check pooled_maps(const Trace& trace) {
    Check mean = block_rule_check("mean_map")(trace);
    const Check largest = block_rule_check("max_map")(trace);
    if (!mean || !largest) return std::nullopt;
    mean->by_hand = (mean->holds || mean->by_hand) && (largest->holds || largest->by_hand);
    mean->holds = mean->holds && largest->holds;
    mean->by_hand = mean->by_hand && !mean->holds;
    mean->error = std::max(mean->error, largest->error);
    mean->checked += largest->checked;
    mean->of += largest->of;
    return mean;
}

/// A cell of the block's maps covers as many pixels each way as the network's strides before it multiply to.
Check coarse(const Trace& trace) {
    const TraceTensor *input = trace.find("input"), *map = block_tensor(trace, "output");
    if (input == nullptr || map == nullptr) return std::nullopt;
    const Index stage = shown_block(trace)[std::string("stage").size()] - '1', pixels = Index{1} << stage;
    Claim claim = claim_of(map->info.name, 2, 0);
    for (int i = 0; i < 2; ++i)
        claim.error += static_cast<double>(std::abs(input->values.shape()[i] - pixels * map->values.shape()[i + 1]));
    claim.holds = claim.error == 0;
    return claim;
}

/// Grad-CAM is computed from the gradient of a class; the spatial map knows of no class.
Check asked_afterwards(const Trace& trace) {
    const TraceTensor* map = block_tensor(trace, "spatial");
    if (map == nullptr || trace.find("grad_cam") == nullptr) return std::nullopt;
    Check claim = rule_check("grad_cam")(trace);
    if (!claim) return std::nullopt;
    claim->holds = claim->holds && depends_on(trace, "grad_cam", "grad_cam.gradient") &&
                   !depends_on(trace, map->info.name, "grad_cam.gradient") && !depends_on(trace, map->info.name, "logits");
    return claim;
}

}  // namespace

Lesson spatial_lesson() {
    Lesson lesson;
    lesson.title_english = "What, then where";
    lesson.title_chinese = "先看什么，再看哪里";
    lesson.points = {
        {"CBAM asks twice: the channel gate says what matters, and only then a map says where, on the features that the gate "
         "let through.",
         "CBAM 问两次：先由通道门控决定看什么，再在门控放行的特征上由空间图决定看哪里。", channel_first},
        {"For the map the channels are pooled away: their mean and their maximum at each place, two pictures whatever the "
         "number of channels.",
         "求空间图时先把通道维压掉：每个位置上各通道的平均值与最大值，不论有多少通道，都只剩两幅图。", pooled_maps},
        {"One 7×7 convolution over these two and a sigmoid give the map. That is all it has: 98 weights and a bias. Beyond the "
         "border it reads zeros, which can show as a frame.",
         "对这两幅图做一次 7×7 卷积再过 sigmoid，就得到空间图；全部参数只有 98 个权重和一个偏置。边界之外读到的是 "
         "0，因此图的边缘可能出现一圈痕迹。",
         block_rule_check("spatial_scores")},
        {"Like the gate it is no softmax: every place may be let through. It scales all channels of a place alike, F″ = M_s "
         "F′.",
         "和门控一样，它不是 softmax：每个位置都可以放行；同一位置的所有通道乘上同一个数，F″ = M_s F′。",
         gate_check("spatial")},
        {"The map is as coarse as the block: each stage halves it, and a cell of the last stage covers 4×4 pixels of what the "
         "network reads.",
         "空间图的粗细取决于所在的层：每个阶段减半，最后一个阶段的一格对应网络输入的 4×4 个像素。", coarse},
        {"Grad-CAM is another question: it goes back from one class, by the gradient, and asks which places spoke for it. The "
         "spatial map is computed on the way up and knows of no class: the two may well differ.",
         "Grad-CAM 问的是另一个问题：它从某个类别出发，沿梯度往回，问哪些位置支持这个类别。"
         "空间图是前向计算时得到的，并不知道类别，所以两者可以很不一样。",
         asked_afterwards},
    };
    return lesson;
}

}  // namespace saccade
