#include "model/transformer_gradient.hpp"

#include "autograd/ops.hpp"

namespace saccade {

namespace {

/// Logits of one output [1, classes]; where something was changed by hand, of all, as the run shows them.
Var<float> logits_at(const Probe& probe, Probe& collector, const Transformer<float>& model, const Var<float>& state, Index at) {
    if (!probe.intervening()) {
        const Var<float> here = reshape(slice(state, 1, at, 1), {1, state.shape()[2]});
        return model.decoder().tied_logits(here, model.classes());
    }
    const Var<float> all = reshape(state, {state.shape()[1], state.shape()[2]});
    const Var<float> logits = Observer(collector)("logits", model.decoder().tied_logits(all, model.classes()), [] {
        return Shown{.role = Role::logits, .axes = {"output", "class"}};
    });
    return slice(logits, 0, at, 1);
}

}  // namespace

void show_weight_gradients(Probe& probe, const Transformer<float>& model, const GradientQuestion& question) {
    struct Maps {
        const char *prefix, *queries, *keys;
    };
    const Maps all[] = {
        {"encoder.", "source", "source.key"}, {"decoder.", "output", "output.key"}, {"cross.", "output", "source.key"}};
    Probe collector = probe.scratch();
    for (const Maps& maps : all) collector.collect_gradients(maps.prefix + std::string("weights"));
    // The embeddings are on the tape, so all that comes of them is; the weights of the model are constants, which costs less.
    // What was changed by hand is changed here, too.
    Tape<float> tape;
    const auto embedded = [&tape](const TransformerStack<float>& stack, const Ids& ids, const StackCall<float>& call) {
        return tape.leaf(stack.embed(ids, 1, call).value());
    };
    StackCall<float> reading;
    reading.radius = question.encoder_radius;
    reading.observe = Observer(collector, "encoder.");
    reading.names = {.tokens = "source"};
    const Var<float> memory = model.encoder()(embedded(model.encoder(), question.source, reading), reading);
    StackCall<float> writing;
    writing.radius = question.decoder_radius;
    writing.memory = memory;
    writing.observe = Observer(collector, "decoder.");
    writing.names = {.tokens = "output", .memory_keys = "source.key"};
    const Var<float> state = model.decoder()(embedded(model.decoder(), question.read, writing), writing);
    const Index token[] = {question.token};
    tape.backward(sum_all(gather(log_softmax(logits_at(probe, collector, model, state, question.at)), token)));
    for (const Maps& maps : all) {
        const Tensor<float> gradient = collector.gradients(maps.prefix + std::string("weights"));
        if (gradient.empty()) continue;
        Observer(probe, maps.prefix)("weights.gradient", gradient, [&] {
            return Shown{.role = Role::state,
                         .symbol = "∂",
                         .title = "Gradient of log p by the weights",
                         .axes = {"layer", "head", maps.queries, maps.keys},
                         .step = {"differentiate", "∂ log p(y_i) / ∂α", "", "Chefer 2021, eq. 5"}};
        });
    }
}

}  // namespace saccade
