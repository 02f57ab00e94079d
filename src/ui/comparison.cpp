#include "ui/comparison.hpp"

#include <algorithm>

#include "viz/difference.hpp"

namespace saccade {

void Comparison::toggle() {
    history_.remember("");
    if (document_.comparing) {
        focus_on(0);
        document_.comparing = false;
        runs_.close(1);
        return;
    }
    document_.comparing = true;
    document_.linked = true;
    const Side& a = document_.sides[0];
    Side b;
    b.request = a.request;
    // It shows what A shows until its own answer is there: nothing flickers.
    b.shown = a.shown;
    b.shown.ticket = 0;  // the tickets of the two runners have nothing to do with each other
    b.anchors = a.anchors;
    b.claims = a.claims;
    b.lesson = a.lesson;
    document_.sides[1] = std::move(b);
    document_.focus = 1;
    runs_.submit(1);
    refresh_difference();
}

void Comparison::focus_on(std::size_t side) {
    if (side == document_.focus || (side == 1 && !document_.comparing)) return;
    document_.focus = side;
    on_focus_();
}

void Comparison::toggle_linked() {
    history_.remember("");
    document_.linked = !document_.linked;
    if (!document_.linked || !document_.comparing) return;
    const std::size_t other = 1 - document_.focus;
    Params& params = document_.sides[other].request.params;
    const Params before = params;
    for (const ParamSpec& spec : document_.exhibit().params)
        if (is_input(spec) && document_.side().request.params.has(spec.name))
            params.set(spec.name, document_.side().request.params.values().at(spec.name));
    if (!(before == params)) runs_.submit(other);
}

void Comparison::swap() {
    if (!document_.comparing) return;
    history_.remember("");
    std::swap(document_.sides[0].request, document_.sides[1].request);
    std::swap(document_.sides[0].anchors, document_.sides[1].anchors);
    runs_.submit_all();
    document_.reload_fields = true;
}

RunRequest Comparison::with_defaults(RunRequest given) {
    for (const ParamSpec& spec : exhibit(given.exhibit).params)
        if (!given.params.has(spec.name)) given.params.set(spec.name, spec.fallback);
    return given;
}

void Comparison::set_requests(const RunRequest& request, const std::optional<RunRequest>& compared) {
    document_.focus = 0;
    document_.reload_fields = true;
    for (Side& side : document_.sides) side.anchors.clear();
    document_.sides[0].request = with_defaults(request);
    document_.comparing = compared.has_value() && compared->exhibit == request.exhibit;
    if (document_.comparing) document_.sides[1].request = with_defaults(*compared);
    runs_.submit_all();
    if (!document_.comparing) return;
    const auto& specs = exhibit(request.exhibit).params;
    document_.linked = std::all_of(specs.begin(), specs.end(), [&](const ParamSpec& spec) {
        if (!is_input(spec)) return true;
        Params a, b;
        a.set(spec.name, document_.sides[0].request.params.values().at(spec.name));
        b.set(spec.name, document_.sides[1].request.params.values().at(spec.name));
        return a == b;
    });
}

void Comparison::refresh_difference() {
    if (!document_.comparing) return;
    const std::array<TracePtr, 2> of{document_.sides[0].shown.trace, document_.sides[1].shown.trace};
    if (of == document_.difference_of) return;
    document_.difference_of = of;
    document_.difference = nullptr;
    if (!of[0] || !of[1]) return;
    try {
        document_.difference = std::make_shared<const Trace>(difference_of(*of[0], *of[1]));
    } catch (const Error& error) {
        messages_.complain(error);
    }
}

}  // namespace saccade
