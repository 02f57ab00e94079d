#include "model/transformer_describe.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace saccade {

namespace {

constexpr const char* vaswani_attention = "Vaswani 2017, eq. 1";
constexpr const char* vaswani_heads = "Vaswani 2017, section 3.2.2";
constexpr const char* normalisation_source = "Ba 2016, eq. 4";

Tensor<float> stacked_weights(const WeightMap& weights, const std::string& prefix, Index layers, const std::string& rest) {
    Tensor<float> all;
    for (Index l = 0; l < layers; ++l) {
        const std::string name = fmt::format("{}.{}.{}", prefix, l, rest);
        const auto found = weights.find(name);
        if (found == weights.end())
            throw Error(ErrorCode::bad_format, "the model has no tensor '" + name + "'", "use the weights that fit the card");
        const Tensor<float>& one = found->second;
        if (l == 0) all = Tensor<float>::uninitialized(one.shape().with_inserted(0, layers));
        std::ranges::copy(one.values(), all.row(l).values().begin());
    }
    return all;
}

}  // namespace

StackDescription::StackDescription(const WeightMap& weights, Names names, StackDesign design, const PositionSizes& sizes)
    : names_(std::move(names)), design_(std::move(design)), clip_(sizes.clip) {
    add_parameters(weights);
    add_position_parameters(weights);
}

void StackDescription::add_parameters(const WeightMap& weights) {
    const auto add = [&](const std::string& name, const std::string& symbol, std::vector<std::string> axes,
                         const std::string& rest) {
        parameters_.push_back({name, symbol, std::move(axes), stacked_weights(weights, names_.prefix, design_.layers, rest)});
    };
    const auto add_attention = [&](const std::string& stack, const std::string& part) {
        const std::pair<const char*, const char*> projections[] = {
            {"query", "Q"}, {"key", "K"}, {"value", "V"}, {"output", "O"}};
        for (const auto& [what, letter] : projections) {
            const std::string name = stack + "." + what;
            add(name + ".weight", fmt::format("W_{}", letter), {"layer", "feature", "feature"},
                fmt::format("{}.{}.weight", part, what));
            if (design_.bias)
                add(name + ".bias", fmt::format("b_{}", letter), {"layer", "feature"}, fmt::format("{}.{}.bias", part, what));
        }
    };
    const auto add_norm = [&](int which) {
        const std::string norm = fmt::format("norm{}", which);
        add(named(norm.c_str()) + ".gain", "γ", {"layer", "feature"}, norm + ".gain");
        add(named(norm.c_str()) + ".bias", "β", {"layer", "feature"}, norm + ".bias");
    };
    if (const auto table = weights.find(names_.prefix + ".embedding.weight"); table != weights.end())
        parameters_.push_back({named("embedding.weight"), "E", {names_.vocabulary, "feature"}, table->second});
    add_attention(names_.stack, "self");
    if (design_.cross) add_attention("cross", "cross");
    if (design_.norm != "none") {
        const int norms = 1 + (design_.cross ? 1 : 0) + (design_.d_ff > 0 ? 1 : 0);
        for (int n = 1; n <= norms; ++n) add_norm(n);
    }
    if (design_.norm == "pre")
        for (const char* what : {"gain", "bias"})
            parameters_.push_back({named("norm.") + what,
                                   what[0] == 'g' ? "γ" : "β",
                                   {"feature"},
                                   weights.at(fmt::format("{}.norm.{}", names_.prefix, what))});
    if (design_.d_ff > 0) {
        add(named("feed_forward.in.weight"), "W_1", {"layer", "hidden", "feature"}, "feed_forward.in.weight");
        add(named("feed_forward.in.bias"), "b_1", {"layer", "hidden"}, "feed_forward.in.bias");
        add(named("feed_forward.out.weight"), "W_2", {"layer", "feature", "hidden"}, "feed_forward.out.weight");
        add(named("feed_forward.out.bias"), "b_2", {"layer", "feature"}, "feed_forward.out.bias");
    }
}

std::string StackDescription::layer_input(char token, char feature) const {
    return fmt::format("({0}.state[l-1,{1},{2}] else {0}.input[{1},{2}])", names_.stack, token, feature);
}

std::string StackDescription::output(char token, char feature) const {
    if (design_.norm == "pre") return fmt::format("{}.norm[{},{}]", names_.stack, token, feature);
    return fmt::format("{}.state[{},{},{}]", names_.stack, design_.layers - 1, token, feature);
}

/// x is given at the letters k, m and n: the result's, and those of the two means.
std::string StackDescription::normalised(const std::string& x_k, const std::string& x_m, const std::string& x_n,
                                         const std::string& norm, bool layered) const {
    const std::string at = layered ? "[l,k]" : "[k]";
    return fmt::format("({0} - mean_m({1})) / sqrt(mean_m(square({1} - mean_n({2}))) + 1e-05) * {3}.gain{4} + {3}.bias{4}", x_k,
                       x_m, x_n, named(norm.c_str()), at);
}

