#include "exhibit/transformer_lesson.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/attention_checks.hpp"
#include "nn/conv.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// Pre-norm: what leaves the decoder's last layer is its input and what each sub-layer added.
Check residual_stream(const Trace& trace) {
    const TraceTensor *input = trace.find("decoder.input"), *state = trace.find("decoder.state");
    if (input == nullptr || state == nullptr || trace.find("decoder.norm") == nullptr) return std::nullopt;
    const Index layers = state->values.shape()[0], cells = input->values.size();
    std::vector<double> sum(static_cast<std::size_t>(cells));
    std::ranges::copy(input->values.values(), sum.begin());
    for (const char* name : {"decoder.attended", "cross.attended", "decoder.feed_forward"}) {
        const TraceTensor* added = trace.find(name);
        if (added == nullptr || added->values.size() != layers * cells) return std::nullopt;
        for (Index i = 0; i < layers * cells; ++i)
            sum[static_cast<std::size_t>(i % cells)] += static_cast<double>(added->values.data()[i]);
    }
    double worst = 0, largest = 1;
    const Tensor<float> last = state->values.row(layers - 1);
    for (Index i = 0; i < cells; ++i) {
        worst = std::max(worst, std::abs(sum[static_cast<std::size_t>(i)] - static_cast<double>(last.data()[i])));
        largest = std::max(largest, std::abs(static_cast<double>(last.data()[i])));
    }
    return claim_of("decoder.state", cells, worst / largest, 1e-5);
}

/// Greedy: every output token has the largest logit of its row. Where the decoder sees what it wrote later, the logits that are
/// shown are not those that it chose by.
Check greedy(const Trace& trace) {
    const TraceTensor *logits = trace.find("logits"), *ids = trace.find("output.id");
    if (logits == nullptr || ids == nullptr || trace.find("beam.score") != nullptr || sees_the_future(trace, "decoder"))
        return std::nullopt;
    double behind = 0;
    const Index n = ids->values.size();
    for (Index i = 0; i < n; ++i) {
        const auto row = logits->values.row(i);
        const auto chosen = static_cast<Index>(ids->values.data()[i]);
        behind = std::max(behind, static_cast<double>(*std::ranges::max_element(row.values()) - row.data()[chosen]));
    }
    return claim_of("output.id", n, behind, 1e-4);
}

/// The same layer by the convolutions of the networks of pictures, over a picture of one row, a kernel of one pixel.
Check two_convolutions(const Trace& trace) {
    const TraceTensor *read = trace.find("encoder.norm2"), *given = trace.find("encoder.feed_forward");
    const Step* activated = trace.step_of("encoder.hidden");
    if (read == nullptr || given == nullptr || activated == nullptr || activated->formula.find("max(0") == std::string::npos)
        return std::nullopt;
    const auto kernel = [&](const char* name, Index layer) {
        const std::string of = std::string("encoder.feed_forward.") + name;
        const Tensor<float> weight = trace.tensor(of + ".weight").values.row(layer);
        return Conv2d<float>{weight.reshape({weight.shape()[0], weight.shape()[1], 1, 1}),
                             trace.tensor(of + ".bias").values.row(layer)};
    };
    double worst = 0, largest = 1;
    for (Index l = 0; l < read->values.shape()[0]; ++l) {
        const Tensor<float> x = read->values.row(l), expected = given->values.row(l);
        const Var<float> hidden = kernel("in", l).then_relu(x.reshape({1, 1, x.shape()[0], x.shape()[1]}));
        const Tensor<float> out = kernel("out", l)(hidden).value();
        for (Index i = 0; i < out.size(); ++i) {
            worst = std::max(worst, std::abs(static_cast<double>(out.data()[i] - expected.data()[i])));
            largest = std::max(largest, std::abs(static_cast<double>(expected.data()[i])));
        }
    }
    return claim_of("encoder.feed_forward", given->values.size(), worst / largest, 1e-5);
}

