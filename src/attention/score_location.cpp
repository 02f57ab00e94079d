#include <fmt/core.h>

#include "attention/score.hpp"
#include "attention/score_rules.hpp"
#include "autograd/ops.hpp"

// Luong 2015, eq. 7, location-based: scores from the state alone, one per source position,
//   e_i = W_a s_i
// It never looks at what stands at a position, so it knows only as many positions as W_a has rows; "for short sentences, we
// only use the top part" of it.

namespace saccade {

namespace {

template <class T>
class LocationScore : public Score<T> {
 public:
    explicit LocationScore(const FunctionParameters<T>& parameters) : weight_(parameters("location")) {}

    Var<T> query(const Var<T>& state) const override { return affine(state, weight_, {}); }
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const override {
        const Index n = keys.shape()[1], known = query.shape()[1];
        if (n > known)
            throw Error(ErrorCode::invalid_input,
                        fmt::format("location scores exist for {} source positions, and the source has {}", known, n),
                        "shorten the source, or choose a score that looks at content");
        return slice(query, 1, 0, n);
    }

 private:
    Var<T> weight_;
};

}  // namespace

ScoreFunction location_score_function() {
    return {.id = "location",
            .title = "Location",
            .equation = "e_i = W_a s",
            .source = "Luong 2015, eq. 7",
            .query_axis = "position",
            .key_axis = "",
            .parameters =
                [](const ScoreSizes& s) {
                    return std::vector<FunctionParameter>{{"location", "W_a", {s.longest, s.state}, {"position", "state"}}};
                },
            .make = make_score_of<LocationScore, float>,
            .make_double = make_score_of<LocationScore, double>,
            .rules =
                [](const StateText& state, const std::string& s) {
                    return ScoreRules{"q_i = W_a " + s,
                                      "queries[i,p] = sum_k(attention.location[p,k] * " + state('k') + ")",
                                      "",
                                      "",
                                      "e_ij = (W_a " + s + ")_j",
                                      "scores[i,j] = queries[i,j] else 0"};
                }};
}

}  // namespace saccade
