#include "exhibit/alignment_lesson.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/attention_share.hpp"
#include "exhibit/lesson_checks.hpp"
#include "exhibit/word_alignment.hpp"
#include "model/word_aligner.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

const TraceTensor* weights_of(const Trace& trace) {
    return trace.find("weights");
}

bool normalised(const Trace& trace) {
    const Step* step = trace.step_of("weights");
    return step == nullptr || step->normalised;
}

/// Of hard attention: every weight was computed as 0 or 1. A window that is one position wide is none, and one position leaves
/// no choice.
bool is_hard(const Trace& trace, const TraceTensor& weights) {
    if (trace.find("mask") != nullptr || weights.values.shape()[1] < 2) return false;
    const Tensor<float>& computed = weights.before.empty() ? weights.values : weights.before;
    return std::ranges::all_of(computed.values(), [](float v) { return v == 0.0f || v == 1.0f; });
}

Check rows_sum(const Trace& trace) {
    const TraceTensor* weights = weights_of(trace);
    if (weights == nullptr || weights->values.shape()[1] < 2) return std::nullopt;
    return rows_sum_to_one(*weights);
}

Check hard_rows_have_one(const Trace& trace) {
    const TraceTensor* weights = weights_of(trace);
    if (weights == nullptr || !is_hard(trace, *weights)) return std::nullopt;
    const Index columns = weights->values.shape()[1], rows = weights->values.shape()[0];
    double worst = 0;
    for (Index r = 0; r < rows; ++r) {
        const auto row = weights->values.row(r);
        const auto ones = std::ranges::count(row.values(), 1.0f), zeros = std::ranges::count(row.values(), 0.0f);
        worst = std::max(worst, static_cast<double>(std::abs(ones - 1) + (columns - ones - zeros)));
    }
    return claim_of("weights", rows * columns, worst);
}

/// Local attention: what is outside of the window has no weight at all.
Check nothing_outside(const Trace& trace) {
    const TraceTensor* weights = weights_of(trace);
    const TraceTensor* mask = trace.find("mask");
    if (weights == nullptr || mask == nullptr || mask->values.shape() != weights->values.shape()) return std::nullopt;
    double outside = 0;
    Index hidden = 0;
    for (Index i = 0; i < mask->values.size(); ++i) {
        if (!std::isinf(mask->values.data()[i])) continue;
        ++hidden;
        outside = std::max(outside, static_cast<double>(std::abs(weights->values.data()[i])));
    }
    return claim_of("weights", hidden, outside);
}

Check rows_sum_to_less(const Trace& trace) {
    const TraceTensor* weights = weights_of(trace);
    if (weights == nullptr || normalised(trace)) return std::nullopt;
    double excess = 0;
    for (Index r = 0; r < weights->values.shape()[0]; ++r) {
        double sum = 0;
        const Tensor<float> row = weights->values.row(r);
        for (const float v : row.values()) sum += static_cast<double>(v);
        excess = std::max(excess, sum - 1);
    }
    return about_rows(claim_of("weights", weights->values.shape()[0], excess, 1e-5), *weights);
}

/// Is the context within what the annotations span, coordinate by coordinate? A weighted mean cannot leave it.
Check context_between(const Trace& trace) {
    const TraceTensor* context = trace.find("context");
    const TraceTensor* annotations = trace.find("annotations");
    const TraceTensor* weights = weights_of(trace);
    if (context == nullptr || annotations == nullptr || weights == nullptr || !normalised(trace)) return std::nullopt;
    const Index d = context->values.shape()[1], n = annotations->values.shape()[0];
    if (n < 2) return std::nullopt;  // of one annotation there is no mean
    double beyond = 0;
    for (Index k = 0; k < d; ++k) {
        float low = annotations->values.data()[k], high = low;
        for (Index j = 1; j < n; ++j) {
            low = std::min(low, annotations->values.data()[j * d + k]);
            high = std::max(high, annotations->values.data()[j * d + k]);
        }
        for (Index i = 0; i < context->values.shape()[0]; ++i) {
            if (sees_nothing(*weights, i)) continue;  // and reads nothing
            const float c = context->values.data()[i * d + k];
            beyond = std::max({beyond, static_cast<double>(c - high), static_cast<double>(low - c)});
        }
    }
    return about_rows(claim_of("context", context->values.size(), beyond, 1e-4), *weights);
}

