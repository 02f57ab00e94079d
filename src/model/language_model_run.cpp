#include "model/language_model_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/per_model.hpp"
#include "model/stack_continuation.hpp"

namespace saccade {

namespace {

struct Sites {
    StackSites stack{"self", "token"};
    ProbeSite id{"token.id", Role::input, "x", "Tokens (ids)", "", {"token"}};
    ProbeSite logits{"logits", Role::logits, "o", "Logits of the next token", "logit", {"token", "class"}};
    ProbeSite probabilities{"probabilities",   Role::probabilities, "p", "Probabilities of the next token", "",
                            {"token", "class"}};
};

/// Formulas and stacked parameters, made once while the model lives.
std::shared_ptr<const StackDescription> description_of(const ModelPtr& model, const LoadedLanguageModel& loaded) {
    static PerModel<StackDescription> made;
    return made.get(model, [&] {
        return std::make_shared<const StackDescription>(
            model->weights,
            StackDescription::Names{
                .stack = "self", .prefix = language_model_prefix, .tokens = "token", .vocabulary = "vocabulary", .memory = ""},
            loaded.design, loaded.model.stack().position_sizes());
    });
}

/// `rows`: tokens that queries run along; all of them, or those at the end that are new.
void declare_axes(Probe& probe, const LoadedLanguageModel& loaded, const std::vector<std::string>& labels, Index rows) {
    const StackDesign& d = loaded.design;
    const auto n = static_cast<Index>(labels.size());
    const std::vector<std::string>& tokens = loaded.text->target_labels();
    probe.axis({"layer", AxisKind::layer, d.layers, {}, "l"});
    probe.axis({"head", AxisKind::head, d.heads, {}, "h"});
    probe.axis({"unit", AxisKind::feature, d.d_model / d.heads, {}, "u"});
    probe.axis({"feature", AxisKind::feature, d.d_model, {}, "k"});
    if (d.d_ff > 0) probe.axis({"hidden", AxisKind::feature, d.d_ff, {}, "f"});
    probe.axis({"token", AxisKind::query, rows, {labels.end() - rows, labels.end()}, "i"});
    probe.axis({"token.key", AxisKind::key, n, labels, "j"});
    probe.axis({"vocabulary", AxisKind::class_, loaded.model.vocabulary(), tokens, "v"});
    probe.axis({"class", AxisKind::class_, loaded.model.classes(), {tokens.begin(), tokens.end() - 1}, "c"});
}

/// Shows the ids; what an intervention makes of them is what the model reads.
Ids shown_ids(Probe& probe, const ProbeSite& site, const Ids& ids, Index vocabulary) {
    Tensor<float> values(Shape{static_cast<Index>(ids.size())});
    for (std::size_t i = 0; i < ids.size(); ++i) values.data()[i] = static_cast<float>(ids[i]);
    values = probe.whole(site, values);
    Ids read;
    for (const float v : values.values())
        read.push_back(std::clamp<Index>(std::isfinite(v) ? std::lround(v) : 0, 0, vocabulary - 1));
    return read;
}

/// Weights of each layer, [1, h, T, T], in one tensor [layer, head, T, T].
Tensor<float> joined_layers(const std::vector<Var<float>>& weights) {
    std::vector<Var<float>> layers;
    for (const Var<float>& w : weights) layers.push_back(reshape(w, w.shape().without(0)));
    return stack<float>(layers).value();
}

struct Pass {
    Tensor<float> weights;        // [layer, head, T, T_k] of what was read
    Tensor<float> probabilities;  // [T, classes]
};

/// Ids through the stack, behind what `cache` holds.
Pass pass(const LoadedLanguageModel& loaded, const Sites& sites, std::span<const Index> ids, StackCache<float>* cache,
          Probe& probe, const std::stop_token& stop) {
    const StackShowing showing{probe, sites.stack};
    std::vector<Var<float>> weights;
    StackCall<float> call;
    call.showing = &showing;
    call.weights = &weights;
    call.cache = cache;
    call.stop = stop;
    const TransformerStack<float>& stack = loaded.model.stack();
    const Var<float> state = stack(stack.embed(ids, 1, call), call);
    check_stop(stop);
    const Var<float> flat = reshape(state, {state.shape()[1], state.shape()[2]});
    const Var<float> logits = show(&probe, sites.logits, -1, loaded.model.read_out(flat));
    const Var<float> p = show(&probe, sites.probabilities, -1, softmax(logits));
    return {joined_layers(weights), p.value()};
}

/// What a run showed, and what it was of.
struct Kept {
    std::shared_ptr<const LoadedLanguageModel> loaded;
    Ids ids;
    ShownTensors shown;
};

Index common_prefix(const Ids& a, const Ids& b) {
    return std::ranges::mismatch(a, b).in1 - a.begin();
}

std::shared_ptr<const Kept> computed(const std::shared_ptr<const LoadedLanguageModel>& loaded,
                                     const LanguageModelRequest& request, const Ids& ids, const Kept* old,
                                     const std::stop_token& stop) {
    const auto n = static_cast<Index>(ids.size());
    // At least one position is computed, so that there is something to show.
    const Index stays = old == nullptr ? 0 : std::min(common_prefix(old->ids, ids), n - 1);
    Sites sites;
    std::optional<StackContinuation> from;
    StackCache<float> cache;
    if (stays > 0) {
        from.emplace(loaded->model.stack(), "self", "token", old->shown, stays, n);
        from->fill(cache);
        sites.stack = from->sites();
    }
    Probe aside({}, {});
    const std::span<const Index> fresh_ids(ids.data() + stays, ids.size() - static_cast<std::size_t>(stays));
    pass(*loaded, sites, fresh_ids, from ? &cache : nullptr, aside, stop);
    declare_axes(aside, *loaded, request.labels, n - stays);
    const Trace trace = aside.finish();
    return std::make_shared<const Kept>(Kept{loaded, ids, from ? from->whole(trace) : shown_tensors(trace)});
}

}  // namespace

LanguageModelOutput run_language_model(const ModelPtr& model, const LanguageModelRequest& request, Probe& probe, Reuse& reuse,
                                       const std::stop_token& stop) {
    const auto loaded = language_model_of(model);
    const Sites sites;
    const Ids ids = shown_ids(probe, sites.id, request.ids, loaded->model.vocabulary());
    LanguageModelOutput output{ids, {}, {}};
    if (probe.intervening()) {
        Pass whole = pass(*loaded, sites, ids, nullptr, probe, stop);
        output.weights = std::move(whole.weights);
        output.probabilities = std::move(whole.probabilities);
    } else {
        const std::string key = "language_model";
        auto kept = reuse.find<Kept>(key);
        if (kept && kept->loaded != loaded) kept = nullptr;
        if (!kept || kept->ids != ids) {
            kept = computed(loaded, request, ids, kept.get(), stop);
            reuse.keep(key, kept, bytes_of(kept->shown));
        }
        for (const auto& [site, values] : kept->shown) probe.whole(site, values);
        output.weights = shown_tensor(kept->shown, "self.weights");
        output.probabilities = shown_tensor(kept->shown, "probabilities");
    }
    declare_axes(probe, *loaded, request.labels, static_cast<Index>(ids.size()));
    const auto description = description_of(model, *loaded);
    description->describe(probe, {static_cast<Index>(ids.size()), std::nullopt, "token.id"});
    probe.parameter("softmax.weight", "E", {"class", "feature"},
                    loaded->model.stack().table().value().rows(0, loaded->model.classes()));
    probe.step({"read out", "logits", "o_i = E x_i, E the embedding table",
                "logits[i,c] = sum_m(softmax.weight[c,m] * " + description->output('i', 'm') + ")", "Press and Wolf 2017"});
    probe.step({"normalise", "probabilities", "p(x_(i+1) | x_1 … x_i) = softmax(o_i)",
                "probabilities[i,c] = softmax_c(logits[i,c])", "Vaswani 2017, section 3.4"});
    return output;
}

Tensor<float> token_losses(const Tensor<float>& probabilities, std::span<const Index> ids) {
    const Index n = probabilities.shape()[0], classes = probabilities.shape()[1];
    Tensor<float> losses(Shape{n});
    for (Index i = 1; i < n; ++i) {
        const Index id = ids[static_cast<std::size_t>(i)];
        const double p = id < classes ? static_cast<double>(probabilities.data()[(i - 1) * classes + id]) : 0;
        losses.data()[i] = static_cast<float>(-std::log(std::max(p, smallest_probability)));
    }
    return losses;
}

}  // namespace saccade
