#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "exhibit/attention_layer.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

constexpr const char* heads_source = "Vaswani 2017, section 3.2.2";

/// Shows one layer; with one head, tensors have no axis of heads.
class Shower {
 public:
    Shower(RunContext& context, const AttentionLayer& layer, const Visibility& visibility, std::optional<Index> head)
        : probe_(context.probe),
          observe_(context.probe),
          layer_(layer),
          visibility_(visibility),
          head_(head),
          n_(layer.tokens()),
          u_(layer.units()),
          d_(layer.design.d_model),
          heads_(head ? 1 : layer.design.heads) {}

    void show() {
        axes();
        const Var<float> read = show_read().reshape({1, n_, d_});
        const MultiHeadAttention<float> attention = head_ ? head_alone() : layer_.attention;
        const AttentionNames own = names();
        const AttentionView view{observe_, &own};
        const KeysValues<float> kv = attention.keys_values(read, 0, view);
        const Var<float> context = attention.heads(read, kv, visibility_.mask<float>(n_, n_), 0, view).context;
        if (head_)
            show_contribution(context.value(), "context[i,u]", "o_i = W_O z_i");
        else
            show_joined(context);
    }

 private:
    const PositionFunction& position() const { return position_code(layer_.design.position); }

    void axes() {
        probe_.axis({"token", AxisKind::query, n_, layer_.labels, "i"});
        probe_.axis({"token.key", AxisKind::key, n_, layer_.labels, "j"});
        probe_.axis({"feature", AxisKind::feature, d_, {}, "k"});
        probe_.axis({"unit", AxisKind::feature, u_, {}, "u"});
        if (!head_) probe_.axis({"head", AxisKind::head, heads_, {}, "h"});
        declare_position_axes(probe_, position(), layer_.sizes, "");
    }

    /// "h," where there is an axis of heads.
    std::string h() const { return head_ ? "" : "h,"; }
    std::vector<std::string> over_heads(std::vector<std::string> axes) const {
        if (!head_) axes.insert(axes.begin(), "head");
        return axes;
    }
    /// Rows (or columns) of a matrix that belong to the head, or to all: [heads, units, d].
    Tensor<float> rows_of_heads(const Tensor<float>& w) const {
        return head_ ? w.rows(*head_ * u_, u_) : w.reshape({heads_, u_, d_});
    }
    Tensor<float> bias_of_heads(const Tensor<float>& b) const {
        return head_ ? b.rows(*head_ * u_, u_) : b.reshape({heads_, u_});
    }
    /// Columns of W_O that meet a head, or each: [heads, d, units].
    Tensor<float> columns_of_heads() const {
        const Tensor<float>& all = layer_.attention.projections().output.weight.value();
        Tensor<float> w = Tensor<float>::uninitialized({heads_, d_, u_});
        for (Index head = 0; head < heads_; ++head)
            for (Index row = 0; row < d_; ++row)
                std::copy_n(all.data() + row * d_ + (head_.value_or(0) + head) * u_, u_, w.data() + (head * d_ + row) * u_);
        return head_ ? w.reshape({d_, u_}) : w;
    }

    /// The attention with the rows of one head.
    MultiHeadAttention<float> head_alone() const {
        const MultiHeadProjections<float>& all = layer_.attention.projections();
        const auto rows = [&](const Linear<float>& linear) {
            const Tensor<float>& bias = linear.bias.value();
            return Linear<float>{rows_of_heads(linear.weight.value()), bias.empty() ? bias : bias_of_heads(bias)};
        };
        PositionSizes sizes = layer_.sizes;
        sizes.first_head = *head_;
        return {{rows(all.query), rows(all.key), rows(all.value), {columns_of_heads(), all.output.bias}},
                1,
                make_position_code<float>(position(), sizes, layer_.parameters)};
    }

    AttentionNames names() const {
        AttentionNames names;
        names.heads = !head_;
        names.queries = "token";
        names.keys = "token.key";
        names.x = names.y = [](char token) { return fmt::format("read[{},m]", token); };
        names.x_symbol = "x̂";
        names.score_symbol = "s";
        names.projection = [this](const char* what, Linear<float> MultiHeadProjections<float>::*which) {
            const Linear<float>& linear = layer_.attention.projections().*which;
            const char letter = what[0] == 'q' ? 'Q' : what[0] == 'k' ? 'K' : 'V';
            const std::string weight = fmt::format("weight.{}", what), bias = fmt::format("bias.{}", what);
            ProjectionNames own{
                fmt::format("{}[{}u,m]", weight, h()),
                {},
                {{weight, fmt::format("W_{}", letter), over_heads({"unit", "feature"}), rows_of_heads(linear.weight.value())}}};
            if (linear.bias.empty()) return own;
            own.bias = fmt::format("{}[{}u]", bias, h());
            own.parameters.emplace_back(bias, fmt::format("b_{}", letter), over_heads({"unit"}),
                                        bias_of_heads(linear.bias.value()));
            return own;
        };
        names.position = [this] { return position_parameters(); };
        names.mask = visibility_.rule();
        return names;
    }

