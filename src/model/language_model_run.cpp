#include "model/language_model_run.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/stack_continuation.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

void declare_axes(Probe& probe, const LoadedLanguageModel& loaded, const std::vector<std::string>& labels) {
    const auto n = static_cast<Index>(labels.size());
    const std::vector<std::string>& tokens = loaded.text->target_labels();
    loaded.model.stack().declare_axes(probe);
    loaded.model.stack().declare_position_axes(probe, "self.");
    probe.axis({"token", AxisKind::query, n, labels, "i"});
    probe.axis({"token.key", AxisKind::key, n, labels, "j"});
    probe.axis({"vocabulary", AxisKind::class_, loaded.model.vocabulary(), tokens, "v"});
    probe.axis({"class", AxisKind::class_, loaded.model.classes(), {tokens.begin(), tokens.end() - 1}, "c"});
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

/// Ids through the stack, after what `cache` holds.
Pass pass(const LanguageModel<float>& model, std::span<const Index> ids, StackCache<float>* cache, Probe& probe,
          const std::stop_token& stop) {
    std::vector<Var<float>> weights;
    StackCall<float> call;
    call.observe = Observer(probe, "self.");
    call.names = {.tokens = "token", .ids = "token.id", .vocabulary = "vocabulary"};
    call.weights = &weights;
    call.cache = cache;
    call.stop = stop;
    const TransformerStack<float>& stack = model.stack();
    const Var<float> state = stack(stack.embed(ids, 1, call), call);
    check_stop(stop);
    const Var<float> flat = reshape(state, {state.shape()[1], state.shape()[2]});
    const Observer observe(probe);
    const Var<float> logits = observe("logits", model.read_out(flat), [&] {
        return Shown{
            .role = Role::logits,
            .symbol = "o",
            .title = "Logits of the next token",
            .unit = "logit",
            .axes = {"token", "class"},
            .step = {"read out", "o_i = E x_i, E the embedding table",
                     "logits[i,c] = " + rules::linear('m', "softmax.weight[c,m]", stack.output("self.", 'i', 'm')),
                     "Press and Wolf 2017"},
            .parameters = {{"softmax.weight", "E", {"class", "feature"}, stack.table().value().rows(0, model.classes())}}};
    });
    const Var<float> p = observe("probabilities", softmax(logits), [] {
        return Shown{.role = Role::probabilities,
                     .symbol = "p",
                     .title = "Probabilities of the next token",
                     .axes = {"token", "class"},
                     .step = {"normalise", "p(x_(i+1) | x_1 … x_i) = softmax(o_i)",
                              "probabilities[i,c] = " + rules::softmax('c', "logits[i,c]"), "Vaswani 2017, section 3.4"}};
    });
    return {joined_layers(weights), p.value()};
}

/// What a run showed, and what it was of.
struct Kept {
    std::shared_ptr<const LoadedLanguageModel> loaded;
    Ids ids;
    ShownRun shown;
};

Index common_prefix(const Ids& a, const Ids& b) {
    return std::ranges::mismatch(a, b).in1 - a.begin();
}

std::shared_ptr<const Kept> computed(const std::shared_ptr<const LoadedLanguageModel>& loaded, const Ids& ids, const Kept* old,
                                     const std::stop_token& stop) {
    const auto n = static_cast<Index>(ids.size());
    // At least one position is computed, so that there is something to show.
    const Index stays = old == nullptr ? 0 : std::min(common_prefix(old->ids, ids), n - 1);
    Probe aside({}, {});
    if (stays == 0) {
        pass(loaded->model, ids, nullptr, aside, stop);
        return std::make_shared<const Kept>(Kept{loaded, ids, aside.take()});
    }
    const StackContinuation from(loaded->model.stack(), "self.", "token", old->shown, stays, n);
    StackCache<float> cache;
    from.fill(cache);
    pass(loaded->model, std::span<const Index>(ids.begin() + stays, ids.end()), &cache, aside, stop);
    return std::make_shared<const Kept>(Kept{loaded, ids, from.whole(aside.take())});
}

}  // namespace

LanguageModelOutput run_language_model(const ModelPtr& model, const LanguageModelRequest& request, Probe& probe, Reuse& reuse,
                                       const std::stop_token& stop) {
    const auto loaded = language_model_of(model);
    const Ids ids = Observer(probe).ids("token.id", request.ids, loaded->model.vocabulary(), [] {
        return Shown{.role = Role::input, .symbol = "x", .title = "Tokens (ids)", .axes = {"token"}};
    });
    LanguageModelOutput output{ids, {}, {}};
    if (probe.intervening()) {
        Pass whole = pass(loaded->model, ids, nullptr, probe, stop);
        output.weights = std::move(whole.weights);
        output.probabilities = std::move(whole.probabilities);
    } else {
        const std::string key = "language_model";
        auto kept = reuse.find<Kept>(key);
        if (kept && kept->loaded != loaded) kept = nullptr;
        if (!kept || kept->ids != ids) {
            kept = computed(loaded, ids, kept.get(), stop);
            reuse.keep(key, kept, kept->shown.bytes());
        }
        probe.show_again(kept->shown);
        output.weights = kept->shown.tensor("self.weights");
        output.probabilities = kept->shown.tensor("probabilities");
    }
    declare_axes(probe, *loaded, request.labels);
    return output;
}

Tensor<float> probabilities_aside(const LanguageModel<float>& model, std::span<const Index> ids, const Probe& probe,
                                  const std::stop_token& stop) {
    Probe aside = probe.scratch();
    return pass(model, ids, nullptr, aside, stop).probabilities;
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
