#include "exhibit/exhibit.hpp"
#include "ui/panels.hpp"
#include "ui/param_widgets.hpp"

namespace saccade {

void params_panel(const Ui& ui, AppState& state, Controller& act) {
    const Exhibit& e = exhibit(state.side().request.exhibit);
    for (const ParamSpec& spec : e.params) {
        if (is_input(spec)) continue;
        const Params& params = state.side().request.params;
        const ParamValue value = params.has(spec.name) ? params.values().at(spec.name) : spec.fallback;
        if (std::optional<ParamValue> changed = param_widget(ui, state, spec, value))
            act.set_param(spec.name, std::move(*changed));
    }
}

}  // namespace saccade
