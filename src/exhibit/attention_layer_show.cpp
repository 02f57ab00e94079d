#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/mask.hpp"
#include "attention/scaled_dot_product.hpp"
#include "autograd/ops.hpp"
#include "exhibit/attention_layer.hpp"

namespace saccade {

namespace {

constexpr const char* heads_source = "Vaswani 2017, section 3.2.2";
constexpr const char* attention_source = "Vaswani 2017, eq. 1";

/// Shows one layer; with one head, tensors have no axis of heads.
class Shower {
 public:
    Shower(RunContext& context, const AttentionLayer& layer, const LayerMask& mask, std::optional<Index> head)
        : probe_(context.probe),
          layer_(layer),
          mask_(mask),
          head_(head),
          n_(layer.tokens()),
          u_(layer.units()),
          d_(layer.design.d_model),
          heads_(head ? 1 : layer.design.heads) {}

    void show() {
        axes();
        const Tensor<float> read = show_read();
        Var<float> q = projected(read, layer_.projections.query, "query", "q", "Q", Role::query, "token");
        Var<float> k = projected(read, layer_.projections.key, "key", "k", "K", Role::key, "token.key");
        const Var<float> v = projected(read, layer_.projections.value, "value", "v", "V", Role::value, "token.key");
        const Var<float> weights = show_weights(q, k);
        const Var<float> context = show_context(weights, v);
        show_contribution(context);
        if (!head_) show_joined(context);
    }

 private:
    void axes() {
        probe_.axis({"token", AxisKind::query, n_, layer_.labels, "i"});
        probe_.axis({"token.key", AxisKind::key, n_, layer_.labels, "j"});
        probe_.axis({"feature", AxisKind::feature, d_, {}, "k"});
        probe_.axis({"unit", AxisKind::feature, u_, {}, "u"});
        if (!head_) probe_.axis({"head", AxisKind::head, heads_, {}, "h"});
    }

    /// "h," where there is an axis of heads.
    std::string h() const { return head_ ? "" : "h,"; }
    std::vector<std::string> over_heads(std::vector<std::string> axes) const {
        if (!head_) axes.insert(axes.begin(), "head");
        return axes;
    }
    /// Lets the probe see x [1, heads, ...] without the outer axes that it does not have.
    Var<float> shown(const ProbeSite& site, const Var<float>& x) {
        const Shape inner = x.shape().without(0);
        const Tensor<float> seen = x.value().reshape(head_ ? inner.without(0) : inner);
        return probe_.whole(site, seen).reshape(x.shape());
    }
    /// Rows (or columns) of a matrix that belong to the head, or to all: [heads, units, d].
    Tensor<float> rows_of_heads(const Tensor<float>& w) const {
        const Tensor<float> mine = head_ ? w.rows(*head_ * u_, u_) : w;
        return mine.reshape(head_ ? Shape{u_, d_} : Shape{heads_, u_, d_});
    }
    Tensor<float> bias_of_heads(const Tensor<float>& b) const {
        const Tensor<float> mine = head_ ? b.rows(*head_ * u_, u_) : b;
        return mine.reshape(head_ ? Shape{u_} : Shape{heads_, u_});
    }

