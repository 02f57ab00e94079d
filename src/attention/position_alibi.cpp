#include <fmt/core.h>

#include <cmath>

#include "attention/position_make.hpp"

// Press, Smith and Lewis 2021 ("Train short, test long"), section 3: a penalty on distance, with a slope of its own for each
// head, is added to the scores,
//   e_ij = q_i k_j / sqrt(d_head) - m_h |i - j|
// The paper's stacks are causal, where j <= i; in others the penalty is the same on both sides.

namespace saccade {

namespace {

constexpr const char* equation = "e_ij = q_i k_j / sqrt(d_head) - m_h |i - j|";
constexpr const char* source = "Press 2021, section 3";

/// 2^(-8/h), 2^(-16/h), ..., one per head; where h is not a power of two, those of the power below, then every other one of the
/// power above (section 3, and the published code).
std::vector<double> slopes_of(Index heads) {
    Index power = 1;
    while (2 * power <= heads) power *= 2;
    std::vector<double> slopes;
    for (Index h = 1; h <= power; ++h) slopes.push_back(std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(power)));
    for (Index h = 1; static_cast<Index>(slopes.size()) < heads; h += 2)
        slopes.push_back(std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(2 * power)));
    return slopes;
}

template <class T>
class Alibi : public ScoringCode<T> {
 public:
    Alibi(const PositionSizes& sizes, const PositionParameters<T>&)
        : slopes_(slopes_of(sizes.heads)), first_head_(sizes.first_head) {}

    Var<T> score_term(const Var<T>& queries, Index first, Index n_keys) const override {
        return penalty(queries.shape()[1], first, queries.shape()[2], n_keys);
    }
    PositionRule score_rule(const PositionNames& names, Index) const override {
        const bool alone = names.head.empty();
        Tensor<float> slopes(alone ? Shape{} : Shape{static_cast<Index>(slopes_.size())});
        for (Index h = 0; h < slopes.size(); ++h) slopes.data()[h] = static_cast<float>(slope(alone ? first_head_ + h : h));
        return {"t_ij = −m_h |i − j|",
                fmt::format("-@position.slope[{}] * abs(i - j)", alone ? "" : "h"),
                source,
                {{"@position.slope", "m", alone ? std::vector<std::string>{} : std::vector<std::string>{"head"}, slopes}}};
    }

    /// -m_h |i - j|: [1, heads, n_queries, n_keys].
    Tensor<T> penalty(Index heads, Index first_query, Index n_queries, Index n_keys) const {
        Tensor<T> term = Tensor<T>::uninitialized({1, heads, n_queries, n_keys});
        T* at = term.data();
        for (Index h = 0; h < heads; ++h)
            for (Index i = first_query; i < first_query + n_queries; ++i)
                for (Index j = 0; j < n_keys; ++j)
                    *at++ = static_cast<T>(-slope(first_head_ + h) * static_cast<double>(std::abs(i - j)));
        return term;
    }

 private:
    double slope(Index head) const { return slopes_.at(static_cast<std::size_t>(head)); }

    std::vector<double> slopes_;
    Index first_head_;
};

PositionSimilarity draw(const PositionScene& scene) {
    const Tensor<float> term = scene.observe("code", scene.term, [&] {
        return Shown{.role = Role::state,
                     .symbol = "t",
                     .title = "Position code: added to the scores",
                     .axes = {"head", scene.tokens, scene.tokens + ".key"},
                     .step = {"position", equation, "code[h,i,j] = " + scene.stack + "term[0,h,i,j]", source}};
    });
    return {added_term_title, "mean_h(code[h,i,j])", mean_over_heads(term)};
}

}  // namespace

PositionFunction alibi_position_function() {
    return {.id = "alibi",
            .title = "ALiBi",
            .equation = equation,
            .source = source,
            .tells_distance = true,
            .tells_direction = false,
            .any_length = true,
            .parameters = no_position_parameters,
            .axes = no_position_axes,
            .make = make_code_of<Alibi, float>,
            .make_double = make_code_of<Alibi, double>,
            .draw = draw};
}

}  // namespace saccade