    std::vector<Parameter> position_parameters() const {
        std::vector<Parameter> shown;
        for (const PositionParameter& p : position().parameters(layer_.sizes))
            shown.push_back(shown_parameter(position(), layer_.sizes, p, "", false, layer_.parameters(p.name).value()));
        return shown;
    }

    Tensor<float> show_input() const {
        const std::vector<std::string> axes = {"token", "feature"};
        Tensor<float> input = observe_("embedding", layer_.embedding, [&] {
            return Shown{.role = Role::embedding,
                         .symbol = "e",
                         .title = "Embedded tokens",
                         .axes = axes,
                         .step = {"embed", "E[x_i] √d_model", "", "Vaswani 2017, section 3.4"}};
        });
        const bool added = !layer_.position.empty();
        if (added) {
            const Tensor<float> code = observe_("position", layer_.position, [&] {
                PositionRule rule = layer_.attention.code().adds->added_rule("i");
                return Shown{.role = Role::embedding,
                             .symbol = "p",
                             .title = "Position code",
                             .axes = axes,
                             .step = {"position", rule.formula, "position[i,k] = " + rule.rule, rule.source},
                             .parameters = position_parameters()};
            });
            input = add<float>(input, code).value();
        }
        return observe_("input", input, [&] {
            return Shown{.role = Role::embedding,
                         .symbol = "x",
                         .title = "Input of the first layer",
                         .axes = axes,
                         .step = {"add position", added ? "x_i = e_i + p_i" : "x_i = e_i",
                                  added ? "input[i,k] = embedding[i,k] + position[i,k]" : "input[i,k] = embedding[i,k]",
                                  "Vaswani 2017, section 3.5"}};
        });
    }

    Tensor<float> show_read() const {
        Tensor<float> stream = show_input();
        std::string name = "input";
        if (layer_.layer > 0) {
            name = "stream";
            stream = observe_("stream", layer_.stream(stream), [&] {
                return Shown{.role = Role::state,
                             .symbol = "x",
                             .title = fmt::format("Residual stream after layer {}", layer_.layer),
                             .axes = {"token", "feature"},
                             .step = {"layers before", fmt::format("layers 1 to {} of the model, on the input", layer_.layer),
                                      "", "Vaswani 2017, fig. 1"}};
            });
        }
        const bool normed = !layer_.gain.empty();
        return observe_("read", normed ? layer_norm<float>(stream, layer_.gain, layer_.bias).value() : stream, [&] {
            const auto x_of = [&](char c) { return fmt::format("{}[i,{}]", name, c); };
            Shown shown{.role = Role::state,
                        .symbol = "x̂",
                        .title = "What the layer reads",
                        .axes = {"token", "feature"},
                        .step = {"read", "x̂_i = x_i", "read[i,k] = " + x_of('k'), "Vaswani 2017, fig. 1"}};
            if (!normed) return shown;
            shown.step = {"normalise", "x̂_i = LN(x_i) = (x − μ) / σ ⊙ γ + β",
                          "read[i,k] = " + rules::layer_norm(x_of, 'k', "norm.gain[k]", "norm.bias[k]"),
                          rules::layer_norm_source};
            shown.parameters = {{"norm.gain", "γ", {"feature"}, layer_.gain}, {"norm.bias", "β", {"feature"}, layer_.bias}};
            return shown;
        });
    }

    /// What the heads add to the output, each by its columns of W_O: of their contexts [heads, tokens, units].
    Tensor<float> show_contribution(const Tensor<float>& contexts, const std::string& read, const std::string& formula) const {
        const Tensor<float> w = columns_of_heads();
        const Var<float> each =
            matmul(Var<float>(contexts.reshape({1, heads_, n_, u_})), Var<float>(w.reshape({1, heads_, d_, u_})), true);
        return observe_("contribution", each.value().reshape(head_ ? Shape{n_, d_} : Shape{heads_, n_, d_}), [&] {
            return Shown{.role = Role::state,
                         .symbol = "o",
                         .title = head_ ? "What the head adds" : "What each head adds",
                         .axes = over_heads({"token", "feature"}),
                         .step = {"project", formula,
                                  fmt::format("contribution[{0}i,k] = {1}", h(),
                                              rules::linear('u', "weight.output[" + h() + "k,u]", read)),
                                  heads_source},
                         .parameters = {{"weight.output", "W_O", over_heads({"feature", "unit"}), w}}};
        });
    }