    Tensor<float> show_read() {
        const Tensor<float> embedding =
            probe_.whole({"embedding", Role::embedding, "e", "Embedded tokens", "", {"token", "feature"}}, layer_.embedding);
        Tensor<float> input = layer_.input;
        if (!layer_.position.empty()) {
            const Tensor<float> code =
                probe_.whole({"position", Role::embedding, "p", "Position code", "", {"token", "feature"}}, layer_.position);
            input = add<float>(embedding, code).value();
            probe_.step({"position", "position", position_code(layer_.design.position).equation, "",
                         position_code(layer_.design.position).source});
        } else {
            input = embedding;
        }
        input = probe_.whole({"input", Role::embedding, "x", "Input of the first layer", "", {"token", "feature"}}, input);
        probe_.step({"embed", "embedding", "E[x_i] √d_model", "", "Vaswani 2017, section 3.4"});
        probe_.step({"add position", "input", layer_.position.empty() ? "x_i = e_i" : "x_i = e_i + p_i",
                     layer_.position.empty() ? "input[i,k] = embedding[i,k]" : "input[i,k] = embedding[i,k] + position[i,k]",
                     "Vaswani 2017, section 3.5"});
        Tensor<float> stream = input;
        std::string stream_name = "input";
        if (layer_.layer > 0) {
            stream_name = "stream";
            stream = probe_.whole({"stream",
                                   Role::state,
                                   "x",
                                   fmt::format("Residual stream after layer {}", layer_.layer),
                                   "",
                                   {"token", "feature"}},
                                  layer_.stream);
            probe_.step({"layers before", "stream", fmt::format("layers 1 to {}, on the input as it was typed", layer_.layer),
                         "", "Vaswani 2017, fig. 1"});
        }
        const ProbeSite site{"read", Role::state, "x̂", "What the layer reads", "", {"token", "feature"}};
        if (layer_.gain.empty()) {
            const Tensor<float> read = probe_.whole(site, stream);
            probe_.step({"read", "read", "x̂_i = x_i", fmt::format("read[i,k] = {}[i,k]", stream_name), "Vaswani 2017, fig. 1"});
            return read;
        }
        probe_.parameter("norm.gain", "γ", {"feature"}, layer_.gain);
        probe_.parameter("norm.bias", "β", {"feature"}, layer_.bias);
        const Tensor<float> read = probe_.whole(site, layer_norm<float>(stream, layer_.gain, layer_.bias).value());
        probe_.step(
            {"normalise", "read", "x̂_i = LN(x_i) = (x − μ) / σ ⊙ γ + β",
             fmt::format("read[i,k] = ({0}[i,k] - mean_m({0}[i,m])) / sqrt(mean_m(square({0}[i,m] - mean_n({0}[i,n]))) + "
                         "1e-05) * norm.gain[k] + norm.bias[k]",
                         stream_name),
             "Ba 2016, eq. 4"});
        return read;
    }

    /// [1, heads, n, units].
    Var<float> projected(const Tensor<float>& read, const Linear<float>& linear, const char* what, const char* symbol,
                         const char* letter, Role role, const std::string& axis) {
        const bool biased = !linear.bias.empty(), turns = layer_.code != nullptr && layer_.code->turns() && role != Role::value;
        const Tensor<float> w = rows_of_heads(linear.weight.value());
        probe_.parameter(fmt::format("weight.{}", what), fmt::format("W_{}", letter), over_heads({"unit", "feature"}), w);
        if (biased)
            probe_.parameter(fmt::format("bias.{}", what), fmt::format("b_{}", letter), over_heads({"unit"}),
                             bias_of_heads(linear.bias.value()));
        Var<float> x =
            affine<float>(read, w.reshape({heads_ * u_, d_}),
                          biased ? Var<float>(bias_of_heads(linear.bias.value()).reshape({heads_ * u_})) : Var<float>());
        x = transpose(reshape(x, {1, n_, heads_, u_}), 1, 2);
        const std::string title = role == Role::query ? "Queries" : role == Role::key ? "Keys" : "Values";
        const std::string name = (turns ? "projected_" : "") + std::string(what);
        const char i = role == Role::query ? 'i' : 'j';
        x = shown({name, role, symbol, turns ? title + " before they are turned" : title, "", over_heads({axis, "unit"})}, x);
        probe_.step({"project", name, fmt::format("{0}_{1} = W_{2} x̂_{1}", symbol, i, letter),
                     fmt::format("{0}[{1}{2},u] = sum_m(weight.{3}[{1}u,m] * read[{2},m]){4}", name, h(), i, what,
                                 biased ? fmt::format(" + bias.{}[{}u]", what, h()) : ""),
                     heads_source});
        if (!turns) return x;
        x = shown({what, role, symbol, title, "", over_heads({axis, "unit"})}, layer_.code->turned(x, 0));
        probe_.step({"turn", what, "R_(p θ) x: pairs of features turned by p θ",
                     fmt::format("{0}[{1}{2},u] = {3}[{1}{2},u] * cos({2} / 10000 ^ (u // 2 * 2 / {4})) + (u % 2 * 2 - 1) * "
                                 "{3}[{1}{2},u+1-u%2*2] * sin({2} / 10000 ^ (u // 2 * 2 / {4}))",
                                 what, h(), i, name, u_),
                     "Su 2021, eq. 34"});
        return x;
    }

