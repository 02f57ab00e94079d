#include "exhibit/exhibits.hpp"

namespace saccade {

std::vector<ViewPlacement> placements(const Exhibit& exhibit, const Params& given) {
    if (!exhibit.place) return exhibit.views;
    try {
        return exhibit.place(resolve(exhibit.params, given));
    } catch (const Error&) {
        return exhibit.views;
    }
}

const std::vector<Exhibit>& exhibits() {
    static const std::vector<Exhibit> all = {
        alignment_exhibit(), rnn_shapes_exhibit(),      bottleneck_exhibit(), memory_exhibit(),
        saliency_exhibit(),  self_attention_exhibit(),  multi_head_exhibit(), permutation_exhibit(),
        positions_exhibit(), transformer_exhibit(),     complexity_exhibit(), induction_exhibit(),
        channel_exhibit(),   spatial_exhibit(),         captioning_exhibit(), glimpses_exhibit(),
        temporal_exhibit(),  reading_exhibit(),         checkpoint_exhibit(), vision_checkpoint_exhibit(),
        capture_exhibit(),   head_statistics_exhibit(),
    };
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
