#include <fmt/core.h>

#include "attention/position_make.hpp"
#include "autograd/ops.hpp"

// One vector per position, learned and added to the embeddings (Gehring 2017, section 3.1; Vaswani 2017, table 3, row E).
// Beyond its table there is no code, and positions are refused.

namespace saccade {

namespace {

constexpr const char* equation = "x_p = E + P[p]";
constexpr const char* source = "Gehring 2017, section 3.1";

template <class T>
class Learned : public AddedCode<T> {
 public:
    Learned(const PositionSizes&, const PositionParameters<T>& parameters) : table_(parameters("table")) {}

    Var<T> added(Index first, Index length) const override {
        const Index known = table_.shape()[0];
        if (first + length > known)
            throw Error(ErrorCode::invalid_input,
                        fmt::format("the learned position code knows {} positions, and {} are needed", known, first + length),
                        "shorten the input, or choose a position code that is computed: sinusoidal, shaw, rotary, alibi");
        return slice(table_, 0, first, length);
    }
    PositionRule added_rule(const std::string& p) const override {
        // A letter by itself would have to run along the whole table.
        return {equation, fmt::format("@position.table[{}+0,k]", p), source};
    }

 private:
    Var<T> table_;
};

PositionSimilarity draw(const PositionScene& scene) {
    return draw_added(scene, equation, source);
}

}  // namespace

PositionFunction learned_position_function() {
    return {
        .id = "learned",
        .title = "Learned",
        .equation = equation,
        .source = source,
        .tells_distance = true,
        .tells_direction = true,
        .any_length = false,
        .parameters =
            [](const PositionSizes& s) {
                return std::vector<PositionParameter>{{"table", "P", {s.longest, s.d_model}, false, {"position", "feature"}}};
            },
        .axes =
            [](const PositionSizes& s) {
                return std::vector<Axis>{{"position", AxisKind::key, s.longest, {}, "p"}};
            },
        .make = make_code_of<Learned, float>,
        .make_double = make_code_of<Learned, double>,
        .draw = draw};
}

}  // namespace saccade
