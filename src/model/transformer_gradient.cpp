#include "model/transformer_gradient.hpp"

#include "autograd/ops.hpp"

namespace saccade {

void show_weight_gradients(Probe& probe, const Transformer<float>& model, const GradientQuestion& question) {
    const std::string stacks[] = {"encoder", "decoder", "cross"};
    Probe ear({}, {});
    for (const std::string& s : stacks) ear.collect_gradients(s + ".weights");
    const StackSites encoder_sites("encoder", "source"), decoder_sites("decoder", "output");
    const StackShowing encoder_showing{ear, encoder_sites}, decoder_showing{ear, decoder_sites};
    // The embeddings are on the tape, so all that comes of them is; the weights of the model are constants, which costs less.
    Tape<float> tape;
    const auto embedded = [&tape](const TransformerStack<float>& stack, const Ids& ids) {
        return tape.leaf(stack.embed(ids, 1, {}).value());
    };
    StackCall<float> reading;
    reading.radius = question.encoder_radius;
    reading.showing = &encoder_showing;
    const Var<float> memory = model.encoder()(embedded(model.encoder(), question.source), reading);
    StackCall<float> writing;
    writing.radius = question.decoder_radius;
    writing.memory = memory;
    writing.showing = &decoder_showing;
    const Var<float> state = model.decoder()(embedded(model.decoder(), question.read), writing);
    const Var<float> here = reshape(slice(state, 1, question.at, 1), {1, state.shape()[2]});
    const Index token[] = {question.token};
    tape.backward(sum_all(gather(log_softmax(model.decoder().tied_logits(here, model.classes())), token)));
    const MultiHeadSites sites[] = {encoder_sites.self, decoder_sites.self, decoder_sites.cross};
    for (std::size_t s = 0; s < 3; ++s) {
        const ProbeSite& of = sites[s].weights;
        const Tensor<float> gradient = ear.gradients(of.name);
        if (gradient.empty()) continue;
        probe.whole({of.name + ".gradient", Role::state, "∂", "Gradient of log p by the weights", "", of.axes}, gradient);
        probe.step({"differentiate", of.name + ".gradient", "∂ log p(y_i) / ∂α", "", "Chefer 2021, eq. 5"});
    }
}

}  // namespace saccade
