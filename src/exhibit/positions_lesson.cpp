#include "exhibit/positions_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/position.hpp"
#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// The code that the run is about; null: none of this exhibit's runs.
const PositionFunction* code_of(const Trace& trace) {
    const auto said = trace.texts().find("code");
    return said == trace.texts().end() ? nullptr : &position_code(said->second);
}

/// sin and cos of a sum: p_(i+s) is p_i with each pair of features turned by an angle that s alone decides, which p_s shows.
Check rotations(const Trace& trace) {
    const TraceTensor* code = trace.find("code");
    if (code == nullptr || code->values.shape().rank() != 2) return std::nullopt;
    const Index n = code->values.shape()[0], d = code->values.shape()[1];
    const Tensor<float>& computed = code->before.empty() ? code->values : code->before;
    if (!std::ranges::equal(computed.values(), sinusoidal_code<float>(0, n, d).values())) return std::nullopt;
    const auto at = [&](Index i, Index k) { return static_cast<double>(code->values.data()[i * d + k]); };
    double worst = 0;
    Index checked = 0;
    for (Index s = 1; s < n; ++s)
        for (Index i = 0; i + s < n; ++i)
            for (Index k = 0; k + 1 < d; k += 2, checked += 2) {
                const double sine = at(i, k) * at(s, k + 1) + at(i, k + 1) * at(s, k);
                const double cosine = at(i, k + 1) * at(s, k + 1) - at(i, k) * at(s, k);
                worst = std::max({worst, std::abs(sine - at(i + s, k)), std::abs(cosine - at(i + s, k + 1))});
            }
    return claim_of("code", checked, worst, 1e-5);
}

/// No two positions have the same code: in some feature they differ.
Check no_two_alike(const Trace& trace) {
    const TraceTensor* code = trace.find("code");
    const PositionFunction* function = code_of(trace);
    if (code == nullptr || function == nullptr || function->id != "sinusoidal" || code->values.shape().rank() != 2)
        return std::nullopt;
    const Index n = code->values.shape()[0], d = code->values.shape()[1];
    double least = INFINITY;
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < i; ++j) {
            double most = 0;
            for (Index k = 0; k < d; ++k)
                most = std::max(most,
                                std::abs(static_cast<double>(code->values.data()[i * d + k] - code->values.data()[j * d + k])));
            least = std::min(least, most);
        }
    return claim_whether("code", n * (n - 1) / 2, least > 0.01,
                         fmt::format("two positions differ by {:.3g} at most, by more than 0.01 claimed", least));
}

/// The row of a code in a table that is measured.
std::optional<Index> row_of(const TraceTensor& table, const std::string& code) {
    const auto& labels = table.info.axes.front()->labels;
    const auto found = std::ranges::find(labels, position_code(code).title);
    return found == labels.end() ? std::nullopt : std::optional<Index>(found - labels.begin());
}

/// On lists of lengths that both were trained on, a learned code is as good as the sinusoidal one.
Check learned_is_as_good(const Trace& trace) {
    constexpr Index trained = 3;  // dates in a list
    const TraceTensor* accuracy = trace.find("accuracy");
    if (accuracy == nullptr || accuracy->values.shape().rank() != 2) return std::nullopt;
    const auto learned = row_of(*accuracy, "learned"), sinusoidal = row_of(*accuracy, "sinusoidal");
    if (!learned || !sinusoidal) return std::nullopt;
    const Index lengths = std::min(trained, accuracy->values.shape()[1]);
    double behind = 0;
    for (Index n = 0; n < lengths; ++n)
        behind = std::max(
            behind, std::abs(static_cast<double>(accuracy->values.at({*sinusoidal, n}) - accuracy->values.at({*learned, n}))));
    if (!std::isfinite(behind)) return std::nullopt;  // the run is still measuring
    return claim_of("accuracy", lengths, behind, 0.05);
}

/// One query and one key of this run, put at every pair of positions: the score is the same wherever i - j is.
Check distance_alone(const Trace& trace) {
    const TraceTensor *q = trace.find("encoder.projected_query"), *k = trace.find("encoder.projected_key");
    if (q == nullptr || k == nullptr) return std::nullopt;
    const Index n = q->values.shape()[2], d = q->values.shape()[3];
    if (n < 2) return std::nullopt;
    Tensor<double> query(Shape{1, 1, n, d}), key(Shape{1, 1, n, d});
    for (Index i = 0; i < n * d; ++i) {
        query.data()[i] = static_cast<double>(q->values.data()[i % d]);
        key.data()[i] = static_cast<double>(k->values.data()[(n > 1 ? d : 0) + i % d]);
    }
    const Tensor<double> a = rotary_turned<double>(query, 0).value(), b = rotary_turned<double>(key, 0).value();
    const auto score = [&](Index i, Index j) {
        double sum = 0;
        for (Index u = 0; u < d; ++u) sum += a.data()[i * d + u] * b.data()[j * d + u];
        return sum / std::sqrt(static_cast<double>(d));
    };
    double worst = 0;
    for (Index i = 1; i < n; ++i)
        for (Index j = 1; j < n; ++j) worst = std::max(worst, std::abs(score(i, j) - score(i - 1, j - 1)));
    return claim_of("encoder.scores", (n - 1) * (n - 1), worst, 1e-5);
}