void StackDescription::describe(Probe& probe, const StackRun& run) const {
    for (const Parameter& p : parameters_) probe.parameter(p.name, p.symbol, p.axes, p.values);
    declare_position(probe, run.tokens);
    input_steps(probe, run);
    const bool pre = design_.norm == "pre";
    const auto norm_step = [&](const char* norm, const auto& x) {
        probe.step({"normalise", named(norm), "LN(x) = (x − μ) / σ ⊙ γ + β",
                    named(norm) + "[l,i,k] = " + normalised(x('k'), x('m'), x('n'), norm), normalisation_source});
    };
    if (pre) norm_step("norm1", [&](char c) { return layer_input('i', c); });
    attention_steps(probe, false, run);
    const bool feeds = design_.d_ff > 0;
    std::string middle = named(design_.cross || feeds ? "middle" : "state");
    add_and_norm_step(probe, middle, named("attended"), layer_input('i', '?'), "norm1");
    if (design_.cross) {
        if (pre) norm_step("norm2", [&](char c) { return fmt::format("{}[l,i,{}]", middle, c); });
        attention_steps(probe, true, run);
        const std::string after = feeds ? "cross.middle" : named("state");
        add_and_norm_step(probe, after, "cross.attended", middle + "[l,i,?]", "norm2");
        middle = after;
    }
    const char* last = design_.cross ? "norm3" : "norm2";
    if (feeds) {
        if (pre) norm_step(last, [&](char c) { return fmt::format("{}[l,i,{}]", middle, c); });
        feed_forward_steps(probe);
        add_and_norm_step(probe, named("state"), named("feed_forward"), middle + "[l,i,?]", last);
    }
    if (!pre) return;
    const auto end = [&](char c) { return fmt::format("{}[{},i,{}]", named("state"), design_.layers - 1, c); };
    probe.step({"normalise", named("norm"), "LN(x) = (x − μ) / σ ⊙ γ + β",
                named("norm") + "[i,k] = " + normalised(end('k'), end('m'), end('n'), "norm", false), normalisation_source});
}

void StackDescription::input_steps(Probe& probe, const StackRun& run) const {
    const std::string embedding = named("embedding");
    probe.step({"embed", embedding, "E[x_i] √d_model",
                fmt::format("{0}[i,k] = {0}.weight[{1}[i],k] * sqrt({2})", embedding, run.ids, design_.d_model),
                "Vaswani 2017, section 3.4"});
    const bool added = position_code(design_.position).adds;
    if (added) position_step(probe);
    probe.step({"add position", named("input"), added ? "x_i + p_i" : "x_i",
                fmt::format("{}[i,k] = {}[i,k]{}", named("input"), embedding, added ? " + " + named("position") + "[i,k]" : ""),
                "Vaswani 2017, section 3.5"});
}

void StackDescription::projection_step(Probe& probe, const std::string& of, const char* what, char token,
                                       const std::string& reads) const {
    const Index units = design_.d_model / design_.heads;
    const bool turned = of != "cross" && design_.position == "rotary" && what[0] != 'v';
    const std::string result = of + "." + (turned ? "projected_" : "") + what;
    const char letter = what[0] == 'q' ? 'Q' : what[0] == 'k' ? 'K' : 'V';
    const std::string bias = design_.bias ? fmt::format(" + {}.{}.bias[l,h*{}+u]", of, what, units) : "";
    probe.step({"project", result,
                fmt::format("{0}_{1} = W_{2} x_{1}{3}", what[0], token, letter,
                            design_.bias ? fmt::format(" + b_{}", letter) : std::string()),
                fmt::format("{0}[l,h,{1},u] = sum_m({2}.{3}.weight[l,h*{4}+u,m] * {5}){6}", result, token, of, what, units,
                            reads, bias),
                vaswani_heads});
    if (!turned) return;
    const std::string angle = fmt::format("{} / 10000 ^ (u // 2 * 2 / {})", token, units);
    probe.step(
        {"turn", of + "." + what, "R_(p θ) x: pairs of features turned by p θ",
         fmt::format("{0}.{1}[l,h,{2},u] = {3}[l,h,{2},u] * cos({4}) + (u % 2 * 2 - 1) * {3}[l,h,{2},u+1-u%2*2] * sin({4})", of,
                     what, token, result, angle),
         "Su 2021, eq. 34"});
}

