#include "exhibit/exhibits.hpp"

#include <algorithm>

#include "model/model_store.hpp"

namespace saccade {

std::vector<ViewPlacement> placements(const Exhibit& exhibit, const Params& given) {
    if (!exhibit.place) return exhibit.views;
    try {
        return exhibit.place(resolve(exhibit.params, given));
    } catch (const Error&) {
        return exhibit.views;
    }
}

namespace {

/// An exhibit that waits for its models is offered once all of them are bundled.
void add_when_trained(std::vector<Exhibit>& all, Exhibit exhibit, const std::string& before) {
    const std::vector<std::string> bundled = bundled_models();
    if (!std::ranges::all_of(exhibit.models, [&](const std::string& id) { return std::ranges::count(bundled, id) > 0; }))
        return;
    all.insert(std::ranges::find(all, before, &Exhibit::id), std::move(exhibit));
}

}  // namespace

const std::vector<Exhibit>& exhibits() {
    static const std::vector<Exhibit> all = [] {
        std::vector<Exhibit> made = {
            alignment_exhibit(),       rnn_shapes_exhibit(),     bottleneck_exhibit(),        memory_exhibit(),
            saliency_exhibit(),        self_attention_exhibit(), multi_head_exhibit(),        permutation_exhibit(),
            positions_exhibit(),       transformer_exhibit(),    complexity_exhibit(),        induction_exhibit(),
            channel_exhibit(),         spatial_exhibit(),        captioning_exhibit(),        glimpses_exhibit(),
            temporal_exhibit(),        checkpoint_exhibit(),     vision_checkpoint_exhibit(), capture_exhibit(),
            head_statistics_exhibit(),
        };
        add_when_trained(made, reading_exhibit(), "checkpoint");
        return made;
    }();
    return all;
}

const Exhibit& exhibit(const std::string& id) {
    std::string known;
    for (const Exhibit& candidate : exhibits()) {
        if (candidate.id == id) return candidate;
        known += (known.empty() ? "" : ", ") + candidate.id;
    }
    throw Error(ErrorCode::usage, "there is no exhibit '" + id + "'", "choose one of: " + known);
}

}  // namespace saccade