double most_moved(const TraceTensor& moved) {
    return static_cast<double>(*std::ranges::max_element(moved.values.values()));
}

Check order_is_lost(const Trace& trace) {
    const TraceTensor* moved = trace.find("moved");
    const PositionFunction* code = code_of(trace);
    if (moved == nullptr || moved->values.size() < 2 || code == nullptr || code->tells_distance || code->tells_direction)
        return std::nullopt;
    return claim_of("moved", moved->values.size(), most_moved(*moved), 1e-3);
}

/// What is the same on both sides of a token leaves a mirrored text the same text to an encoder.
Check mirror_is_the_same(const Trace& trace) {
    const TraceTensor* moved = trace.find("moved");
    const PositionFunction* code = code_of(trace);
    if (moved == nullptr || moved->values.size() < 2 || code == nullptr || !code->tells_distance || code->tells_direction)
        return std::nullopt;
    return claim_of("moved", moved->values.size(), most_moved(*moved), 1e-3);
}

Check order_matters(const Trace& trace) {
    const TraceTensor* moved = trace.find("moved");
    const PositionFunction* code = code_of(trace);
    if (moved == nullptr || moved->values.size() < 2 || code == nullptr || !code->tells_direction) return std::nullopt;
    return claim_whether("moved", moved->values.size(), most_moved(*moved) > 0.05,
                         fmt::format("no state moves by more than {:.3g}, 0.05 claimed", most_moved(*moved)));
}

/// Of one token there is no distance.
bool one_token(const Trace& trace) {
    const TraceTensor* term = trace.find("encoder.term");
    return term == nullptr || term->values.shape()[-1] < 2;
}

/// What relative codes add depends on the distance, and on nothing else.
Check bias_by_distance(const Trace& trace) {
    if (trace.find("encoder.position.slope") == nullptr || one_token(trace)) return std::nullopt;
    return consequence_holds(trace, "encoder.term[l,h,i,j] = -encoder.position.slope[h] * abs(i - j)");
}

Check shaw_by_distance(const Trace& trace) {
    const Step* step = trace.step_of("encoder.term");
    if (step == nullptr || trace.find("encoder.position.row") == nullptr || one_token(trace)) return std::nullopt;
    return rule_holds(trace, step->rule);
}

}  // namespace

Lesson positions_lesson() {
    Lesson lesson;
    lesson.title_english = "Where is a token?";
    lesson.title_chinese = "词元在哪里？";
    lesson.points = {
        {"Attention alone sees a set: without a code, reading the text backwards gives every token the same state as before.",
         "只有注意力时，看到的是一个集合：没有位置编码，倒着读这段文字，每个词元得到的状态不变。", order_is_lost},
        {"With a code that tells left from right the order counts: read backwards, the states change.",
         "有了能分左右的编码，顺序就起作用：倒着读，状态会变。", order_matters},
        {"Sinusoidal: going on by s positions turns each pair of features by an angle that depends on s alone. A linear map "
         "can find "
         "'s to the left', wherever it is.",
         "正弦编码：向前走 s 个位置，就是把每一对特征旋转一个只由 s 决定的角度。线性映射就能找到“左边第 s 个”，不论身在何处。",
         rotations},
        {"Sinusoidal: no two positions have the same code. Slow waves tell far apart what fast ones confuse.",
         "正弦编码：任何两个位置的编码都不相同。快的波会混淆的位置，由慢的波分开。", no_two_alike},
        {"Rotary turns queries and keys instead. Put one query and one key of this run at all pairs of positions: the score "
         "depends "
         "on i − j alone.",
         "旋转编码则旋转查询和键。把本次运行的一个查询和一个键放到所有位置上：得分只取决于 i − j。", distance_alone},
        {"ALiBi adds −m |i − j| to the scores, with a slope of its own for each head, and learns nothing for it.",
         "ALiBi 在得分上加 −m |i − j|，每个头有自己的斜率，无需学习任何参数。", bias_by_distance},
        {"In an encoder that penalty is the same on both sides: ALiBi tells near from far, but not left from right. Read "
         "backwards, "
         "the text gives the same states. (Its authors used it where a causal mask says what is left.)",
         "在编码器里，这个惩罚左右相同：ALiBi "
         "分得清远近，分不清左右，倒着读得到同样的状态。（提出者用它时，有因果掩码说明哪边是左。）",
         mirror_is_the_same},
        {"Shaw learns a vector for each distance up to k; beyond, all distances are one.",
         "Shaw 为不超过 k 的每个距离学一个向量；再远的距离都看作同一个。", shaw_by_distance},
        {"On lists as long as those of the training a learned code does as well as the sinusoidal one (Vaswani 2017, table 3, "
         "row E): measured under 'length', given the right characters before, to 5 points. Written freely, errors add up.",
         "在与训练时一样长的列表上，学习得到的编码与正弦编码一样好（Vaswani 2017，表 3，E "
         "行）：在“length”下实测，给定前面正确的字符，相差不超过 5 个百分点。自由书写时，错误会累积。",
         learned_is_as_good},
        {"A learned code has only as many positions as its table holds. Under 'length' see which codes still work on lists "
         "longer "
         "than "
         "those they were trained on.",
         "学习得到的位置只认得表里那么多个。在“length”下看看，哪些编码在比训练时更长的列表上仍然管用。", nullptr},
    };
    return lesson;
}

}  // namespace saccade
