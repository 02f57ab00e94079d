#include "model/captioner_run.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/beam_show.hpp"
#include "model/captioner_sites.hpp"

namespace saccade {

namespace {

Index show_id(Probe& probe, const ProbeSite& site, Index t, Index id, Index limit) {
    return shown_id(site, probe.row(site, t, Tensor<float>::scalar(static_cast<float>(id))).item(), limit);
}

std::vector<std::string> numbered(Index n, const char* name) {
    std::vector<std::string> labels;
    for (Index i = 0; i < n; ++i) labels.push_back(name + std::to_string(i));
    return labels;
}

void declare_axes(Probe& probe, const Captioner<float>& model, const CaptionRequest& request, const CaptionOutput& output) {
    const CaptionerSizes& s = model.sizes();
    std::vector<std::string> labels, locations;
    for (const Index id : output.ids) labels.push_back(request.words.at(static_cast<std::size_t>(id)));
    for (Index y = 0; y < output.height; ++y)
        for (Index x = 0; x < output.width; ++x) locations.push_back(std::to_string(y) + "," + std::to_string(x));
    std::vector<std::string> channels = numbered(s.annotation - place_features, "");
    for (const char* place : {"sin πy/2", "cos πy/2", "sin πy", "cos πy", "sin πx/2", "cos πx/2", "sin πx", "cos πx"})
        channels.emplace_back(place);
    const std::vector<std::string> classes(request.words.begin(), request.words.begin() + model.classes());
    const bool sca = model.design().attention == CaptionAttention::sca;
    probe.axis({"output", AxisKind::query, static_cast<Index>(output.ids.size()), labels, "i"});
    probe.axis({"location", AxisKind::key, output.height * output.width, locations, "j"});
    probe.axis({"y", AxisKind::y, output.height, {}, "y"});
    probe.axis({"x", AxisKind::x, output.width, {}, "x"});
    probe.axis({"channel", sca ? AxisKind::channel : AxisKind::feature, s.annotation, channels, "n"});
    probe.axis({"embedding", AxisKind::feature, s.embedding, {}, "m"});
    probe.axis({"state", AxisKind::feature, s.state, {}, "k"});
    probe.axis({"attention", AxisKind::feature, s.attention, {}, "a"});
    if (sca) probe.axis({"channel_attention", AxisKind::feature, s.channel, {}, "b"});
    probe.axis({"unit", AxisKind::feature, 1, {}, "u"});
    probe.axis({"token", AxisKind::class_, model.classes(), classes, "c"});
    probe.axis({"target_vocabulary", AxisKind::class_, s.vocabulary, request.words, "v"});
}

/// The weights once more, as pictures: what the strip and the overlay draw.
void show_maps(Probe& probe, const CaptionerSites& sites, const std::vector<Tensor<float>>& weights, Index height,
               Index width) {
    Tensor<float> map(Shape{static_cast<Index>(weights.size()), height, width}), coverage(Shape{height, width});
    for (std::size_t t = 0; t < weights.size(); ++t)
        for (Index j = 0; j < height * width; ++j) {
            const float w = weights[t].data()[j];
            map.data()[static_cast<Index>(t) * height * width + j] = w;
            coverage.data()[j] += w;
        }
    if (probe.whole(sites.map, map).data() != map.data())
        probe.note({"", "'map' is the weights as a picture: changing it changes no word",
                    fmt::format("change 'weights', where row y, column x is location {} y + x", width)});
    probe.whole(sites.coverage, coverage);
}

}  // namespace

BeamResult beam_search(const Captioner<float>& model, const Captioner<float>::Encoded& encoded, Index start,
                       const BeamSettings& settings, std::stop_token stop) {
    Captioner<float>::State state{encoded.initial};
    Index t = 0;
    const auto step = [&](std::span<const Index> rows, const Ids& previous) {
        const auto made = model.step(encoded.rows(Ids(rows.size(), 0)), previous, state.rows(rows), t++);
        state = made.state;
        return log_softmax(model.logits(made.readout)).value();
    };
    return beam_search(BeamModel<float>{start, model.end_id(), step}, settings, std::move(stop));
}

CaptionOutput run_captioner(const Captioner<float>& model, const CaptionRequest& request, Probe& probe, std::stop_token stop) {
    const CaptionerSites sites;
    const CaptionShowing showing{probe, sites};
    const Shape& picture = request.picture.shape();
    const auto encoded = model.encode(Var<float>(request.picture.reshape(picture.with_inserted(0, 1))), &showing, stop);
    CaptionOutput output;
    output.height = encoded.height;
    output.width = encoded.width;

    Ids given = request.forced.value_or(Ids{});
    bool free = !request.forced.has_value();
    if (!free) given.push_back(model.end_id());
    if (free && request.beam.width > 1) {
        const BeamResult beam = beam_search(model, encoded, request.start, request.beam, stop);
        output.hypotheses = beam.hypotheses;
        given = shown_hypothesis(probe, beam, request.beam.width, request.hypothesis);
        free = false;
    }
    Rng drawing = Rng(request.seed.value_or(0)).fork("locations");
    Rng* const rng = request.seed ? &drawing : nullptr;
    const Index steps = free ? request.beam.max_steps : static_cast<Index>(given.size());
    Index previous = request.start;
    Captioner<float>::State state{encoded.initial};
    for (Index t = 0; t < steps; ++t) {
        check_stop(stop);
        const Index ids[] = {show_id(probe, sites.previous_id, t, previous, model.sizes().vocabulary)};
        const auto made = model.step(encoded, ids, state, t, rng, &showing);
        state = made.state;
        output.maps.push_back(made.weights.value());
        const Var<float> logits = show(&probe, sites.logits, t, model.logits(made.readout));
        const Tensor<float> p = show(&probe, sites.probabilities, t, softmax(logits)).value();
        const Index chosen =
            free ? std::ranges::max_element(p.values()) - p.values().begin() : given[static_cast<std::size_t>(t)];
        previous = show_id(probe, sites.output_id, t, chosen, model.classes());
        output.ids.push_back(previous);
        if (previous == model.end_id() && free) break;
    }
    declare_axes(probe, model, request, output);
    show_maps(probe, sites, output.maps, encoded.height, encoded.width);
    model.describe(probe, encoded.height, encoded.width);
    return output;
}

}  // namespace saccade
