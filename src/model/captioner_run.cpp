#include "model/captioner_run.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "model/decode.hpp"

namespace saccade {

namespace {

std::vector<std::string> numbered(Index n, const char* name) {
    std::vector<std::string> labels;
    for (Index i = 1; i <= n; ++i) labels.push_back(name + std::to_string(i));
    return labels;
}

void declare_axes(Probe& probe, const Captioner<float>& model, const CaptionRequest& request, const CaptionOutput& output) {
    const CaptionerSizes& s = model.sizes();
    std::vector<std::string> labels, locations;  // "7,4": row and column, from 1 as in all that people read
    for (const Index id : output.ids) labels.push_back(request.words.at(static_cast<std::size_t>(id)));
    for (Index y = 0; y < output.height; ++y)
        for (Index x = 0; x < output.width; ++x) locations.push_back(std::to_string(y + 1) + "," + std::to_string(x + 1));
    std::vector<std::string> channels = numbered(s.annotation - place_features, "");
    for (const char* place : {"sin πy/2", "cos πy/2", "sin πy", "cos πy", "sin πx/2", "cos πx/2", "sin πx", "cos πx"})
        channels.emplace_back(place);
    const std::vector<std::string> classes(request.words.begin(), request.words.begin() + model.classes());
    const bool channels_too = model.design().channels;
    probe.axis({"output", AxisKind::query, static_cast<Index>(output.ids.size()), labels, "i"});
    probe.axis({"location", AxisKind::key, output.height * output.width, locations, "j"});
    probe.axis({"y", AxisKind::y, output.height, {}, "y"});
    probe.axis({"x", AxisKind::x, output.width, {}, "x"});
    probe.axis({"channel", channels_too ? AxisKind::channel : AxisKind::feature, s.annotation, channels, "n"});
    probe.axis({"embedding", AxisKind::feature, s.embedding, {}, "m"});
    probe.axis({"state", AxisKind::feature, s.state, {}, "k"});
    probe.axis({"attention", AxisKind::feature, s.attention, {}, "a"});
    if (channels_too) probe.axis({"channel_attention", AxisKind::feature, s.channel, {}, "b"});
    probe.axis({"unit", AxisKind::feature, 1, {}, "u"});
    probe.axis({"token", AxisKind::class_, model.classes(), classes, "c"});
    probe.axis({"target_vocabulary", AxisKind::class_, s.vocabulary, request.words, "v"});
}

/// The weights once more, as pictures: what the strip and the overlay draw.
void show_maps(const Observer& observe, const std::vector<Tensor<float>>& weights, Index height, Index width) {
    const Index cells = height * width;
    Tensor<float> map(Shape{static_cast<Index>(weights.size()), height, width}), coverage(Shape{height, width});
    for (std::size_t t = 0; t < weights.size(); ++t)
        std::copy_n(weights[t].data(), cells, map.data() + static_cast<Index>(t) * cells);
    const Tensor<float> shown = observe("map", map, [&] {
        return Shown{.role = Role::map,
                     .symbol = "α",
                     .title = "Where each word looks",
                     .unit = "weight",
                     .axes = {"output", "y", "x"},
                     .step = {"lay out", "α_i as a picture: location j is row j // W, column j % W",
                              fmt::format("@map[i,y,x] = @weights[i,y*{}+x]", width), "Xu 2015, section 3.1.1"}};
    });
    if (shown.data() != map.data())
        observe.note({"", "'map' is the weights as a picture: changing it changes no word",
                      fmt::format("change 'weights', where row y, column x is location {} y + x", width)});
    for (Index at = 0; at < shown.size(); ++at) coverage.data()[at % cells] += shown.data()[at];
    observe("coverage", coverage, [] {
        return Shown{.role = Role::map,
                     .symbol = "Σα",
                     .title = "Looked at in total, over all words",
                     .unit = "weight",
                     .axes = {"y", "x"},
                     .step = {"add up", "Σ_i α_ij, which training asked to be near 1 everywhere (doubly stochastic)",
                              "@coverage[y,x] = sum_i(@map[i,y,x])", "Xu 2015, eq. 14"}};
    });
}

}  // namespace

BeamResult beam_search(const Captioner<float>& model, const Captioner<float>::Encoded& encoded, Index start,
                       const BeamSettings& settings, std::stop_token stop) {
    Captioner<float>::State state{encoded.initial};
    const auto step = [&](std::span<const Index> rows, const Ids& previous) {
        const auto made = model.step(encoded.rows(Ids(rows.size(), 0)), previous, state.rows(rows));
        state = made.state;
        return log_softmax(model.logits(made.readout)).value();
    };
    return beam_search(BeamModel<float>{start, model.end_id(), step}, settings, std::move(stop));
}

CaptionOutput run_captioner(const Captioner<float>& model, const CaptionRequest& request, Probe& probe, std::stop_token stop) {
    const Observer observe(probe);
    const Shape& picture = request.picture.shape();
    const auto encoded = model.encode(Var<float>(request.picture.reshape(picture.with_inserted(0, 1))), observe, stop);
    CaptionOutput output;
    output.height = encoded.height;
    output.width = encoded.width;

    Rng drawing = Rng(request.seed.value_or(0)).fork("locations");
    Rng* const rng = request.seed ? &drawing : nullptr;
    Captioner<float>::State state{encoded.initial};
    const OneOutput decoder{.start = request.start,
                            .end = model.end_id(),
                            .readable = model.sizes().vocabulary,
                            .writable = model.classes(),
                            .search = [&] { return beam_search(model, encoded, request.start, request.beam, stop); },
                            .step =
                                [&](Index previous, const Observer& at) {
                                    const Index ids[] = {previous};
                                    const auto made = model.step(encoded, ids, state, rng, at);
                                    state = made.state;
                                    output.maps.push_back(made.weights.value());
                                    return model.logits(made.readout, at);
                                }};
    static const DecodeText text{.input = "Previous word (ids)",
                                 .first = "the language",
                                 .first_rule = "@decoder.input[0]",
                                 .input_source = "Xu 2015, eq. 1",
                                 .given = "a",
                                 .probabilities = "Word probabilities",
                                 .probabilities_source = "Xu 2015, eq. 7",
                                 .output = "Words (ids)",
                                 .forced = "caption"};
    Decoded decoded = decode(decoder, {request.forced, request.beam, request.hypothesis}, text, observe, stop);
    output.ids = std::move(decoded.ids);
    output.hypotheses = std::move(decoded.hypotheses);
    declare_axes(probe, model, request, output);
    show_maps(observe, output.maps, encoded.height, encoded.width);
    return output;
}

}  // namespace saccade