    /// How long what each head adds is.
    void show_share(const Tensor<float>& added) const {
        Tensor<float> length(Shape{heads_, n_}), mean(Shape{heads_});
        for (Index head = 0; head < heads_; ++head)
            for (Index i = 0; i < n_; ++i) {
                double squares = 0;
                const Tensor<float> row = added.row(head).row(i);
                for (const float x : row.values()) squares += static_cast<double>(x) * static_cast<double>(x);
                length.data()[head * n_ + i] = static_cast<float>(std::sqrt(squares));
            }
        const Tensor<float> share = observe_("share", length, [] {
            return Shown{
                .role = Role::state,
                .symbol = "‖o‖",
                .title = "Share of each head",
                .unit = "norm",
                .axes = {"head", "token"},
                .step = {"measure", "‖W_O^h z_hi‖", "share[h,i] = sqrt(sum_k(square(contribution[h,i,k])))", "Kobayashi 2020"}};
        });
        for (Index i = 0; i < share.size(); ++i) mean.data()[i / n_] += share.data()[i] / static_cast<float>(n_);
        observe_("head.share", mean, [] {
            return Shown{.role = Role::state,
                         .symbol = "‖o_h‖",
                         .title = "Share of each head, mean over tokens",
                         .unit = "norm",
                         .axes = {"head"},
                         .step = {"measure", "mean_i ‖W_O^h z_hi‖", "head.share[h] = mean_i(share[h,i])", "Kobayashi 2020"}};
        });
    }

    void show_joined(const Var<float>& context) const {
        const Tensor<float> joined = MultiHeadAttention<float>::joined(context).value().reshape({n_, d_});
        const Tensor<float> side_by_side = observe_("concat", joined, [&] {
            return Shown{.role = Role::context,
                         .symbol = "z",
                         .title = "Heads side by side",
                         .axes = {"token", "feature"},
                         .step = {"join heads", "[z_1; …; z_h]", fmt::format("concat[i,k] = context[k//{0},i,k%{0}]", u_),
                                  heads_source}};
        });
        Tensor<float> apart = Tensor<float>::uninitialized({heads_, n_, u_});
        for (Index head = 0; head < heads_; ++head)
            for (Index i = 0; i < n_; ++i)
                std::copy_n(side_by_side.data() + i * d_ + head * u_, u_, apart.data() + (head * n_ + i) * u_);
        const Tensor<float> added = show_contribution(apart, fmt::format("concat[i,h*{}+u]", u_), "o_hi = W_O^h z_hi");
        show_share(added);
        show_output(added);
    }

    /// W_O on all heads at once is the sum of what each adds: so that a change of either goes on into the output, it is that.
    void show_output(const Tensor<float>& added) const {
        const Linear<float>& output = layer_.attention.projections().output;
        const bool biased = !output.bias.empty();
        Tensor<float> sum(Shape{n_, d_});
        for (Index at = 0; at < n_ * d_; ++at) {
            double all = biased ? static_cast<double>(output.bias.value().data()[at % d_]) : 0;
            for (Index head = 0; head < heads_; ++head) all += static_cast<double>(added.data()[head * n_ * d_ + at]);
            sum.data()[at] = static_cast<float>(all);
        }
        observe_("attended", sum, [&] {
            Shown shown{
                .role = Role::context,
                .symbol = "a",
                .title = "Heads joined and projected",
                .axes = {"token", "feature"},
                .step = {"project", "a_i = W_O [z_1; …; z_h] + b_O = Σ_h o_hi + b_O",
                         std::string("attended[i,k] = sum_h(contribution[h,i,k])") + (biased ? " + bias.output[k]" : ""),
                         heads_source},
                .parameters = {{"weight.joined", "W_O", {"feature", "feature"}, output.weight}}};
            if (biased) shown.parameters.emplace_back("bias.output", "b_O", std::vector<std::string>{"feature"}, output.bias);
            return shown;
        });
    }

    Probe& probe_;
    Observer observe_;
    const AttentionLayer& layer_;
    const Visibility& visibility_;
    std::optional<Index> head_;
    Index n_, u_, d_, heads_;
};

}  // namespace

void show_attention(RunContext& context, const AttentionLayer& layer, const Visibility& visibility, std::optional<Index> head) {
    Shower(context, layer, visibility, head).show();
}

}  // namespace saccade
