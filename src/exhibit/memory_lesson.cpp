#include "exhibit/memory_lesson.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

/// Addressing does not look at the values, and reading does.
std::optional<Claim> values_are_not_addressed(const Trace& trace) {
    if (trace.find("weights") == nullptr || trace.find("context") == nullptr) return std::nullopt;
    const int wrong = (depends_on(trace, "weights", "values") ? 1 : 0) + (depends_on(trace, "context", "values") ? 0 : 1);
    return claim_of("weights", 2, wrong);
}

/// Each number read lies between the smallest and the largest of its column of V.
std::optional<Claim> read_lies_between(const Trace& trace) {
    const TraceTensor* context = trace.find("context");
    const TraceTensor* values = trace.find("values");
    if (context == nullptr || values == nullptr) return std::nullopt;
    const Index slots = values->values.shape()[0], columns = values->values.shape()[1];
    if (slots < 2) return std::nullopt;  // of one value there is no mean
    double outside = 0, scale = 1;
    for (Index c = 0; c < columns; ++c) {
        double low = std::numeric_limits<double>::infinity(), high = -low;
        for (Index j = 0; j < slots; ++j) {
            const auto v = static_cast<double>(values->values.data()[j * columns + c]);
            low = std::min(low, v);
            high = std::max(high, v);
            scale = std::max(scale, std::abs(v));
        }
        for (Index i = 0; i < context->values.shape()[0]; ++i) {
            const auto o = static_cast<double>(context->values.data()[i * columns + c]);
            outside = std::max({outside, low - o, o - high});
        }
    }
    return claim_of("context", context->values.size(), outside, rounding_of_sums * scale);
}

/// A hard read gives one slot all the weight and the others none. Does not apply to a soft one, whose weights, as they were
/// computed, lie between.
std::optional<Claim> one_slot_a_query(const Trace& trace) {
    const TraceTensor* weights = trace.find("weights");
    if (weights == nullptr || weights->values.shape()[1] < 2) return std::nullopt;
    const auto whole = [](float w) { return w == 0.0f || w == 1.0f; };
    if (!std::ranges::all_of((weights->before.empty() ? weights->values : weights->before).values(), whole))
        return std::nullopt;
    double wrong = 0;
    for (Index i = 0; i < weights->values.shape()[0]; ++i) {
        const auto row = weights->values.row(i);
        const auto between = std::ranges::count_if(row.values(), [&](float w) { return !whole(w); });
        wrong += static_cast<double>(between) + (std::ranges::count(row.values(), 1.0f) == 1 ? 0 : 1);
    }
    return claim_of("weights", weights->values.size(), wrong);
}

/// With V = K what is read is made of the keys that were compared.
std::optional<Claim> reads_its_keys(const Trace& trace) {
    const TraceTensor *context = trace.find("context"), *weights = trace.find("weights"), *keys = trace.find("keys");
    if (context == nullptr || weights == nullptr || keys == nullptr || !depends_on(trace, "values", "keys"))
        return std::nullopt;
    return consequence_holds(trace, "context[i,u] = sum_j(weights[i,j] * keys[j,u])", 1e-5);
}

/// Of a sampled read, r ∂ log p / ∂ e over all slots that could be drawn, each times its chance, is the gradient of the
/// expected reward, which a soft read has at once; a single draw scatters around it. The reward is the first column of the
/// values.
std::optional<Claim> draws_are_right_on_average(const Trace& trace) {
    const TraceTensor *chances = trace.find("probabilities"), *values = trace.find("values");
    if (trace.find("draws") == nullptr || chances == nullptr || values == nullptr) return std::nullopt;
    const Index queries = chances->values.shape()[0], slots = chances->values.shape()[1];
    double worst = 0, scale = 1, variance = 0;
    for (Index i = 0; i < queries; ++i) {
        const Index columns = values->values.shape()[1];
        const auto p = [&](Index j) { return static_cast<double>(chances->values.data()[i * slots + j]); };
        const auto r = [&](Index j) { return static_cast<double>(values->values.data()[j * columns]); };
        double expected = 0;
        for (Index j = 0; j < slots; ++j) expected += p(j) * r(j);
        for (Index k = 0; k < slots; ++k) {
            double mean = 0, squares = 0;
            for (Index j = 0; j < slots; ++j) {
                const double estimate = r(j) * ((j == k ? 1 : 0) - p(k));
                mean += p(j) * estimate;
                squares += p(j) * estimate * estimate;
            }
            worst = std::max(worst, std::abs(mean - p(k) * (r(k) - expected)));
            scale = std::max(scale, std::abs(r(k)));
            variance += squares - mean * mean;
        }
    }
    if (!(variance > rounding_of_sums * scale * scale)) return std::nullopt;  // there is nothing to draw
    return claim_of("probabilities", queries * slots, worst, rounding_of_sums * scale);
}

