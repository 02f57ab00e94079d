#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/seq2seq.hpp"
#include "model/seq2seq_sites.hpp"

namespace saccade {

namespace {

/// An id as the probe gave it back: an intervention may have put any number there.
Index shown_id(const ProbeSite& site, float value, Index limit) {
    if (!std::isfinite(value) || value != std::floor(value) || value < 0 || value >= static_cast<float>(limit))
        throw Error(ErrorCode::invalid_input, site.name + " was set to a number that is no id",
                    "set it to a whole number from 0 to " + std::to_string(limit - 1));
    return static_cast<Index>(value);
}

Ids show_ids(Probe& probe, const ProbeSite& site, const Ids& ids, Index limit) {
    Tensor<float> values(Shape{static_cast<Index>(ids.size())});
    std::ranges::transform(ids, values.data(), [](Index id) { return static_cast<float>(id); });
    const Tensor<float> shown = probe.whole(site, values);
    Ids result;
    for (const float v : shown.values()) result.push_back(shown_id(site, v, limit));
    return result;
}

Index show_id(Probe& probe, const ProbeSite& site, Index i, Index id, Index limit) {
    return shown_id(site, probe.row(site, i, Tensor<float>::scalar(static_cast<float>(id))).item(), limit);
}

void declare_axes(Probe& probe, const Seq2SeqSizes& s, const std::vector<std::string>& source_labels,
                  const std::vector<std::string>& target_tokens, const Ids& output) {
    const auto labels_of = [&](const Ids& ids) {
        std::vector<std::string> labels;
        for (const Index id : ids) labels.push_back(target_tokens.at(static_cast<std::size_t>(id)));
        return labels;
    };
    const std::vector<std::string> classes(target_tokens.begin(), target_tokens.end() - 1);
    probe.axis({"source", AxisKind::key, static_cast<Index>(source_labels.size()), source_labels, "j"});
    probe.axis({"output", AxisKind::query, static_cast<Index>(output.size()), labels_of(output), "i"});
    probe.axis({"embedding", AxisKind::feature, s.embedding, {}, "m"});
    probe.axis({"hidden", AxisKind::feature, s.encoder, {}, "k"});
    probe.axis({"annotation", AxisKind::feature, 2 * s.encoder, {}, "k"});
    probe.axis({"state", AxisKind::feature, s.decoder, {}, "k"});
    probe.axis({"attention", AxisKind::feature, s.attention, {}, "a"});
    probe.axis({"character", AxisKind::class_, s.target_vocabulary - 1, classes, "c"});
    probe.axis({"source_vocabulary", AxisKind::class_, s.source_vocabulary, {}, "v"});
    probe.axis({"target_vocabulary", AxisKind::class_, s.target_vocabulary, target_tokens, "v"});
}

}  // namespace

Ids run_seq2seq(const Seq2Seq<float>& model, const Ids& source, const std::vector<std::string>& source_labels,
                const std::vector<std::string>& target_tokens, const std::optional<Ids>& forced, Index max_steps, Probe& probe,
                std::stop_token stop) {
    const Seq2SeqSites& sites = seq2seq_sites();
    const Seq2SeqSizes& s = model.sizes();
    const Index end = s.target_vocabulary - 2;
    const Ids read[] = {show_ids(probe, sites.source_id, source, s.source_vocabulary)};
    const auto encoded = model.encode(PaddedSources::from(read), &probe, stop);
    const Index steps = forced ? static_cast<Index>(forced->size()) + 1 : max_steps;
    Ids output;
    Index previous = s.target_vocabulary - 1;
    Var<float> state = encoded.initial;
    for (Index i = 0; i < steps; ++i) {
        check_stop(stop);
        previous = show_id(probe, sites.previous_id, i, previous, s.target_vocabulary);
        const Index ids[] = {previous};
        const auto step = model.step(encoded, model.project_previous(ids, &probe, i), state, &probe, i);
        state = step.state;
        const Var<float> logits = model.readout(step.state, step.context, &probe, i);
        const Tensor<float> p = show(&probe, sites.probabilities, i, softmax(logits)).value();
        const Index chosen = forced ? (i + 1 < steps ? (*forced)[static_cast<std::size_t>(i)] : end)
                                    : std::ranges::max_element(p.values()) - p.values().begin();
        previous = show_id(probe, sites.output_id, i, chosen, s.target_vocabulary - 1);
        output.push_back(previous);
        if (previous == end && !forced) break;
    }
    declare_axes(probe, s, source_labels, target_tokens, output);
    model.describe(probe);
    return output;
}

}  // namespace saccade
