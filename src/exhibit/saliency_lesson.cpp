#include "exhibit/saliency_lesson.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/utf8.hpp"
#include "exhibit/date_text.hpp"
#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

/// The weight that must be moved to make one row of the other: half the sum of the differences. The least over all pairs.
double least_moved(const Tensor<float>& rows) {
    const Index n = rows.shape()[1];
    double least = 1;
    for (Index a = 0; a < rows.shape()[0]; ++a) {
        for (Index b = a + 1; b < rows.shape()[0]; ++b) {
            double moved = 0;
            for (Index j = 0; j < n; ++j)
                moved +=
                    std::abs(static_cast<double>(rows.data()[a * n + j]) - static_cast<double>(rows.data()[b * n + j])) / 2;
            least = std::min(least, moved);
        }
    }
    return least;
}

/// Of other texts than dates nothing is known.
bool reads_a_date(const Trace& trace) {
    const AxisPtr source = trace.axis("source");
    if (source == nullptr) return false;
    std::u32string text;
    for (const std::string& label : source->labels) text += label == "␣" ? U" " : decode_utf8(label);
    return is_date(text);
}

std::optional<Claim> focus_moves(const Trace& trace) {
    const TraceTensor* weights = trace.find("focus.weights");
    if (weights == nullptr || weights->values.shape()[1] < 2 || !reads_a_date(trace)) return std::nullopt;
    const Index questions = weights->values.shape()[0];
    return claim_of("focus.weights", questions * (questions - 1) / 2, std::max(0.0, 0.5 - least_moved(weights->values)));
}

std::optional<Claim> saliency_asks_nothing(const Trace& trace) {
    if (trace.find("question.embedding") == nullptr) return std::nullopt;
    int wrong = depends_on(trace, "focus.weights", "question.embedding") ? 0 : 1;
    for (const char* map : {"max.saliency", "gate.weights"}) wrong += depends_on(trace, map, "question.embedding") ? 1 : 0;
    return claim_of("max.saliency", 3, wrong);
}

std::optional<Claim> all_read_the_annotations(const Trace& trace) {
    if (trace.find("annotations") == nullptr) return std::nullopt;
    int wrong = 0;
    for (const char* pooled : {"focus.context", "max.pooled", "gate.context"})
        wrong += depends_on(trace, pooled, "annotations") ? 0 : 1;
    return claim_of("annotations", 3, wrong);
}

std::optional<Claim> answers_agree(const Trace& trace) {
    if (!reads_a_date(trace)) return std::nullopt;
    const TraceTensor* focus = trace.find("focus.answer");
    const TraceTensor* max = trace.find("max.answer");
    const TraceTensor* gate = trace.find("gate.answer");
    if (focus == nullptr || max == nullptr || gate == nullptr) return std::nullopt;
    int differ = 0;
    for (Index q = 0; q < focus->values.size(); ++q) {
        const float answer = focus->values.data()[q];
        differ += max->values.data()[q] == answer && gate->values.data()[q] == answer ? 0 : 1;
    }
    return claim_of("focus.answer, max.answer, gate.answer", focus->values.size(), differ);
}

}  // namespace

Lesson saliency_lesson() {
    Lesson lesson;
    lesson.title_english = "Focus and saliency";
    lesson.title_chinese = "聚焦与显著性";
    lesson.points = {
        {"One encoder reads the date. Three mechanisms then make one vector of its annotations h_j, and each answers from its "
         "vector alone.",
         "同一个编码器读入日期；随后三种机制各自把它的标注 h_j 汇聚成一个向量，并且只凭这个向量作答。",
         all_read_the_annotations},
        {"Focus asks: the question is the query, and softmax shares out a weight of 1 among the characters.",
         "聚焦式注意力带着问题去看：问题就是查询，softmax 把总和为 1 的权重分配给各个字符。", sum_check("focus.weights")},
        {"Ask for the year, the month, the day: focus goes elsewhere each time. On a date, more than half of the weight moves "
         "between any two questions.",
         "分别问年、月、日，聚焦的位置随之改变：在一个日期上，任意两个问题之间都有一半以上的权重移到了别处。", focus_moves},
        {"Max pooling has no query. Each feature takes its largest value; a character's saliency is the share of the features "
         "that it wins.",
         "最大池化没有查询：每个特征取各字符中的最大值；一个字符赢得的特征所占的比例，就是它的显著性。",
         rule_check("max.saliency")},
        {"Gating has none either: each character opens a gate by what it is in its surroundings, and what passes is averaged.",
         "门控同样没有查询：每个字符依据自身及上下文开启一道门，通过的部分再求加权平均。", rule_check("gate.weights")},
        {"So these two maps are the same whatever you ask. Follow any of their numbers down to the input: the question never "
         "appears, but in focus it does.",
         "因此无论问什么，这两张图都不变。把图中任何一个数一路追溯到输入，都不会遇到问题；聚焦的权重则会遇到。",
         saliency_asks_nothing},
        {"All three can answer for dates of the kinds they know: max pooling and gating must carry year, month and day at "
         "once, and look "
         "up "
         "the right one afterwards. Here their answers to all three questions agree.",
         "对熟悉的日期，三者都能答对：最大池化和门控必须同时带上年、月、日，之后再按问题取用。此刻三者对三个问题的回答全部一致"
         "。",
         answers_agree},
        {"Try a text without a date, or set a cell of the focus weights by hand, and see which answers change.",
         "试试输入一段没有日期的文字，或者手动改动聚焦权重中的一格，看看哪些回答会变。", nullptr},
    };
    return lesson;
}

}  // namespace saccade
