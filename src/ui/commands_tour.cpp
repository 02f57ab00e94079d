#include "base/translate.hpp"
#include "ui/commands_parts.hpp"

namespace saccade {

void add_tour(std::vector<Command>& all) {
    using Heard = Command::Heard;
    const auto outside = [](const AppState& state, Controller&) { return !state.present.on; };
    const auto touring = [](const AppState& state, Controller&) { return state.tour.step.has_value(); };
    all.push_back({msg("Take the tour"), {}, outside, [](AppState&, Controller& act) { act.tour().start(); }});
    all.push_back({msg("All exhibits as pictures"), "Ctrl G", outside,
                   [](AppState& state, Controller& act) { act.exhibit_pictures().toggle(state); }, Heard::outside_dialogs});
    for (const char* const chord : {"Space", "→"})
        all.push_back(
            {msg("Tour: go on"), chord, touring, [](AppState&, Controller& act) { act.tour().next(); }, Heard::touring, false});
    all.push_back({msg("Tour: the step before"), "←", touring, [](AppState&, Controller& act) { act.tour().back(); },
                   Heard::touring, false});
}

}  // namespace saccade
