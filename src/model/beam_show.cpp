#include "model/beam_show.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace saccade {

void show_beam(Probe& probe, const BeamResult& beam, Index width) {
    const Observer observe(probe);
    const auto steps = static_cast<Index>(beam.steps.size());
    const Index candidates = 2 * width;
    observe.axis({"beam.step", AxisKind::step, steps, {}, "t"});
    observe.axis({"beam.candidate", AxisKind::batch, candidates, {}, "r"});
    const auto tensor = [&](const char* name, Role role, const char* symbol, const char* title, const char* unit,
                            const auto& value, const How& how = {}) {
        Tensor<float> values(Shape{steps, candidates}, std::numeric_limits<float>::quiet_NaN());
        for (std::size_t i = 0; i < beam.steps.size(); ++i)
            for (std::size_t c = 0; c < beam.steps[i].size(); ++c)
                values.data()[static_cast<Index>(i) * candidates + static_cast<Index>(c)] =
                    static_cast<float>(value(beam.steps[i][c]));
        observe(name, values, [&] {
            return Shown{.role = role,
                         .symbol = symbol,
                         .title = title,
                         .unit = unit,
                         .axes = {"beam.step", "beam.candidate"},
                         .step = how};
        });
    };
    using C = BeamCandidate;
    tensor(
        "beam.score", Role::metric, "S", "Beam: score (log P / length penalty)", "nat", [](const C& c) { return c.score; },
        beam.as_generate ? How{"search", "S = log P(y|x) / |y|^α", "", "generate() of transformers"}
                         : How{"search", "S = log P(y|x) / ((5 + |y|) / 6)^α", "", "Wu 2016, eq. 14"});
    tensor("beam.log_probability", Role::metric, "log P", "Beam: log-probability", "nat",
           [](const C& c) { return c.log_probability; });
    tensor("beam.parent", Role::input, "parent", "Beam: parent among the candidates of the step before", "",
           [](const C& c) { return c.parent; });
    tensor("beam.token", Role::output, "y", "Beam: token (id)", "", [](const C& c) { return c.token; });
    tensor("beam.fate", Role::state, "fate", "Beam: pruned 0, live 1, finished 2", "",
           [](const C& c) { return static_cast<int>(c.fate); });
    tensor("beam.rank", Role::output, "rank", "Beam: rank of a finished hypothesis", "", [](const C& c) { return c.rank; });
}

const Ids& shown_hypothesis(Probe& probe, const BeamResult& beam, Index width, Index which) {
    show_beam(probe, beam, width);
    if (probe.intervening_later())
        probe.note({"", "the beam was searched without the interventions in the decoder", "they act on what is shown"});
    if (which > static_cast<Index>(beam.hypotheses.size()))
        probe.note({"hypothesis", fmt::format("there is no hypothesis {}: the beam found {}", which, beam.hypotheses.size()),
                    "the last of them is shown"});
    const Index place = std::clamp<Index>(which, 1, static_cast<Index>(beam.hypotheses.size())) - 1;
    return beam.hypotheses[static_cast<std::size_t>(place)].ids;
}

}  // namespace saccade
