#include "model/seq2seq_run.hpp"

#include "model/decode.hpp"

namespace saccade {

void declare_seq2seq_axes(Probe& probe, const Seq2Seq<float>& model, const std::vector<std::string>& source_labels,
                          const std::vector<std::string>& target_tokens, const Ids& output) {
    const Seq2SeqSizes& s = model.sizes();
    std::vector<std::string> labels;
    for (const Index id : output) labels.push_back(target_tokens.at(static_cast<std::size_t>(id)));
    const std::vector<std::string> classes(target_tokens.begin(), target_tokens.end() - 1);
    probe.axis({"source", AxisKind::key, static_cast<Index>(source_labels.size()), source_labels, "j"});
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
    if (s.source_vocabulary > 0)
        probe.axis({"source_vocabulary", AxisKind::class_, s.source_vocabulary, {}, "v"});
    else
        probe.axis({"input", AxisKind::feature, s.input, {}, "m"});
    probe.axis({"target_vocabulary", AxisKind::class_, s.target_vocabulary, target_tokens, "v"});
}

Seq2SeqOutput run_seq2seq(const Seq2Seq<float>& model, const Seq2SeqRequest& request, Probe& probe, std::stop_token stop) {
    const Observer observe(probe);
    const Seq2SeqSizes& s = model.sizes();
    Rng rng = Rng(request.seed).fork("hard samples");
    Seq2SeqOutput output;
    const Ids read[] = {observe.ids("source.id", request.source, s.source_vocabulary, [] {
        return Shown{.role = Role::input, .symbol = "x", .title = "Source tokens (ids)", .axes = {"source"}};
    })};
    const auto encoded = model.encode(PaddedSources::from(read), observe, stop);

    auto state = model.initial_state(encoded);
    Index i = 0;
    const OneOutput decoder{.start = model.start_id(),
                            .end = model.end_id(),
                            .readable = s.target_vocabulary,
                            .writable = s.target_vocabulary - 1,
                            .search = [&] { return beam_search(model, encoded, request.beam, &rng, stop); },
                            .step =
                                [&](Index previous, const Observer& here) {
                                    const Index ids[] = {previous};
                                    const auto step =
                                        model.step(encoded, model.project_previous(ids, i, observe), state, i, &rng, observe);
                                    ++i;
                                    state = step.state;
                                    return model.logits(model.readout_input(step), here);
                                }};
    const DecodeText text{.input = "Previous output (ids)",
                          .first = "<start>",
                          .first_rule = std::to_string(model.start_id()),
                          .input_source = "Bahdanau 2014, section 2.1",
                          .given = "x",
                          .probabilities = "Output probabilities",
                          .probabilities_source = "Bahdanau 2014, eq. 4",
                          .output = "Output tokens (ids)",
                          .forced = "output"};
    Decoded decoded = decode(decoder, {request.forced, request.beam, request.hypothesis}, text, observe, stop);
    output.ids = std::move(decoded.ids);
    output.hypotheses = std::move(decoded.hypotheses);
    declare_seq2seq_axes(probe, model, request.source_labels, request.target_tokens, output.ids);
    return output;
}

}  // namespace saccade
