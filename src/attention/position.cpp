#include "attention/position.hpp"

#include "base/error.hpp"

namespace saccade {

const std::vector<PositionFunction>& position_codes() {
    static const std::vector<PositionFunction> all = {
        no_position_function(),   sinusoidal_position_function(), learned_position_function(),
        shaw_position_function(), rotary_position_function(),     alibi_position_function(),
    };
    return all;
}

const PositionFunction& position_code(const std::string& id) {
    std::string known;
    for (const PositionFunction& candidate : position_codes()) {
        if (candidate.id == id) return candidate;
        known += (known.empty() ? "" : ", ") + candidate.id;
    }
    throw Error(ErrorCode::usage, "there is no position code '" + id + "'", "choose one of: " + known);
}

template <>
PositionCodePtr<float> make_position_code(const PositionFunction& function, const PositionSizes& sizes,
                                          const PositionParameters<float>& parameters) {
    return function.make(sizes, parameters);
}
template <>
PositionCodePtr<double> make_position_code(const PositionFunction& function, const PositionSizes& sizes,
                                           const PositionParameters<double>& parameters) {
    return function.make_double(sizes, parameters);
}

}  // namespace saccade
