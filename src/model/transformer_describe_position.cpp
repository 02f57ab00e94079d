#include <fmt/core.h>

#include "model/transformer_describe.hpp"

// What the position codes add to the description of a stack.

namespace saccade {

void StackDescription::add_position_parameters(const WeightMap& weights) {
    if (design_.position == "learned")
        parameters_.push_back(
            {named("position.table"), "P", {named("position"), "feature"}, weights.at(names_.prefix + ".position.table")});
    if (design_.position == "shaw")
        for (const char* what : {"key", "value"}) {
            Parameter p{named("position.") + what, what[0] == 'k' ? "a^K" : "a^V", {"layer", named("distance"), "unit"}, {}};
            for (Index l = 0; l < design_.layers; ++l) {
                const Tensor<float>& one = weights.at(fmt::format("{}.{}.self.position.{}", names_.prefix, l, what));
                if (l == 0) p.values = Tensor<float>::uninitialized(one.shape().with_inserted(0, design_.layers));
                std::copy(one.values().begin(), one.values().end(), p.values.row(l).values().begin());
            }
            parameters_.push_back(std::move(p));
        }
    if (design_.position == "alibi") {
        Tensor<float> slopes(Shape{design_.heads});
        const std::vector<double> all = alibi_slopes(design_.heads);
        for (Index h = 0; h < design_.heads; ++h) slopes.data()[h] = static_cast<float>(all[static_cast<std::size_t>(h)]);
        parameters_.push_back({named("position.slope"), "m", {"head"}, slopes});
    }
}

/// Axes that only the tables of a position code run along, and which distance each pair of tokens is at.
void StackDescription::declare_position(Probe& probe, Index tokens) const {
    for (const Parameter& p : parameters_) {
        if (p.name == named("position.table")) probe.axis({named("position"), AxisKind::key, p.values.shape()[0], {}, "p"});
        if (p.name != named("position.key")) continue;
        std::vector<std::string> distances;
        for (Index d = -clip_; d <= clip_; ++d) distances.push_back(std::to_string(d));
        probe.axis({named("distance"), AxisKind::key, 2 * clip_ + 1, distances, "d"});
        Tensor<float> rows(Shape{tokens, tokens});
        for (Index i = 0; i < tokens; ++i)
            for (Index j = 0; j < tokens; ++j) rows.data()[i * tokens + j] = static_cast<float>(relative_row(i, j, clip_));
        probe.parameter(named("position.row"), "r", {names_.tokens, names_.tokens + ".key"}, rows);
    }
}

void StackDescription::position_step(Probe& probe) const {
    const PositionFunction& code = position_code(design_.position);
    const std::string rule = design_.position == "learned"
                                 ? fmt::format("{0}.position[i,k] = {0}.position.table[i+0,k]", names_.stack)
                                 : fmt::format("{}.position[i,k] = sin(i / 10000 ^ (k // 2 * 2 / {}) + k % 2 * pi / 2)",
                                               names_.stack, design_.d_model);
    probe.step({"position", named("position"), code.equation, rule, code.source});
}

void StackDescription::term_step(Probe& probe) const {
    const PositionFunction& code = position_code(design_.position);
    const std::string rule =
        design_.position == "alibi"
            ? fmt::format("{0}.term[l,h,i,j] = -{0}.position.slope[h] * abs(i - j)", names_.stack)
            : fmt::format(
                  "{0}.term[l,h,i,j] = sum_u({0}.query[l,h,i,u] * {0}.position.key[l,{0}.position.row[i,j],u]) / sqrt({1})",
                  names_.stack, design_.d_model / design_.heads);
    probe.step({"position", named("term"),
                design_.position == "alibi" ? "t_ij = −m_h |i − j|" : "t_ij = q_i · a^K_(j−i) / √d_head", rule, code.source});
}

}  // namespace saccade
