#include "exhibit/induction_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

enum HeadScore { induction, previous };

/// Layer and head that "best.weights" are of, by the rule of its step.
std::optional<std::pair<Index, Index>> best_head(const Trace& trace) {
    const Step* step = trace.step_of("best.weights");
    if (step == nullptr) return std::nullopt;
    const std::size_t at = step->rule.find("self.weights[");
    int layer = 0, head = 0;
    if (at == std::string::npos || std::sscanf(step->rule.c_str() + at, "self.weights[%d,%d", &layer, &head) != 2)
        return std::nullopt;
    return std::pair<Index, Index>(layer, head);
}

/// Random tokens that come twice: <start>, n tokens, the same n. Their number; nullopt for any other text.
std::optional<Index> period_of(const Trace& trace) {
    const TraceTensor* ids = trace.find("token.id");
    if (ids == nullptr) return std::nullopt;
    const Index n = ids->values.size(), period = (n - 1) / 2;
    if (n != 2 * period + 1 || period < 8) return std::nullopt;
    const float* id = ids->values.data() + 1;
    for (Index i = 0; i < period; ++i) {
        if (id[i] != id[i + period]) return std::nullopt;
        for (Index j = 0; j < i; ++j)
            if (id[i] == id[j]) return std::nullopt;
    }
    return period;
}

std::optional<Claim> nothing_of_the_future(const Trace& trace) {
    const TraceTensor* weights = trace.find("self.weights");
    if (weights == nullptr) return std::nullopt;
    const Index n = weights->values.shape()[2], maps = weights->values.size() / (n * n);
    double most = 0;
    for (Index m = 0; m < maps; ++m)
        for (Index i = 0; i < n; ++i)
            for (Index j = i + 1; j < n; ++j)
                most = std::max(most, std::abs(static_cast<double>(weights->values.data()[(m * n + i) * n + j])));
    return claim_of("self.weights", maps * n * (n - 1) / 2, most);
}

/// The second copy costs less than the first, by more than e to one.
std::optional<Claim> second_copy_is_known(const Trace& trace) {
    const auto period = period_of(trace);
    const TraceTensor* losses = trace.find("losses");
    if (!period || losses == nullptr) return std::nullopt;
    const auto mean = [&](Index from, Index to) {
        double sum = 0;
        for (Index i = from; i < to; ++i) sum += static_cast<double>(losses->values.data()[i]);
        return sum / static_cast<double>(to - from);
    };
    const double gain = mean(1, *period + 1) - mean(*period + 2, 2 * *period + 1);
    return claim_of("losses", 2 * *period - 1, std::max(0.0, 1 - gain));
}

std::optional<Claim> draws_the_stripe(const Trace& trace) {
    const TraceTensor* scores = trace.find("head_scores");
    const auto best = best_head(trace);
    if (!period_of(trace) || scores == nullptr || !best) return std::nullopt;
    return claim_of("head_scores", 1,
                    std::max(0.0, 0.8 - static_cast<double>(scores->values.at({induction, best->first, best->second}))));
}

/// A head of the layer before looks at the previous token, and of all heads there it composes most with the best one.
std::optional<Claim> made_of_two(const Trace& trace) {
    const TraceTensor* scores = trace.find("head_scores");
    const TraceTensor* composition = trace.find("composition");
    const auto best = best_head(trace);
    if (!period_of(trace) || scores == nullptr || composition == nullptr || !best || best->first == 0) return std::nullopt;
    const Index heads = composition->values.shape()[0];
    Index looks_back = 0, composes = 0;
    for (Index h = 0; h < heads; ++h) {
        if (scores->values.at({previous, best->first - 1, h}) > scores->values.at({previous, best->first - 1, looks_back}))
            looks_back = h;
        if (composition->values.at({h, best->second}) > composition->values.at({composes, best->second})) composes = h;
    }
    const double weight = static_cast<double>(scores->values.at({previous, best->first - 1, looks_back}));
    return claim_of("composition", heads, (looks_back == composes ? 0 : 1) + std::max(0.0, 0.5 - weight));
}

std::optional<Claim> loss_rises_without_it(const Trace& trace) {
    const TraceTensor* means = trace.find("mean_loss");
    if (!period_of(trace) || means == nullptr || means->values.size() < 2) return std::nullopt;
    return claim_whether(
        "mean_loss", 2, means->values.data()[1] > means->values.data()[0],
        fmt::format("{:.3f} nats without the head, {:.3f} with it", means->values.data()[1], means->values.data()[0]));
}

}  // namespace

Lesson induction_lesson() {
    Lesson lesson;
    lesson.title_english = "A head that looks back";
    lesson.title_chinese = "会回头看的注意力头";
    lesson.points = {
        {"The model reads from left to right: every token looks at itself and at what came before, with weights that sum to 1, "
         "and "
         "never at what follows.",
         "模型从左往右读：每个词元只看自己和之前的词元，权重之和为 1，绝不看后面的。", nothing_of_the_future},
        {"Switch Random tokens on. The first copy cannot be foreseen, and its loss is high. In the second copy the loss falls "
         "to almost "
         "nothing, although no such sequence was ever seen: the model has learned to look things up in its own context.",
         "打开“Random tokens”。第一遍无法预见，损失很高；第二遍损失几乎降到 "
         "0，尽管这样的序列从未出现过：模型学会了在上下文里查找。",
         second_copy_is_known},
        {"The head that does it draws a stripe: from each token of the second copy to the one after its first occurrence. The "
         "mean weight "
         "there is the induction score; 0.8 and more on random tokens makes an induction head.",
         "做这件事的头画出一条斜线：从第二遍的每个词元指向它第一次出现之后的那个词元。那里的平均权重就是归纳得分（induction "
         "score）；在随机词元上达到 0.8 以上便是归纳头。",
         draws_the_stripe},
        {"It takes two layers. A head of the first looks at the token before and writes into each token what it came after. A "
         "head of the "
         "second asks: where did what I am now come before? Its keys read what the first head wrote; the K-composition table "
         "shows "
         "which head feeds which.",
         "这需要两层。第一层的一个头看前一个词元，把“我跟在谁后面”写进每个词元；第二层的头发问：和我相同的词元曾出现在谁之前？"
         "它的"
         "键读的正是前一个头写下的内容；K-composition 表显示谁供给谁。",
         made_of_two},
        {"Silence the head, and what could be looked up is harder to foresee: the second curve. It does not go back to chance, "
         "since "
         "the model grew more than one such head, and the others step in. Silence those, too: self.weights[1,:]*=0.",
         "让这个头沉默，本可查到的内容就更难预见：见第二条曲线。损失不会回到随机水平，因为模型长出了不止一个这样的头，其余的会"
         "补上。"
         "把它们也关掉：self.weights[1,:]*=0。",
         loss_rises_without_it},
        {"Scores are plain means of weights over what each kind of head looks for: the token after an earlier occurrence "
         "(induction), the "
         "token before, the earlier occurrence itself (duplicate). Try text of your own, with words that you made up.",
         "各项得分就是权重在相应位置上的平均：先前出现处之后的词元（归纳）、前一个词元、先前出现处本身（重复）。试试自己的文字"
         "，"
         "也可以用生造的词。",
         rule_check("head_scores")},
        {"The prediction comes straight from it: what the head reads is added to the last token's state and read out by the "
         "same table "
         "that embeds the tokens.",
         "预测由此直接得出：这个头读到的内容加到最后一个词元的状态上，再用嵌入词元的同一张表读出。", rule_check("logits")},
    };
    return lesson;
}

}  // namespace saccade
