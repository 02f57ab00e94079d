#include "exhibit/complexity_lesson.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

enum class Kind : Index { self_attention, recurrent, convolution, restricted };

/// A cell of a table with a row per kind of layer; the last column where `column` is -1.
double cell(const TraceTensor& table, Kind kind, Index column) {
    const Index n = table.values.shape()[1];
    return static_cast<double>(table.values.data()[static_cast<Index>(kind) * n + (column < 0 ? n - 1 : column)]);
}

/// Counted exponents are those of the formulas.
std::optional<Claim> counts_have_the_exponents(const Trace& trace) {
    double worst = 0;
    for (const char* name : {"exponents.n", "exponents.d"}) {
        const TraceTensor* exponents = trace.find(name);
        if (exponents == nullptr) return std::nullopt;
        for (const Kind kind : {Kind::self_attention, Kind::recurrent, Kind::convolution, Kind::restricted})
            worst = std::max(worst, std::abs(cell(*exponents, kind, 0) - cell(*exponents, kind, 1)));
    }
    return claim_of("exponents.n", 8, worst, 1e-4);
}

/// Only self-attention grows faster than the sequence. Loose: a machine that does other things at the same time measures badly.
std::optional<Claim> attention_bends_up(const Trace& trace) {
    const TraceTensor* exponents = trace.find("exponents.n");
    if (exponents == nullptr || exponents->values.shape()[1] < 3) return std::nullopt;
    const double attention = cell(*exponents, Kind::self_attention, 2);
    if (!std::isfinite(attention)) return std::nullopt;  // the run is still measuring
    double worst = std::max(0.0, 1.3 - attention);
    for (const Kind kind : {Kind::recurrent, Kind::convolution, Kind::restricted})
        worst = std::max(worst, cell(*exponents, kind, 2) - attention + 0.2);
    return claim_of("exponents.n", 4, std::max(0.0, worst));
}

std::optional<Claim> recurrence_waits(const Trace& trace) {
    const TraceTensor* steps = trace.find("sequential");
    const TraceTensor* sizes = trace.find("size.n");
    if (steps == nullptr || sizes == nullptr) return std::nullopt;
    const Index points = sizes->values.size();
    double wrong = 0;
    for (Index i = 0; i < points; ++i)
        for (const Kind kind : {Kind::self_attention, Kind::recurrent, Kind::convolution, Kind::restricted})
            wrong +=
                cell(*steps, kind, i) != (kind == Kind::recurrent ? static_cast<double>(sizes->values.data()[i]) : 1.0) ? 1 : 0;
    return claim_of("sequential", 4 * points, wrong);
}

std::optional<Claim> attention_reaches_at_once(const Trace& trace) {
    const TraceTensor* paths = trace.find("path");
    const TraceTensor* sizes = trace.find("size.n");
    if (paths == nullptr || sizes == nullptr) return std::nullopt;
    const Index points = sizes->values.size();
    double wrong = 0;
    for (Index i = 0; i < points; ++i) {
        wrong += cell(*paths, Kind::self_attention, i) != 1 ? 1 : 0;
        wrong += cell(*paths, Kind::recurrent, i) != static_cast<double>(sizes->values.data()[i]) - 1 ? 1 : 0;
        for (const Kind kind : {Kind::convolution, Kind::restricted})
            wrong += cell(*paths, kind, i) >= 1 && cell(*paths, kind, i) < cell(*paths, Kind::recurrent, i) ? 0 : 1;
    }
    return claim_of("path", 4 * points, wrong);
}

/// Self-attention costs less than a recurrent layer exactly where n < d.
std::optional<Claim> cheaper_while_shorter(const Trace& trace) {
    double wrong = 0;
    Index checked = 0;
    for (const char* name : {"operations.n", "operations.d"}) {
        const TraceTensor* counts = trace.find(name);
        if (counts == nullptr) return std::nullopt;
        const Index points = counts->values.shape()[1];
        int changes = 0;
        for (Index i = 1; i < points; ++i) {
            const auto cheaper = [&](Index at) {
                return cell(*counts, Kind::self_attention, at) <= cell(*counts, Kind::recurrent, at);
            };
            changes += cheaper(i) != cheaper(i - 1) ? 1 : 0;
        }
        wrong += changes > 1 ? 1 : 0;
        checked += points;
    }
    return claim_of("operations.n", checked, wrong);
}

}  // namespace

Lesson complexity_lesson() {
    Lesson lesson;
    lesson.title_english = "What a layer costs";
    lesson.title_chinese = "一层的代价";
    lesson.points = {
        {"Counted, not assumed: the multiply-adds of every matrix product that a layer does are added up, and are n²d for "
         "self-attention (twice: scores and read), nd² for a recurrence (twice: input and state), knd² for a convolution, rnd "
         "for restricted self-attention (twice, too).",
         "不是相信，而是数出来的：把一层所做的每次矩阵乘法的乘加次数累加，自注意力为 n²d（打分与读取两次），循环层为 "
         "nd²（输入与状态两次），卷积为 knd²，受限自注意力为 rnd。",
         rule_check("operations.n")},
        {"Doublings stand equally far apart and the times are logarithms, so a power law is a straight line and its slope the "
         "exponent. The counts have exactly those of the table.",
         "横轴每一格翻一倍，纵轴是时间的对数，于是幂律成为直线，斜率就是指数。计数的指数与表中完全一致。",
         counts_have_the_exponents},
        {"Measured on this machine, self-attention alone bends up as the sequence grows. The measured exponents are near those "
         "of "
         "the formula, not equal: small layers pay the overhead of a call, wide matrices use the processor better, the softmax "
         "costs "
         "too. "
         "The ± is the standard error of the fit.",
         "在这台机器上实测，随序列变长，只有自注意力的曲线更陡。实测指数接近公式，但不相等：小的层要为调用付出固定代价，宽的矩"
         "阵"
         "能更好地利用处理器，softmax 也要时间。± 是拟合的标准误差。",
         attention_bends_up},
        {"A recurrence must wait: n steps one after the other. The other three do all positions at once.",
         "循环层必须等待：n 步一步接一步；其余三种一次处理所有位置。", recurrence_waits},
        {"Between any two tokens lies one layer of self-attention, n − 1 steps of a recurrence, about log_k n layers of "
         "dilated "
         "convolutions, about 2n / r layers of restricted self-attention, which looks half of r either way: the shorter the "
         "path, the easier a long dependence is "
         "learned. Here the path is walked along what each layer really looks at.",
         "任意两个词元之间，自注意力只隔一层，循环层要走 n − 1 步，空洞卷积约 log_k n 层，受限自注意力（左右各看 r / 2 个）约 "
         "2n / r "
         "层：路径越短，远距离的依赖越容易学到。这里的路径是沿着每层真正看到的位置走出来的。",
         attention_reaches_at_once},
        {"Self-attention is the cheaper of the two while the sequence is shorter than the features are many, n < d; as "
         "sentences "
         "were when it was proposed. The curves over n and over d cross once.",
         "序列比特征维数短（n < d）时自注意力比循环层便宜，它被提出时的句子正是如此。曲线随 n、随 d 各只相交一次。",
         cheaper_while_shorter},
        {"Restrict it to r neighbours and the n² is gone, at the price of a longer path. Try r = 4 and r = 32.",
         "只看 r 个邻居，n² 就消失了，代价是路径变长。试试 r = 4 与 r = 32。", rule_check("operations.d")},
    };
    return lesson;
}

}  // namespace saccade
