#include "exhibit/channel_lesson.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/spatial_network.hpp"

namespace saccade {

namespace {

void run_channel(RunContext& context) {
    run_network(context, false);
}

std::vector<ViewPlacement> placed_channel(const Params& params) {
    const BlockAttentionKind& attention = block_attention(params.text("model"));
    const auto of = [&](const std::string& what) { return block_tensor(params, what); };
    if (!attention.channel)
        return {{"overlay", of("features"), 0, 0.4f, 0.55f},
                {"map-gallery", of("features"), 0, 0.6f, 0.55f},
                {"map-gallery", of("output"), 1, 0.6f, 0.45f},
                {"bars", "probabilities", 1, 0.4f, 0.45f}};
    std::vector<ViewPlacement> views = {{"overlay", of("refined"), 0, 0.28f, 0.46f},
                                        {"map-gallery", of("features"), 0, 0.36f, 0.46f},
                                        {"map-gallery", of("refined"), 0, 0.36f, 0.46f},
                                        {"channel-bars", of("gate"), 1, 1, 0.28f}};
    const bool both = attention.pooled.size() > 1;
    for (const std::string& vector : attention.pooled) views.push_back({"bars", of(vector), 2, both ? 0.28f : 0.5f, 0.26f});
    views.push_back({"bars", of("bottleneck"), 2, 0.18f, 0.26f});
    views.push_back({"bars", "probabilities", 2, both ? 0.26f : 0.32f, 0.26f});
    return views;
}

}  // namespace

Exhibit channel_exhibit() {
    Exhibit exhibit;
    exhibit.id = "channel";
    exhibit.title = "Channel";
    exhibit.group = "Vision";
    exhibit.summary =
        "Squeeze and excitation on your own image: the pooled vector, the bottleneck, a gate for each channel, and what the "
        "gate lets through.";
    exhibit.source = "Hu et al. 2018; Woo et al. 2018";
    exhibit.params = network_params("se", "3.3");
    exhibit.models = network_models();
    exhibit.choose_model = network_model;
    exhibit.views = placed_channel(resolve(exhibit.params, {}));
    exhibit.place = placed_channel;
    exhibit.output_text = "output";
    exhibit.run = run_channel;
    exhibit.lesson = channel_lesson();
    return exhibit;
}

}  // namespace saccade