/// Every number of the table that reads the output is one of that which writes it: V d of them are kept once.
Check table_is_shared(const Trace& trace) {
    const TraceTensor *writes = trace.find("softmax.weight"), *reads = trace.find("decoder.embedding.weight");
    if (writes == nullptr || reads == nullptr) return std::nullopt;
    double apart = 0;
    for (Index c = 0; c < writes->values.shape()[0]; ++c)
        apart += std::ranges::equal(writes->values.row(c).values(), reads->values.row(c).values()) ? 0 : 1;
    return claim_of("softmax.weight", writes->values.size(), apart);
}

}  // namespace

Lesson transformer_lesson() {
    Lesson lesson;
    lesson.title_english = "Attention is all there is";
    lesson.title_chinese = "只有注意力";
    lesson.points = {
        {"There is no recurrence: what a token knows of the others comes through attention alone. Each head of each layer "
         "hands "
         "out one unit of weight per query, so every row sums to 1, in all three kinds of attention.",
         "这里没有循环：一个词元对其他词元的了解全都来自注意力。每一层的每个头都为每个查询分配总量为 1 "
         "的权重，因此三种注意力的每一行之和都是 1。",
         sums_check({"encoder.weights", "decoder.weights", "cross.weights"})},
        {"The encoder looks both ways: a character may draw on those that come after it.",
         "编码器左右都看：一个字可以从它后面的字取得信息。", both_ways_check("encoder")},
        {"The decoder must not see what it has yet to write, or there would be nothing to learn: the causal mask is −∞ there, "
         "and "
         "the weights are 0.",
         "解码器不能看到还没写出的内容，否则就没什么可学了：因果掩码在那里是 −∞，权重为 0。", no_future_check("decoder")},
        {"In cross-attention the queries come from the decoder; keys and values come from the encoder's last layer, the same "
         "for "
         "every decoder layer to project in its own way.",
         "在交叉注意力中，查询来自解码器；键和值来自编码器的最后一层，解码器的每一层用各自的投影去读同一份内容。",
         rule_check("cross.key")},
        {"A layer replaces nothing, it adds: the last state is the embedded token plus what each sub-layer contributed. That "
         "sum is "
         "the residual stream.",
         "每一层并不替换什么，而是往上加：最后的状态等于词元的嵌入加上各子层的贡献，这个和就是残差流。", residual_stream},
        {"The feed-forward layer sees one position at a time, and does the same at each: it is two convolutions whose kernel "
         "is "
         "one token wide (Vaswani 2017, section 3.3). Executed: the convolutions of the networks of pictures give the same "
         "numbers.",
         "前馈层一次只看一个位置，对每个位置做同样的事：它就是核宽为一个词元的两次卷积（Vaswani "
         "2017，3.3 节）。实际执行：用图像网络的卷积来算，结果相同。",
         two_convolutions},
        {"To write a token its state is compared with the embedding of every token: the table that reads is the table that "
         "writes.",
         "写出一个词元时，用它的状态与每个词元的嵌入作比较：读入用的表就是写出用的表。", rule_check("logits")},
        {"So V · d numbers stand in the file once and not twice: every row of the one table is a row of the other (Press and "
         "Wolf "
         "2017). What that costs in BLEU is not known here: none of our translators was trained with two tables.",
         "因此 V · d 个数只存一份而不是两份：一张表的每一行就是另一张表的那一行（Press 与 Wolf "
         "2017）。这样做在 BLEU 上的代价，这里并不知道：我们没有用两张表训练过翻译模型。",
         table_is_shared},
        {"Greedy decoding takes the likeliest token and never looks back. (Forced outputs break this; that is what forcing is "
         "for.)",
         "贪心解码总是取最可能的词元，从不回头。（强制输出时此条不成立，而这正是强制输出的用处。）", greedy},
        {"With a radius, self-attention is restricted to neighbours: beyond it there is no weight. Distant tokens then need "
         "several "
         "layers to reach each other.",
         "设了半径之后，自注意力只限于邻近的词元，半径之外没有权重；相距较远的词元要经过好几层才能互相影响。",
         masked_check("encoder")},
    };
    return lesson;
}

}  // namespace saccade
