#include <fmt/core.h>

#include <algorithm>

#include "exhibit/exhibits.hpp"
#include "exhibit/spatial_lesson.hpp"
#include "exhibit/spatial_network.hpp"
#include "model/per_model.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

/// What another network makes of the same picture; interventions do not apply to it.
struct Compared {
    PicturePtr picture;  // held: another one could come to lie at the same address
    Index block = 0;
    std::optional<Index> watched;
    bool operator==(const Compared&) const = default;
};

std::shared_ptr<const ResNetOutput> compared(const ModelPtr& model, const NetworkRun& run, const std::stop_token& stop) {
    static PerModel<ResNetOutput, Compared> made(8);
    const auto make = [&] { return std::make_shared<const ResNetOutput>(run_resnet(model, run.request, {}, stop)); };
    return made.get(model, {run.picture.read, run.request.block, run.request.watched}, make, stop);
}

/// The same picture and block for all three networks; of the one that is shown, this run. Each looks for the class that is
/// asked for, or for the one that it finds the likeliest.
void compare(RunContext& context, const NetworkRun& run) {
    const std::string own = network_model(context.params);
    const auto n = static_cast<Index>(network_models().size());
    const Index classes = run.output.probabilities.size();
    Tensor<float> maps(run.output.grad_cam.shape().with_inserted(0, n)), probabilities(Shape{n, classes}), watched(Shape{n, 1});
    for (Index i = 0; i < n; ++i) {
        const std::string& id = network_models()[static_cast<std::size_t>(i)];
        const auto other =
            id == own ? std::make_shared<const ResNetOutput>(run.output) : compared(bundled_model(id), run, context.stop);
        std::ranges::copy(other->grad_cam.values(), maps.row(i).values().begin());
        std::ranges::copy(other->probabilities.values(), probabilities.row(i).values().begin());
        watched.data()[i] = other->probabilities.data()[other->watched];
    }
    const Observer observe(context.probe);
    observe.axis({"network", AxisKind::layer, n, {"none", "SE", "CBAM"}, "n"});
    observe("compare.grad_cam", maps, [] {
        return Shown{.role = Role::map,
                     .symbol = "L",
                     .title = "Grad-CAM of three networks",
                     .axes = {"network", "y", "x"},
                     .step = {"compare", "L of each network, its peak 1", "", "Selvaraju 2017, eq. 1 and 2"}};
    });
    if (run.request.watched) {
        // Before the others: this is the class of the maps.
        observe.axis({"watched", AxisKind::class_, 1, {context.params.text("class")}, "w"});
        observe("compare.watched", watched, [&] {
            return Shown{.role = Role::probabilities,
                         .symbol = "P",
                         .title = "Probability of the class",
                         .axes = {"network", "watched"},
                         .step = {"compare", "P of the class that is asked for",
                                  fmt::format("@compare.watched[n,w] = @compare.probabilities[n,{}+w]", *run.request.watched)}};
        });
    }
    observe("compare.probabilities", probabilities, [] {
        return Shown{.role = Role::probabilities,
                     .symbol = "P",
                     .title = "Class probabilities of three networks",
                     .axes = {"network", "class"},
                     .step = {"compare", "P of each network"}};
    });
}

void run_spatial(RunContext& context) {
    const NetworkRun done = run_network(context, true);
    if (context.params.toggle("side_by_side")) compare(context, done);
}

std::vector<ViewPlacement> placed_spatial(const Params& params) {
    const BlockAttentionKind& attention = block_attention(params.text("model"));
    const auto of = [&](const char* what) { return block_tensor(params, what); };
    const bool maps = attention.spatial, gates = attention.channel;
    std::vector<ViewPlacement> views = {{"overlay", maps ? of("spatial") : "grad_cam", 0, 0.46f, 0.62f},
                                        {"map-stages", of("output"), 0, 0.54f, 0.62f}};
    if (params.toggle("side_by_side"))
        views.push_back({"word-strip", "compare.grad_cam", 1, 0.5f, 0.38f});
    else if (maps)
        views.push_back({"overlay", "grad_cam", 1, 0.4f, 0.38f});
    else
        views.push_back({"map-gallery", of("output"), 1, 0.5f, 0.38f});
    views.push_back({gates ? "channel-bars" : "bars", gates ? of("gate") : "probabilities", 1, 1 - views.back().width, 0.38f});
    return views;
}

}  // namespace

Exhibit spatial_exhibit() {
    Exhibit exhibit;
    exhibit.id = "spatial";
    exhibit.title = "Spatial";
    exhibit.group = "Vision";
    exhibit.summary =
        "Channel, then spatial attention on your own image: every stage of CBAM, the map over the picture, and Grad-CAM "
        "beside it.";
    exhibit.source = "Woo et al. 2018; Selvaraju et al. 2017";
    exhibit.params = network_params("cbam", "3.2");  // where its maps tell places apart the most
    exhibit.params.push_back(toggle_param(
        "side_by_side", "Side by side",
        "Runs all three networks, and shows where each looks for the class (Grad-CAM) and how sure it is.", false));
    exhibit.models = network_models();
    exhibit.choose_model = network_model;
    exhibit.views = placed_spatial(resolve(exhibit.params, {}));
    exhibit.place = placed_spatial;
    exhibit.output_text = "output";
    exhibit.run = run_spatial;
    exhibit.lesson = spatial_lesson();
    return exhibit;
}

}  // namespace saccade
