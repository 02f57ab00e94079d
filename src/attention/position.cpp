#include "attention/position.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace saccade {

const std::vector<PositionFunction>& position_codes() {
    static const std::vector<PositionFunction> all = {
        no_position_function(),   sinusoidal_position_function(), learned_position_function(),
        shaw_position_function(), rotary_position_function(),     alibi_position_function(),
    };
    return all;
}

const std::vector<PositionFunction>& other_position_codes() {
    static const std::vector<PositionFunction> all = {sinusoidal_halves_position_function(), buckets_position_function()};
    return all;
}

const PositionFunction& position_code(const std::string& id) {
    std::string known;
    for (const auto* codes : {&position_codes(), &other_position_codes()})
        for (const PositionFunction& candidate : *codes) {
            if (candidate.id == id) return candidate;
            known += (known.empty() ? "" : ", ") + candidate.id;
        }
    throw Error(ErrorCode::usage, "there is no position code '" + id + "'", "choose one of: " + known);
}

bool each_layer_differs(const PositionFunction& function, const PositionSizes& sizes) {
    return std::ranges::any_of(function.parameters(sizes), &PositionParameter::each_layer);
}

void declare_position_axes(Probe& probe, const PositionFunction& function, const PositionSizes& sizes,
                           const std::string& prefix) {
    for (Axis axis : function.axes(sizes)) {
        axis.name = prefix + axis.name;
        probe.axis(std::move(axis));
    }
}

Parameter shown_parameter(const PositionFunction& function, const PositionSizes& sizes, const PositionParameter& parameter,
                          const std::string& prefix, bool layers, const Tensor<float>& values) {
    const std::vector<Axis> own = function.axes(sizes);
    std::vector<std::string> axes;
    if (layers && parameter.each_layer) axes.emplace_back("layer");
    for (const std::string& axis : parameter.axes)
        axes.push_back(std::ranges::find(own, axis, &Axis::name) == own.end() ? axis : prefix + axis);
    return {"@position." + parameter.name, parameter.symbol, std::move(axes), values};
}

template <>
PositionCode<float> make_position_code(const PositionFunction& function, const PositionSizes& sizes,
                                       const PositionParameters<float>& parameters) {
    return function.make(sizes, parameters);
}
template <>
PositionCode<double> make_position_code(const PositionFunction& function, const PositionSizes& sizes,
                                        const PositionParameters<double>& parameters) {
    return function.make_double(sizes, parameters);
}

}  // namespace saccade