Check same_context_always(const Trace& trace) {
    const TraceTensor* context = trace.find("context");
    if (context == nullptr || trace.find("encoder.fixed") == nullptr || context->values.shape()[0] < 2) return std::nullopt;
    const Index d = context->values.shape()[1];
    double differs = 0;
    for (Index i = d; i < context->values.size(); ++i)
        differs = std::max(differs, static_cast<double>(std::abs(context->values.data()[i] - context->values.data()[i % d])));
    return claim_of("context", context->values.size(), differs);
}

/// Location scores know positions, not content: with their rule the annotations have no part in them.
Check scores_ignore_content(const Trace& trace) {
    const Step* step = trace.step_of("scores");
    if (step == nullptr || step->source != "Luong 2015, eq. 7") return std::nullopt;
    const bool reads_keys =
        step->rule.find("keys[") != std::string::npos || step->rule.find("annotations[") != std::string::npos;
    return claim_of("scores", 1, reads_keys ? 1 : 0);
}

/// The best hypothesis of the beam scores at least as well as every other that ended.
Check best_hypothesis_first(const Trace& trace) {
    const TraceTensor* score = trace.find("beam.score");
    const TraceTensor* rank = trace.find("beam.rank");
    if (score == nullptr || rank == nullptr) return std::nullopt;
    double best = -INFINITY, other = -INFINITY;
    Index ended = 0;
    for (Index i = 0; i < rank->values.size(); ++i) {
        const float r = rank->values.data()[i];
        if (!(r >= 1)) continue;
        ++ended;
        (r == 1.0f ? best : other) = std::max(r == 1.0f ? best : other, static_cast<double>(score->values.data()[i]));
    }
    if (ended < 2) return std::nullopt;
    return claim_of("beam.score", ended, std::max(0.0, other - best));
}

/// In which of its rows the aligner links the output token at all, and whether the largest weight is on a linked character.
struct Linked {
    Index rows = 0, on_link = 0, on_mark = 0;  // on_mark: on a full stop or another mark that the token is not linked to
};

bool is_mark(const std::string& label) {
    return label == "。" || label == "?" || label == "!" || label == "," || label == ".";
}

std::optional<Linked> linked_rows(const Trace& trace) {
    const TraceTensor *weights = weights_of(trace), *agreement = trace.find(agreement_tensor);
    const AxisPtr source = trace.axis("source");
    if (weights == nullptr || agreement == nullptr || source == nullptr) return std::nullopt;
    if (agreement->values.shape() != weights->values.shape()) return std::nullopt;
    Linked count;
    for (Index r = 0; r < weights->values.shape()[0]; ++r) {
        const auto row = weights->values.row(r), links = agreement->values.row(r);
        if (std::ranges::max(links.values()) < WordAligner::threshold || sees_nothing(*weights, r)) continue;
        ++count.rows;
        const auto at = static_cast<std::size_t>(std::ranges::max_element(row.values()) - row.values().begin());
        if (links.values()[at] >= WordAligner::threshold)
            ++count.on_link;
        else if (is_mark(source->labels.at(at)))
            ++count.on_mark;
    }
    return count.rows == 0 ? std::nullopt : std::optional(count);
}

std::optional<Linked> linked_rows_of(const Trace& trace, const std::string& training) {
    const auto said = trace.texts().find("training");
    if (said == trace.texts().end() || said->second != training) return std::nullopt;
    return linked_rows(trace);
}

/// At least one linked word is looked for elsewhere.
Check free_looks_elsewhere(const Trace& trace) {
    const std::optional<Linked> count = linked_rows_of(trace, "free");
    if (!count) return std::nullopt;
    return claim_of("weights", count->rows, count->on_link < count->rows ? 0 : 1);
}

/// Such a word is looked for at a punctuation mark: nothing is said of a run without one.
Check free_looks_at_a_mark(const Trace& trace) {
    const std::optional<Linked> count = linked_rows_of(trace, "free");
    if (!count || count->on_mark == 0) return std::nullopt;
    return claim_of("weights", count->rows, static_cast<double>(count->on_mark), 0.4 * static_cast<double>(count->rows));
}

/// In three linked words of five the largest weight is on a linked character.
Check guided_looks_at_links(const Trace& trace) {
    const std::optional<Linked> count = linked_rows_of(trace, "guided");
    if (!count) return std::nullopt;
    return claim_of("weights", count->rows, static_cast<double>(count->rows - count->on_link),
                    0.4 * static_cast<double>(count->rows));
}

}  // namespace