    Var<float> show_weights(const Var<float>& q, const Var<float>& k) {
        Var<float> term = layer_.code == nullptr ? Var<float>() : layer_.code->score_term(q, 0, n_);
        if (!term.empty()) {
            if (head_ && term.shape()[1] != 1) term = slice(term, 1, *head_, 1);
            term = shown(
                {"term", Role::state, "t", "What the position code adds to the scores", "", over_heads({"token", "token.key"})},
                term);
            probe_.step({"position", "term", position_code(layer_.design.position).equation, "",
                         position_code(layer_.design.position).source});
        }
        const Var<float> scores =
            shown({"scores", Role::scores, "s", "Scores (scaled)", "", over_heads({"token", "token.key"})},
                  scaled_scores(q, k, term));
        probe_.step({"score", "scores", term.empty() ? "s_ij = q_i · k_j / √d_head" : "s_ij = q_i · k_j / √d_head + t_ij",
                     fmt::format("scores[{0}i,j] = sum_u(query[{0}i,u] * key[{0}j,u]) / sqrt({1}){2}", h(), u_,
                                 term.empty() ? "" : fmt::format(" + term[{}i,j]", h())),
                     attention_source});
        Tensor<float> hides(Shape{n_, n_});
        if (mask_.causal) hides = combine_masks(hides, causal_mask<float>(n_, n_));
        if (mask_.radius) hides = combine_masks(hides, window_mask<float>(n_, n_, *mask_.radius));
        hides = probe_.whole({"mask", Role::mask, "m", "Mask", "", {"token", "token.key"}}, hides.reshape({n_, n_}));
        std::string inside = mask_.causal ? "(j <= i)" : "";
        if (mask_.radius) inside += fmt::format("{}(abs(j - i) <= {})", mask_.causal ? " * " : "", *mask_.radius);
        probe_.step({"mask", "mask",
                     inside.empty() ? "m_ij = 0: nothing is hidden" : "m_ij = 0 where j may be seen, −∞ elsewhere",
                     inside.empty() ? "mask[i,j] = 0" : fmt::format("mask[i,j] = where({} > 0, 0, -inf)", inside),
                     "Vaswani 2017, section 3.2.3"});
        const Var<float> weights =
            shown({"weights", Role::weights, "α", "Attention weights", "weight", over_heads({"token", "token.key"})},
                  softmax(masked_scores(scores, hides)));
        probe_.step({"normalise", "weights", "α_ij = softmax_j(s_ij + m_ij)",
                     fmt::format("weights[{0}i,j] = softmax_j(scores[{0}i,j] + mask[i,j])", h()), attention_source});
        return weights;
    }

    Var<float> show_context(const Var<float>& weights, const Var<float>& v) {
        Var<float> z = matmul(weights, v);
        const Var<float> more = layer_.code == nullptr ? Var<float>() : layer_.code->context_term(weights, 0);
        if (!more.empty()) z = add(z, more);
        z = shown(
            {"context", Role::context, "z", head_ ? "Context" : "Context of each head", "", over_heads({"token", "unit"})}, z);
        probe_.step({"read", "context", more.empty() ? "z_i = Σ_j α_ij v_j" : "z_i = Σ_j α_ij (v_j + a^V_(j−i))",
                     more.empty() ? fmt::format("context[{0}i,u] = sum_j(weights[{0}i,j] * value[{0}j,u])", h()) : "",
                     attention_source});
        return z;
    }

