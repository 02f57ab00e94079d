#include "model/seq2seq_run.hpp"

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/beam_show.hpp"
#include "model/seq2seq_sites.hpp"

namespace saccade {

namespace {

Index show_id(Probe& probe, const ProbeSite& site, Index i, Index id, Index limit) {
    return shown_id(site, probe.row(site, i, Tensor<float>::scalar(static_cast<float>(id))).item(), limit);
}

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
        if (model.design().score == "location") probe.axis({"position", AxisKind::key, s.longest, {}, "p"});
        if (model.design().score == "cosine") probe.axis({"unit", AxisKind::feature, 1, {}, "u"});
        for (const FunctionParameter& p : model.align_parameters())
            if (p.axes == std::vector<std::string>{"centre"}) probe.axis({"centre", AxisKind::feature, p.shape[0], {}, "b"});
    }
    probe.axis({"token", AxisKind::class_, s.target_vocabulary - 1, classes, "c"});
    probe.axis({"source_vocabulary", AxisKind::class_, s.source_vocabulary, {}, "v"});
    probe.axis({"target_vocabulary", AxisKind::class_, s.target_vocabulary, request.target_tokens, "v"});
}

}  // namespace

Seq2SeqOutput run_seq2seq(const Seq2Seq<float>& model, const Seq2SeqRequest& request, Probe& probe, std::stop_token stop) {
    const Seq2SeqSites sites(model.design());
    const Showing showing{probe, sites};
    const Seq2SeqSizes& s = model.sizes();
    Rng rng = Rng(request.seed).fork("hard samples");
    Seq2SeqOutput output;
    const Ids read[] = {show_ids(probe, sites.source_id, request.source, s.source_vocabulary)};
    const auto encoded = model.encode(PaddedSources::from(read), &showing, stop);

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
        previous = show_id(probe, sites.previous_id, i, previous, s.target_vocabulary);
        const Index ids[] = {previous};
        const auto step = model.step(encoded, model.project_previous(ids, i, &showing), state, i, &rng, &showing);
        state = step.state;
        const Var<float> logits = show(&probe, sites.logits, i, model.logits(model.readout_input(step)));
        const Tensor<float> p = show(&probe, sites.probabilities, i, softmax(logits)).value();
        const Index chosen =
            free ? std::ranges::max_element(p.values()) - p.values().begin() : given[static_cast<std::size_t>(i)];
        previous = show_id(probe, sites.output_id, i, chosen, s.target_vocabulary - 1);
        output.ids.push_back(previous);
        if (previous == model.end_id() && free) break;
    }
    declare_axes(probe, model, request, output.ids);
    model.describe(probe, static_cast<Index>(request.source.size()));
    return output;
}

}  // namespace saccade