/// The largest score has the largest weight. Does not apply to a drawn slot.
std::optional<Claim> best_fit_weighs_most(const Trace& trace) {
    const TraceTensor* scores = trace.find("scores");
    const TraceTensor* weights = trace.find("weights");
    if (scores == nullptr || weights == nullptr || trace.find("draws") != nullptr) return std::nullopt;
    const Index n = scores->values.shape()[1];
    if (n < 2) return std::nullopt;
    int wrong = 0;
    for (Index i = 0; i < scores->values.shape()[0]; ++i) {
        const Tensor<float> e = scores->values.row(i), w = weights->values.row(i);
        const Index best = std::ranges::max_element(e.values()) - e.values().begin();
        const float most = *std::ranges::max_element(w.values());
        wrong += w.data()[best] < most ? 1 : 0;
    }
    return claim_of("weights", scores->values.size() / n, wrong);
}

}  // namespace

Lesson memory_lesson() {
    Lesson lesson;
    lesson.title_english = "Address, normalise, read";
    lesson.title_chinese = "寻址、归一化、读取";
    lesson.points = {
        {"Address: a query is compared with the key of every slot, and each comparison is one number, the score.",
         "寻址：查询与每个槽的键逐一比较，每次比较得到一个数，即打分。", rule_check("scores")},
        {"Normalise: the scores of a query become weights, none negative, which sum to 1.",
         "归一化：一个查询的各个打分变成权重，均不为负，总和为 1。", sum_check("weights")},
        {"Read: the values are added up, each times its weight.", "读取：各个值乘以自己的权重后相加。", rule_check("context")},
        {"The key that fits best gets the most weight; keys that fit equally well share alike, or in a hard read the first of "
         "them takes all.",
         "最匹配的键得到最大的权重；同样匹配的键得到同样的权重，硬读取时则由其中第一个独占。", best_fit_weighs_most},
        {"Keys are for finding, values for reading. Change a number of V: no weight moves, only what is read. Change one of K: "
         "the weights move. With V = K both happen.",
         "键用来查找，值用来读出。改动 V 中的一个数，权重不变，只有读出的结果变；改动 K 中的一个数，权重就会变。令 V = K "
         "时，两者同时改变。",
         values_are_not_addressed},
        {"With V = K what is read is a mean of the keys themselves, and says no more than where the query looked. With values "
         "of "
         "their own, slots whose keys are alike may answer differently.",
         "令 V = K 时，读出的就是键本身的平均，除了查询看向哪里之外什么也没说。值与键分开时，键相似的槽也可以给出不同的答案。",
         reads_its_keys},
        {"A soft read mixes, so it stays between the smallest and the largest value of each column. A memory cannot answer "
         "with "
         "what was never written into it.",
         "软读取是混合，因此每一列的结果都介于该列的最小值与最大值之间：记忆无法给出从未写入的东西。", read_lies_between},
        {"A hard read takes one slot whole. It answers with a value that was stored, but has no gradient to learn from.",
         "硬读取完整地取出一个槽：答案就是存过的值，但没有可供学习的梯度。", one_slot_a_query},
        {"A sampled read learns by REINFORCE: reward · ∂ log p of the slot that was drawn. Over all slots, each by its chance, "
         "that "
         "is exactly the gradient of the expected reward, which a soft read has without drawing; a single draw has a variance "
         "besides. Here the reward is the first column of V.",
         "抽样读取靠 REINFORCE 学习：奖励 · ∂ log "
         "p（抽到的槽）。对所有槽按概率取平均，恰好等于期望奖励的梯度，而软读取不必抽样就能得到；单次抽样则另有方差。这里以 V "
         "的第一列为奖励。",
         draws_are_right_on_average},
        {"Temperature goes from one to the other: at 0 the softmax is hard, at infinity every slot weighs the same.",
         "温度在两者之间过渡：温度为 0 时 softmax 变成硬选择，为无穷大时所有槽的权重相同。", nullptr},
        {"One read can lead to the next: with two hops what was read is added to the query, and the memory is asked again. Tie "
         "V to "
         "K and try it.",
         "一次读取可以引出下一次：两跳时，读出的结果加到查询上，再向记忆发问。令 V = K 试一试。", rule_check("hop2.queries")},
        {"Try the cosine score: multiply a query by 10 and no weight changes, since only its direction counts; β sharpens "
         "instead. With dot it sharpens by itself.",
         "试试余弦打分：把查询乘以 10，权重不变，因为只看方向，锐利程度由 β 决定；点积打分则会因此变得更锐利。", nullptr},
    };
    return lesson;
}

}  // namespace saccade
