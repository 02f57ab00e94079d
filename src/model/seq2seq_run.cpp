#include "model/seq2seq_run.hpp"

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/beam_show.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

void declare_axes(Probe& probe, const Seq2Seq<float>& model, const Seq2SeqRequest& request, const Ids& output) {
    const Seq2SeqSizes& s = model.sizes();
    std::vector<std::string> labels;
    for (const Index id : output) labels.push_back(request.target_tokens.at(static_cast<std::size_t>(id)));
    const std::vector<std::string> classes(request.target_tokens.begin(), request.target_tokens.end() - 1);
    probe.axis({"source", AxisKind::key, static_cast<Index>(request.source_labels.size()), request.source_labels, "j"});
    probe.axis({"output", AxisKind::query, static_cast<Index>(output.size()), labels, "i"});
    probe.axis({"embedding", AxisKind::feature, s.embedding, {}, "m"});
    probe.axis({"hidden", AxisKind::feature, s.encoder, {}, "k"});
    probe.axis({"annotation", AxisKind::feature, 2 * s.encoder, {}, "k"});
    probe.axis({"state", AxisKind::feature, s.decoder, {}, "k"});
    if (s.readout > 0) probe.axis({"attentional", AxisKind::feature, s.readout, {}, "k"});
    if (model.design().attention) {
        probe.axis({"attention", AxisKind::feature, s.attention, {}, "a"});
        const ScoreFunction& score = score_function(model.design().score);
        if (score.query_axis == "position") probe.axis({"position", AxisKind::key, s.longest, {}, "p"});
        for (const FunctionParameter& p : score.parameters({s.decoder, 2 * s.encoder, s.attention, s.longest}))
            if (p.axes == std::vector<std::string>{"unit"}) probe.axis({"unit", AxisKind::feature, p.shape[0], {}, "u"});
        for (const FunctionParameter& p : model.align_parameters())
            if (p.axes == std::vector<std::string>{"centre"}) probe.axis({"centre", AxisKind::feature, p.shape[0], {}, "b"});
    }
    probe.axis({"token", AxisKind::class_, s.target_vocabulary - 1, classes, "c"});
    probe.axis({"source_vocabulary", AxisKind::class_, s.source_vocabulary, {}, "v"});
    probe.axis({"target_vocabulary", AxisKind::class_, s.target_vocabulary, request.target_tokens, "v"});
}

/// What is written at step i, as the decoder reads it at the next.
Shown input_shown(Index start) {
    return {
        .role = Role::input,
        .symbol = "y",
        .title = "Previous output (ids)",
        .axes = {"output"},
        .step = {"feed back", "y_(i−1), and <start> before the first",
                 "decoder.input[i] = " + rules::feed_back("output.id", std::to_string(start)), "Bahdanau 2014, section 2.1"}};
}

Tensor<float> shown_probabilities(const Var<float>& logits, const Observer& observe) {
    return observe("probabilities", softmax(logits),
                   [] {
                       return Shown{
                           .role = Role::probabilities,
                           .symbol = "p",
                           .title = "Output probabilities",
                           .unit = "probability",
                           .axes = {"output", "token"},
                           .step = {"normalise", "p(y_i | y_<i, x) = softmax(o_i)",
                                    "probabilities[i,c] = " + rules::softmax('c', "logits[i,c]"), "Bahdanau 2014, eq. 4"}};
                   })
        .value();
}

Shown output_shown() {
    return {.role = Role::output,
            .symbol = "y",
            .title = "Output tokens (ids)",
            .axes = {"output"},
            .step = {"choose", "y_i = argmax_c p_ic, or as the beam or the forced output has it", "", "decoding"}};
}

}  // namespace

Seq2SeqOutput run_seq2seq(const Seq2Seq<float>& model, const Seq2SeqRequest& request, Probe& probe, std::stop_token stop) {
    const Observer observe(probe);
    const Seq2SeqSizes& s = model.sizes();
    Rng rng = Rng(request.seed).fork("hard samples");
    Seq2SeqOutput output;
    const Ids read[] = {observe.ids("source.id", request.source, s.source_vocabulary, [] {
        return Shown{.role = Role::input, .symbol = "x", .title = "Source tokens (ids)", .axes = {"source"}};
    })};
    const auto encoded = model.encode(PaddedSources::from(read), observe, stop);

    Ids given = request.forced.value_or(Ids{});
    bool free = !request.forced.has_value();
    if (!free) given.push_back(model.end_id());
    if (free && request.beam.width > 1) {
        const BeamResult beam = beam_search(model, encoded, request.beam, &rng, stop);
        output.hypotheses = beam.hypotheses;
        given = shown_hypothesis(probe, beam, request.beam.width, request.hypothesis);
        free = false;
    }
    const Index steps = free ? request.beam.max_steps : static_cast<Index>(given.size());
    Index previous = model.start_id();
    auto state = model.initial_state(encoded);
    for (Index i = 0; i < steps; ++i) {
        check_stop(stop);
        const Observer here = observe.row(i);
        previous = here.id("decoder.input", previous, s.target_vocabulary, [&] { return input_shown(model.start_id()); });
        const Index ids[] = {previous};
        const auto step = model.step(encoded, model.project_previous(ids, i, observe), state, i, &rng, observe);
        state = step.state;
        const Tensor<float> p = shown_probabilities(model.logits(model.readout_input(step), here), here);
        const Index chosen =
            free ? std::ranges::max_element(p.values()) - p.values().begin() : given[static_cast<std::size_t>(i)];
        previous = here.id("output.id", chosen, s.target_vocabulary - 1, output_shown);
        output.ids.push_back(previous);
        if (previous == model.end_id() && free) break;
    }
    declare_axes(probe, model, request, output.ids);
    return output;
}

}  // namespace saccade
