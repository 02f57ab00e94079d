#include "exhibit/captioning_lesson.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// The map's maximum of every noun whose shape is known lies in that shape.
Check nouns_point(const Trace& trace) {
    const TraceTensor* pointing = trace.find("pointing");
    if (pointing == nullptr) return std::nullopt;
    Index nouns = 0, missed = 0;
    for (const float hit : pointing->values.values())
        if (!std::isnan(hit)) {
            ++nouns;
            missed += hit == 0.0f ? 1 : 0;
        }
    if (nouns == 0) return std::nullopt;
    return claim_of("map", nouns, static_cast<double>(missed) / static_cast<double>(nouns));
}

/// All that is looked at, over all locations, is one per word.
Check coverage_is_words(const Trace& trace) {
    const TraceTensor* coverage = trace.find("coverage");
    const TraceTensor* map = trace.find("map");
    if (coverage == nullptr || map == nullptr) return std::nullopt;
    double total = 0;
    for (const float v : coverage->values.values()) total += static_cast<double>(v);
    const double words = static_cast<double>(map->values.shape()[0]);
    return claim_of("coverage", coverage->values.size(), std::abs(total - words) / words, 1e-4);
}

Check one_location(const Trace& trace) {
    const TraceTensor* weights = trace.find("weights");
    if (weights == nullptr || trace.find("policy") == nullptr || weights->values.shape()[1] < 2) return std::nullopt;
    double worst = 0;
    for (Index i = 0; i < weights->values.shape()[0]; ++i) {
        const auto row = weights->values.row(i);
        const auto ones = std::ranges::count(row.values(), 1.0f), zeros = std::ranges::count(row.values(), 0.0f);
        worst = std::max(worst, static_cast<double>(std::abs(ones - 1) + (row.size() - ones - zeros)));
    }
    return claim_of("weights", weights->values.size(), worst);
}

/// The channels' gates are 1 on average.
Check channels_average(const Trace& trace) {
    const TraceTensor* gate = trace.find("channel_gate");
    if (gate == nullptr) return std::nullopt;
    const Index rows = gate->values.shape()[0], channels = gate->values.shape()[1];
    double worst = 0;
    for (Index i = 0; i < rows; ++i) {
        double sum = 0;
        const Tensor<float> row = gate->values.row(i);
        for (const float v : row.values()) sum += static_cast<double>(v);
        worst = std::max(worst, std::abs(sum / static_cast<double>(channels) - 1));
    }
    return claim_of("channel_gate", rows, worst, 1e-5);
}

/// Horizontal middle of the map at an output, as a fraction of the picture.
double middle_of(const TraceTensor& map, Index output) {
    const Tensor<float> m = map.values.row(output);
    const Index width = m.shape()[1];
    double sum = 0, moment = 0;
    for (Index i = 0; i < m.size(); ++i) {
        const double w = static_cast<double>(m.data()[i]);
        sum += w;
        moment += w * (static_cast<double>(i % width) + 0.5) / static_cast<double>(width);
    }
    return moment / std::max(sum, 1e-12);
}

/// "A is left of B" (or 在B的左边): the eye goes to the right from A's noun to B's; "right of": to the left.
Check sides_agree(const Trace& trace) {
    const TraceTensor* map = trace.find("map");
    const AxisPtr output = trace.axis("output");
    const TraceTensor* pointing = trace.find("pointing");
    if (map == nullptr || output == nullptr || pointing == nullptr) return std::nullopt;
    Index subject = -1, object = -1, checked = 0, wrong = 0;
    int asked = 0;  // 1: left of, -1: right of, seen before (English) or after (Chinese) the second noun
    for (Index i = 0; i < output->extent; ++i) {
        const std::string& word = output->labels[static_cast<std::size_t>(i)];
        if (word == ";" || word == "；") subject = object = -1;
        if (word == "left" || word == "左边") asked = 1;
        if (word == "right" || word == "右边") asked = -1;
        const bool noun = !std::isnan(pointing->values.data()[i]);
        if (noun) (subject < 0 ? subject : object) = i;
        if (asked == 0 || object < 0) continue;
        const double across = middle_of(*map, object) - middle_of(*map, subject);
        ++checked;
        wrong += across * asked > 0 ? 0 : 1;
        object = -1;
        asked = 0;
    }
    if (checked == 0) return std::nullopt;
    return claim_of("map", checked, static_cast<double>(wrong) / static_cast<double>(checked));
}

}  // namespace

Lesson captioning_lesson() {
    Lesson lesson;
    lesson.title_english = "Show, attend and tell";
    lesson.title_chinese = "看图、注意、说话";
    lesson.points = {
        {"Before each word the decoder asks every location of the picture how well it fits, and softmax makes weights of the "
         "answers: each row sums to 1. Step through the words and watch the map move.",
         "每写一个词之前，解码器都会问图上每个位置有多合适，softmax 把回答变成权重：每一行之和为 "
         "1。逐词往下走，看注意力图怎样移动。",
         sum_check("weights")},
        {"Nobody told the model where the shapes are: it saw pictures and sentences. Yet at the step that writes a noun the "
         "largest weight of the map lies in that shape. Move a shape, and the map follows.",
         "没有人告诉模型图形在哪里，它只见过图和句子。但在写出名词的那一步，注意力图最大的地方就在那个图形里。移动一个图形，注"
         "意力图也会跟过去。",
         nouns_point},
        {"What the decoder reads is the weighted mean of the annotations, and nothing else of the picture. Set a weight by "
         "hand, "
         "and the words that follow may change.",
         "解码器读到的是标注向量的加权平均，此外对图片一无所知。用手改一个权重，后面的词就可能改变。", rule_check("context")},
        {"A scalar gate, computed from the state, says how much the picture matters for the next word: the context is "
         "multiplied "
         "by β.",
         "由状态算出的一个标量门 β 说明下一个词有多需要看图：上下文要乘以 β。", rule_check("gated_context")},
        {"Doubly stochastic (Xu 2015): training also asks that every location gets 1 in total over all words, so that nothing "
         "is overlooked. All locations together get exactly one a word, so with fewer words than locations none can have 1: "
         "what is nearest to it is the same for all, words / locations.",
         "双重随机（Xu 2015）：训练时还要求每个位置在所有词上的总和为 1，这样就不会漏看。但所有位置合起来恰好每个词得到 "
         "1，词比位置少时谁也得不到 1：最接近的是人人相同，即 词数/位置数。",
         coverage_is_words},
        {"“Left of” can be read off two steps: from the first noun to the second the middle of the map goes to the right; with "
         "“right "
         "of”, to the left.",
         "“在左边”是看两眼看出来的：从第一个名词到第二个名词，注意力图的中心向右移；说“在右边”时则向左移。", sides_agree},
        {"Hard attention looks at one location only, drawn at random by its weight. A draw has no gradient: it was taught by "
         "REINFORCE. Another seed looks elsewhere.",
         "硬注意力只看一个位置，按权重随机抽取。抽样没有梯度，所以用 REINFORCE 训练。换一个随机种子，看的地方也会不同。",
         one_location},
        {"SCA-CNN also says what to look for: each channel has a gate of its own, by softmax over the channels, so that one "
         "that "
         "is opened closes the others: on average they are 1.",
         "SCA-CNN 还决定要找什么：每个通道都有自己的门，由对所有通道的 softmax 得到，一个打开，别的就会关小：平均值为 1。",
         channels_average},
    };
    return lesson;
}

}  // namespace saccade
