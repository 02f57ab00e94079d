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
        {"A soft read mixes, so it stays between the smallest and the largest value of each column. A memory cannot answer "
         "with "
         "what was never written into it.",
         "软读取是混合，因此每一列的结果都介于该列的最小值与最大值之间：记忆无法给出从未写入的东西。", read_lies_between},
        {"A hard read takes one slot whole. It answers with a value that was stored, but has no gradient to learn from.",
         "硬读取完整地取出一个槽：答案就是存过的值，但没有可供学习的梯度。", one_slot_a_query},
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