    void show_contribution(const Var<float>& context) {
        // Columns of W_O that meet this head: [heads, d, units].
        const Tensor<float>& all = layer_.projections.output.weight.value();
        Tensor<float> w = Tensor<float>::uninitialized({heads_, d_, u_});
        for (Index head = 0; head < heads_; ++head)
            for (Index row = 0; row < d_; ++row)
                std::copy_n(all.data() + row * d_ + (head_.value_or(0) + head) * u_, u_, w.data() + (head * d_ + row) * u_);
        probe_.parameter("weight.output", "W_O", over_heads({"feature", "unit"}), head_ ? w.reshape({d_, u_}) : w);
        const Var<float> added = shown({"contribution", Role::state, "o", head_ ? "What the head adds" : "What each head adds",
                                        "", over_heads({"token", "feature"})},
                                       matmul(context, Var<float>(w.reshape({1, heads_, d_, u_})), true));
        probe_.step({"project", "contribution", head_ ? "o_i = W_O z_i" : "o_hi = W_O^h z_hi",
                     fmt::format("contribution[{0}i,k] = sum_u(weight.output[{0}k,u] * context[{0}i,u])", h()), heads_source});
        if (head_) return;
        Tensor<float> share(Shape{heads_, n_}), mean(Shape{heads_});
        for (Index head = 0; head < heads_; ++head)
            for (Index i = 0; i < n_; ++i) {
                double squares = 0;
                for (const float x : added.value().row(0).row(head).row(i).values())
                    squares += static_cast<double>(x) * static_cast<double>(x);
                share.data()[head * n_ + i] = static_cast<float>(std::sqrt(squares));
                mean.data()[head] += share.data()[head * n_ + i] / static_cast<float>(n_);
            }
        probe_.whole({"share", Role::state, "‖o‖", "Share of each head", "norm", {"head", "token"}}, share);
        probe_.step(
            {"measure", "share", "‖W_O^h z_hi‖", "share[h,i] = sqrt(sum_k(square(contribution[h,i,k])))", "Kobayashi 2020"});
        probe_.whole({"head.share", Role::state, "‖o_h‖", "Share of each head, mean over tokens", "norm", {"head"}}, mean);
        probe_.step({"measure", "head.share", "mean_i ‖W_O^h z_hi‖", "head.share[h] = mean_i(share[h,i])", "Kobayashi 2020"});
    }

    void show_joined(const Var<float>& context) {
        const Tensor<float> joined =
            probe_.whole({"concat", Role::context, "z", "Heads side by side", "", {"token", "feature"}},
                         reshape(transpose(context, 1, 2), {n_, d_}).value());
        probe_.step(
            {"join heads", "concat", "[z_1; …; z_h]", fmt::format("concat[i,k] = context[k//{0},i,k%{0}]", u_), heads_source});
        const Linear<float>& output = layer_.projections.output;
        probe_.parameter("weight.joined", "W_O", {"feature", "feature"}, output.weight.value());
        const bool biased = !output.bias.empty();
        if (biased) probe_.parameter("bias.output", "b_O", {"feature"}, output.bias.value());
        probe_.whole({"attended", Role::context, "a", "Heads joined and projected", "", {"token", "feature"}},
                     output(Var<float>(joined)).value());
        probe_.step(
            {"project", "attended", "a_i = W_O [z_1; …; z_h] + b_O",
             fmt::format("attended[i,k] = sum_m(weight.joined[k,m] * concat[i,m]){}", biased ? " + bias.output[k]" : ""),
             heads_source});
    }

    Probe& probe_;
    const AttentionLayer& layer_;
    const LayerMask& mask_;
    std::optional<Index> head_;
    Index n_, u_, d_, heads_;
};

}  // namespace

void show_attention(RunContext& context, const AttentionLayer& layer, const LayerMask& mask, std::optional<Index> head) {
    Shower(context, layer, mask, head).show();
}

}  // namespace saccade