void StackDescription::attention_steps(Probe& probe, bool cross, const StackRun& run) const {
    const std::string s = cross ? "cross" : names_.stack;
    const Index units = design_.d_model / design_.heads;
    const auto reads = [&](char token) -> std::string {
        if (cross && token == 'j') return names_.memory;
        if (design_.norm == "pre") return fmt::format("{}[l,{},m]", named(cross ? "norm2" : "norm1"), token);
        return cross ? fmt::format("{}[l,{},m]", named("middle"), token) : layer_input(token, 'm');
    };
    projection_step(probe, s, "query", 'i', reads('i'));
    projection_step(probe, s, "key", 'j', reads('j'));
    projection_step(probe, s, "value", 'j', reads('j'));
    const bool term = !cross && position_code(design_.position).scores;
    if (term) term_step(probe);
    probe.step({"score", s + ".scores", fmt::format("e_ij = q_i · k_j / √d_head{}", term ? " + t_ij" : ""),
                fmt::format("{0}.scores[l,h,i,j] = sum_u({0}.query[l,h,i,u] * {0}.key[l,h,j,u]) / sqrt({1}){2}", s, units,
                            term ? fmt::format(" + {}.term[l,h,i,j]", s) : ""),
                vaswani_attention});
    std::string inside;
    const bool causal = !cross && design_.causal, restricted = !cross && run.radius.has_value();
    if (causal) inside = "(j <= i)";
    if (restricted) inside += fmt::format("{}(abs(j - i) <= {})", causal ? " * " : "", *run.radius);
    probe.step({"mask", s + ".mask",
                causal && restricted ? fmt::format("m_ij = 0 where i − {} ≤ j ≤ i, −∞ elsewhere", *run.radius)
                : causal             ? "m_ij = 0 where j ≤ i, −∞ elsewhere"
                : restricted         ? fmt::format("m_ij = 0 where |i − j| ≤ {}, −∞ elsewhere", *run.radius)
                                     : "m_ij = 0: nothing is hidden",
                inside.empty() ? fmt::format("{}.mask[l,i,j] = 0", s)
                               : fmt::format("{}.mask[l,i,j] = where({} > 0, 0, -inf)", s, inside),
                restricted ? "Vaswani 2017, section 4" : "Vaswani 2017, section 3.2.3"});
    probe.step({"normalise", s + ".weights", "α_ij = softmax_j(e_ij + m_ij)",
                fmt::format("{0}.weights[l,h,i,j] = softmax_j({0}.scores[l,h,i,j] + {0}.mask[l,i,j])", s), vaswani_attention});
    const bool shaw = !cross && design_.position == "shaw";
    probe.step({"read", s + ".context", shaw ? "z_i = Σ_j α_ij (v_j + a^V_(j−i))" : "z_i = Σ_j α_ij v_j",
                shaw ? fmt::format("{0}.context[l,h,i,u] = sum_j({0}.weights[l,h,i,j] * ({0}.value[l,h,j,u] + "
                                   "{0}.position.value[l,{0}.position.row[i,j],u]))",
                                   s)
                     : fmt::format("{0}.context[l,h,i,u] = sum_j({0}.weights[l,h,i,j] * {0}.value[l,h,j,u])", s),
                shaw ? "Shaw 2018, eq. 3" : vaswani_attention});
    probe.step({"join heads", s + ".attended", "a_i = [z_1; …; z_h] W_O + b_O",
                fmt::format("{0}.attended[l,i,k] = sum_h(sum_u({0}.output.weight[l,k,h*{1}+u] * {0}.context[l,h,i,u])){2}", s,
                            units, design_.bias ? fmt::format(" + {}.output.bias[l,k]", s) : ""),
                vaswani_heads});
}

/// `to` names the letter of the feature as '?'.
void StackDescription::add_and_norm_step(Probe& probe, const std::string& result, const std::string& added,
                                         const std::string& to, const char* norm) const {
    const auto sum = [&](char c) {
        std::string x = to;
        std::ranges::replace(x, '?', c);
        return fmt::format("{} + {}[l,i,{}]", x, added, c);
    };
    if (design_.norm != "post") {
        probe.step({"add", result, "x + f(x)", fmt::format("{}[l,i,k] = {}", result, sum('k')), "Vaswani 2017, section 3.1"});
        return;
    }
    const auto bracketed = [&](char c) { return "(" + sum(c) + ")"; };
    probe.step({"add and normalise", result, "LN(x + f(x)), LN(y) = (y − μ) / σ ⊙ γ + β",
                fmt::format("{}[l,i,k] = {}", result, normalised(bracketed('k'), bracketed('m'), bracketed('n'), norm)),
                "Vaswani 2017, section 3.1"});
}

void StackDescription::feed_forward_steps(Probe& probe) const {
    const std::string middle = design_.cross ? "cross.middle" : named("middle");
    const std::string reads = design_.norm == "pre" ? named(design_.cross ? "norm3" : "norm2") : middle;
    probe.step({"feed forward", named("hidden"),
                design_.activation == "relu" ? "u = max(0, W_1 x + b_1)" : "u = gelu(W_1 x + b_1)",
                fmt::format("{0}.hidden[l,i,f] = {1}(sum_m({0}.feed_forward.in.weight[l,f,m] * {2}[l,i,m]) + "
                            "{0}.feed_forward.in.bias[l,f])",
                            names_.stack, design_.activation, reads),
                "Vaswani 2017, eq. 2"});
    probe.step({"feed forward", named("feed_forward"), "f(x) = W_2 u + b_2",
                fmt::format("{0}.feed_forward[l,i,k] = sum_f({0}.feed_forward.out.weight[l,k,f] * {0}.hidden[l,i,f]) + "
                            "{0}.feed_forward.out.bias[l,k]",
                            names_.stack),
                "Vaswani 2017, eq. 2"});
}

}  // namespace saccade