Lesson alignment_lesson() {
    Lesson lesson;
    lesson.title_english = "Attention as alignment";
    lesson.title_chinese = "作为对齐的注意力";
    lesson.points = {
        {"At every output token a score says how well each source position fits; the alignment makes weights of them: each row "
         "sums "
         "to 1. "
         "(Under local-p this is broken: the paper multiplies by a Gaussian and does not normalise again.)",
         "每写一个词元，打分函数给每个原文位置打分，对齐函数把分数变成权重：每一行之和为 1。（在 local-p "
         "下不成立：论文再乘一个高斯，之后不再归一化。）",
         rows_sum},
        {"The context is a weighted mean of the annotations, so in no coordinate can it leave the range that they span.",
         "上下文向量是标注的加权平均，因此在任何一个坐标上都不会超出标注的取值范围。", context_between},
        {"Hard attention takes one position and nothing else. The choice has no gradient: the sampled model was taught by "
         "REINFORCE, from "
         "the reward alone, and nobody showed it the right positions.",
         "硬注意力只取一个位置，别的都不要。这个选择没有梯度：抽样的模型是用 REINFORCE "
         "只凭奖励学会的，没有人告诉它正确的位置。",
         hard_rows_have_one},
        {"Local attention looks through a window. Local-m assumes that source and output run in step, which dates do not; "
         "local-p learns "
         "where to put the window. Outside of it there is no weight.",
         "局部注意力只透过一个窗口看。local-m 假定原文与输出同步前进，而日期并非如此；local-p "
         "学会把窗口放在哪里。窗口之外没有权重。",
         nothing_outside},
        {"Under local-p a row sums to at most 1, since the Gaussian takes away what is far from the centre.",
         "在 local-p 下，每一行之和至多为 1，因为高斯削去了远离中心的部分。", rows_sum_to_less},
        {"Location scores come from the decoder's state alone. They never look at what stands at a position, so they only work "
         "as far as "
         "the state already knows the form of the date.",
         "基于位置的打分只来自解码器的状态，从不看某个位置上写着什么；只有状态已经知道日期的写法时，它才管用。",
         scores_ignore_content},
        {"Without attention the decoder reads the same context at every step: one vector for the whole sentence.",
         "没有注意力时，解码器每一步读到的都是同一个上下文：整句话只有一个向量。", same_context_always},
        {"Free, attention is no alignment: a word that the aligner links has its largest weight elsewhere (Koehn and Knowles "
         "2017, "
         "section 3.5). The annotations have read the whole sentence, so another position can hold what the word needs.",
         "“自由”训练的注意力并不是对齐：有的词明明能连到某个字，最大权重却在别处（Koehn 与 Knowles "
         "2017，3.5 节）。标注已经读过整句话，别的位置也可以存着这个词所需的内容。",
         free_looks_elsewhere},
        {"Such a word can look at 。 or another mark: what it writes follows from what was written before, so it reads the "
         "source "
         "where nothing stands (Ferrando and Costa-jussà 2021). Learned from few sentences, many do; short pairs of a "
         "dictionary "
         "leave few of them, at most two words in five: try 请把门关上。",
         "这样的词可能看着“。”一类的标点：它可以由已经写出的词推出来，于是到没有内容的地方去“看”原文（Ferrando 与 Costa-jussà "
         "2021）。只从少量句子学来的模型里这样的词很多；学过词典里的短句对以后就少了，最多五分之二：试试“请把门关上。”",
         free_looks_at_a_mark},
        {"Guided, the model also learned to look where a word aligner links the word that it writes: of the linked words at "
         "least "
         "three in five have their largest weight on a linked character, and most often more (Mi 2016, Liu 2016).",
         "“引导”训练时，模型还学着去看词对齐器给所写的词连上的字：有连线的词里，至少五分之三把最大权重放在连上的字上，通常更多"
         "（Mi "
         "2016，Liu 2016）。",
         guided_looks_at_links},
        {"Attention is the cheap part of a recurrent translator: counted on this run, at most a fifth of the multiply-adds are "
         "its "
         "own, and at most a tenth of the numbers are its scores and weights; all else is recurrence and read-out. But its "
         "part "
         "grows as source times output, theirs as source plus output.",
         "注意力是循环翻译模型里便宜的部分：在本次运行上数一数，它至多占乘加次数的五分之一，打分与权重至多占所有数的十分之一，"
         "其余都是循环与读出。不过它的那一份随 原文长度 × 输出长度 增长，其余的只随 原文长度 + 输出长度 增长。",
         attention_is_a_small_share},
        {"Beam search keeps several outputs alive. The first of the finished ones has the best score; the others show what the "
         "model "
         "also thought possible.",
         "束搜索让几个候选同时存活。排在第一的分数最高，其余的则显示模型还认为有哪些可能。", best_hypothesis_first},
    };
    return lesson;
}

}  // namespace saccade
