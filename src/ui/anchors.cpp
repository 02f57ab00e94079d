#include "ui/anchors.hpp"

#include <algorithm>

#include "trace/hand.hpp"

namespace saccade {

namespace {

bool is_token_axis(const Axis& axis) {
    return !is_stacked(axis.kind) && axis.kind != AxisKind::channel && axis.kind != AxisKind::feature && !axis.labels.empty();
}

/// Of each axis on which a single token is named: all tokens up to it. A cell that is not there has them all.
std::vector<std::vector<std::string>> tokens_of(const std::vector<Index>& index, const TraceTensor& tensor) {
    std::vector<std::vector<std::string>> all;
    for (std::size_t a = 0; a < std::min(index.size(), tensor.info.axes.size()); ++a) {
        const Axis& axis = *tensor.info.axes[a];
        if (index[a] < 0 || !is_token_axis(axis)) continue;
        std::vector<std::string> tokens;
        for (Index i = 0; i <= std::min(index[a], axis.extent - 1); ++i) tokens.push_back(axis.label(i));
        all.push_back(std::move(tokens));
    }
    return all;
}

Anchor anchored(const Intervention& intervention, const Trace& trace, const Params& inputs) {
    Anchor anchor;
    anchor.kind = intervention.kind;
    anchor.tensor = intervention.tensor;
    anchor.index = intervention.index;
    anchor.inputs = inputs;
    anchor.tokens = tokens_of(intervention.index, *trace.find(intervention.tensor));
    anchor.name = name_of(intervention, &trace);
    return anchor;
}

/// True if it was switched.
bool follow_one(Anchor& anchor, Intervention& intervention, const Trace& trace, const Params& inputs) {
    const bool same_inputs = inputs == anchor.inputs;
    if (!intervention.enabled) {
        if (!anchor.aside || !same_inputs) return false;
        anchor.aside = false;
        return intervention.enabled = true;
    }
    const TraceTensor* tensor = trace.find(intervention.tensor);
    // Switched on again, it was meant for this text.
    const bool taken_over = anchor.aside;
    const bool same = tensor != nullptr && tokens_of(intervention.index, *tensor) == anchor.tokens;
    if (tensor != nullptr && (same_inputs || taken_over || same)) {
        anchor = anchored(intervention, trace, inputs);
        return false;
    }
    if (same_inputs) return false;  // another mechanism, which has no such tensor: the run says so
    anchor.aside = true;
    intervention.enabled = false;
    return true;
}

}  // namespace

bool names_tokens(const Intervention& intervention, const Trace& trace) {
    const TraceTensor* tensor = trace.find(intervention.tensor);
    return tensor != nullptr && !intervention.takes_array() && !tokens_of(intervention.index, *tensor).empty();
}

bool follow_anchors(std::vector<Anchor>& anchors, std::vector<Intervention>& interventions, const Trace& trace,
                    const Params& inputs) {
    std::erase_if(anchors, [&](const Anchor& anchor) {
        return std::ranges::none_of(interventions, [&](const Intervention& i) { return anchor.is_of(i); });
    });
    bool switched = false;
    for (Intervention& intervention : interventions) {
        const auto anchor = std::ranges::find_if(anchors, [&](const Anchor& one) { return one.is_of(intervention); });
        if (anchor != anchors.end())
            switched |= follow_one(*anchor, intervention, trace, inputs);
        else if (intervention.enabled && names_tokens(intervention, trace))
            anchors.push_back(anchored(intervention, trace, inputs));
    }
    return switched;
}

}  // namespace saccade
