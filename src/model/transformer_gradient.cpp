#include "model/transformer_gradient.hpp"

#include "autograd/ops.hpp"

namespace saccade {

void show_weight_gradients(Probe& probe, const Transformer<float>& model, const GradientQuestion& question) {
    struct Maps {
        const char *prefix, *queries, *keys;
    };
    const Maps all[] = {
        {"encoder.", "source", "source.key"}, {"decoder.", "output", "output.key"}, {"cross.", "output", "source.key"}};
    Probe collector({}, {});
    for (const Maps& maps : all) collector.collect_gradients(maps.prefix + std::string("weights"));
    // The embeddings are on the tape, so all that comes of them is; the weights of the model are constants, which costs less.
    Tape<float> tape;
    const auto embedded = [&tape](const TransformerStack<float>& stack, const Ids& ids) {
        return tape.leaf(stack.embed(ids, 1, {}).value());
    };
    StackCall<float> reading;
    reading.radius = question.encoder_radius;
    reading.observe = Observer(collector, "encoder.");
    reading.names = {.tokens = "source"};
    const Var<float> memory = model.encoder()(embedded(model.encoder(), question.source), reading);
    StackCall<float> writing;
    writing.radius = question.decoder_radius;
    writing.memory = memory;
    writing.observe = Observer(collector, "decoder.");
    writing.names = {.tokens = "output", .memory_keys = "source.key"};
    const Var<float> state = model.decoder()(embedded(model.decoder(), question.read), writing);
    const Var<float> here = reshape(slice(state, 1, question.at, 1), {1, state.shape()[2]});
    const Index token[] = {question.token};
    tape.backward(sum_all(gather(log_softmax(model.decoder().tied_logits(here, model.classes())), token)));
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
