#include "model/clip_describer_run.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "model/decode.hpp"

namespace saccade {

namespace {

std::vector<std::string> numbered(Index n) {
    std::vector<std::string> labels;
    for (Index i = 1; i <= n; ++i) labels.push_back(std::to_string(i));
    return labels;
}

void declare_axes(Probe& probe, const ClipDescriber<float>& model, const ClipRequest& request, const ClipOutput& output) {
    const ClipSizes& s = model.sizes();
    const Index cells = output.height * output.width;
    std::vector<std::string> labels;
    for (const Index id : output.ids) labels.push_back(request.words.at(static_cast<std::size_t>(id)));
    std::vector<std::string> channels = numbered(s.annotation - time_features - (model.design().places ? place_features : 0));
    if (model.design().places)
        for (const char* place : {"sin πy/2", "cos πy/2", "sin πy", "cos πy", "sin πx/2", "cos πx/2", "sin πx", "cos πx"})
            channels.emplace_back(place);
    for (const char* time : {"sin πt/2", "cos πt/2", "sin πt", "cos πt", "sin 2πt", "cos 2πt", "sin 4πt", "cos 4πt"})
        channels.emplace_back(time);
    const std::vector<std::string> classes(request.words.begin(), request.words.begin() + model.classes());
    probe.axis({"output", AxisKind::query, static_cast<Index>(output.ids.size()), labels, "i"});
    probe.axis({"frame", AxisKind::key, output.frames, numbered(output.frames), "j"});
    if (model.design().places) {
        std::vector<std::string> places;  // "3:7,4": frame, row and column, from 1
        for (Index p = 0; p < output.frames * cells; ++p)
            places.push_back(fmt::format("{}:{},{}", p / cells + 1, p % cells / output.width + 1, p % output.width + 1));
        probe.axis({"place", AxisKind::key, output.frames * cells, places, "j"});
        probe.axis({"y", AxisKind::y, output.height, {}, "y"});
        probe.axis({"x", AxisKind::x, output.width, {}, "x"});
    } else {
        probe.axis({"feature", AxisKind::feature, model.encoder().annotation_size(), {}, "f"});
    }
    probe.axis({"channel", AxisKind::feature, s.annotation, channels, "n"});
    probe.axis({"embedding", AxisKind::feature, s.embedding, {}, "m"});
    probe.axis({"state", AxisKind::feature, s.state, {}, "k"});
    probe.axis({"attention", AxisKind::feature, s.attention, {}, "a"});
    probe.axis({"token", AxisKind::class_, model.classes(), classes, "c"});
    probe.axis({"target_vocabulary", AxisKind::class_, s.vocabulary, request.words, "v"});
}

/// The weights over places once more, as pictures, and what each frame gets of them.
void show_maps(const Observer& observe, const ClipOutput& output) {
    const Index n = static_cast<Index>(output.weights.size()), cells = output.height * output.width;
    Tensor<float> map(Shape{n, output.frames, output.height, output.width}), frames(Shape{n, output.frames});
    for (Index i = 0; i < n; ++i)
        std::ranges::copy(output.weights[static_cast<std::size_t>(i)].values(), map.data() + i * output.frames * cells);
    const Tensor<float> shown = observe("map", map, [&] {
        return Shown{
            .role = Role::map,
            .symbol = "α",
            .title = "Where each word looks",
            .unit = "weight",
            .axes = {"output", "frame", "y", "x"},
            .step = {"lay out", "α_i as pictures: frame after frame, row after row",
                     fmt::format("@map[i,j,y,x] = @weights[i,j*{}+y*{}+x]", cells, output.width), "Yao 2015, section 3.3"}};
    });
    if (shown.data() != map.data())
        observe.note({"", "'map' is the weights as pictures: changing it changes no word", "change 'weights'"});
    for (Index at = 0; at < shown.size(); ++at) frames.data()[at / cells] += shown.data()[at];
    observe("frame_weights", frames, [] {
        return Shown{.role = Role::weights,
                     .symbol = "Σα",
                     .title = "Weights over time",
                     .unit = "weight",
                     .axes = {"output", "frame"},
                     .step = {"add up", "over the places of each frame", "@frame_weights[i,j] = sum_y(sum_x(@map[i,j,y,x]))",
                              "Yao 2015, section 3.3"}};
    });
}

BeamResult search(const ClipDescriber<float>& model, const ClipDescriber<float>::Encoded& encoded, Index start,
                  const BeamSettings& settings, std::stop_token stop) {
    ClipDescriber<float>::State state{encoded.initial};
    const auto step = [&](std::span<const Index> rows, const Ids& previous) {
        const auto made = model.step(encoded.rows(Ids(rows.size(), 0)), previous, state.rows(rows));
        state = made.state;
        return log_softmax(model.logits(made.readout)).value();
    };
    return beam_search(BeamModel<float>{start, model.end_id(), step}, settings, std::move(stop));
}

}  // namespace

ClipOutput run_clip_describer(const ClipDescriber<float>& model, const ClipRequest& request, Probe& probe,
                              std::stop_token stop) {
    const Observer observe(probe);
    const auto encoded = model.encode(request.clip.reshape(request.clip.shape().with_inserted(0, 1)), observe, stop);
    ClipOutput output;
    output.frames = encoded.frames;
    output.height = encoded.height;
    output.width = encoded.width;

    ClipDescriber<float>::State state{encoded.initial};
    const OneOutput decoder{.start = request.start,
                            .end = model.end_id(),
                            .readable = model.sizes().vocabulary,
                            .writable = model.classes(),
                            .search = [&] { return search(model, encoded, request.start, request.beam, stop); },
                            .step =
                                [&](Index previous, const Observer& at) {
                                    const Index ids[] = {previous};
                                    const auto made = model.step(encoded, ids, state, at);
                                    state = made.state;
                                    output.weights.push_back(made.weights.value());
                                    return model.logits(made.readout, at);
                                }};
    static const DecodeText text{.input = "Previous word (ids)",
                                 .first = "the language",
                                 .first_rule = "@decoder.input[0]",
                                 .input_source = "Yao 2015, section 3.2",
                                 .given = "V",
                                 .probabilities = "Word probabilities",
                                 .probabilities_source = "Yao 2015, section 3.2",
                                 .output = "Words (ids)",
                                 .forced = "sentence"};
    Decoded decoded = decode(decoder, {request.forced, request.beam, request.hypothesis}, text, observe, stop);
    output.ids = std::move(decoded.ids);
    output.hypotheses = std::move(decoded.hypotheses);
    declare_axes(probe, model, request, output);
    if (model.design().places) show_maps(observe, output);
    return output;
}

}  // namespace saccade
