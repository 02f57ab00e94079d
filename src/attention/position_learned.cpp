#include <fmt/core.h>

#include "attention/position_make.hpp"
#include "autograd/ops.hpp"

// One vector a position, learned and added to the embeddings (Gehring 2017, section 3.1; Vaswani 2017, table 3, row E). Beyond
// its table it has nothing to say, and says so.

namespace saccade {

namespace {

template <class T>
class Learned : public PositionCode<T> {
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

 private:
    Var<T> table_;
};

}  // namespace

PositionFunction learned_position_function() {
    return {
        .id = "learned",
        .title = "Learned",
        .equation = "x_p = E + P[p]",
        .source = "Gehring 2017, section 3.1",
        .parameters =
            [](const PositionSizes& s) {
                return std::vector<PositionParameter>{{"table", "P", {s.longest, s.d_model}, false, {"position", "feature"}}};
            },
        .make = make_code_of<Learned, float>,
        .make_double = make_code_of<Learned, double>,
        .adds = true};
}

}  // namespace saccade
