#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/error.hpp"
#include "base/stop.hpp"
#include "checkpoint/vision_checkpoint.hpp"
#include "io/available_memory.hpp"
#include "trace/unchangeable.hpp"

namespace saccade {

namespace {

/// What a run showed, and what it was of.
struct Kept {
    VisionCheckpointPtr checkpoint;
    Tensor<float> plain;  // held: its storage says which picture it is
    ShownRun shown;
};
struct KeptGradients {
    VisionCheckpointPtr checkpoint;
    Tensor<float> plain;
    Index watched = -1;
    Tensor<float> gradients;
};

template <class T>
bool is_of(const T& kept, const VisionCheckpointPtr& checkpoint, const Tensor<float>& plain) {
    return kept.checkpoint == checkpoint && kept.plain.data() == plain.data() && kept.plain.shape() == plain.shape();
}

class Run {
 public:
    Run(const VisionCheckpointPtr& checkpoint, const VisionRequest& request, const std::stop_token& stop)
        : checkpoint_(checkpoint), model_(checkpoint->model), request_(request), stop_(stop) {}

    /// The picture, normalised, through all layers; with logits where a class is read out. Leaves of the tape behind the
    /// embedding, if there is one. Logits, or nothing; `weights`: those of each layer [1, h, T, T].
    Var<float> pass(Probe& probe, Tape<float>* tape = nullptr, std::vector<Var<float>>* weights = nullptr) const {
        StackCall<float> call;
        call.weights = weights;
        call.observe = Observer(probe, "self.");
        call.names = {.tokens = "token"};
        call.stop = stop_;
        const Tensor<float> pixels = shown_pixels(request_.plain, checkpoint_->reading, Observer(probe));
        Var<float> x = model_.embed(pixels.reshape(pixels.shape().with_inserted(0, 1)), call);
        if (tape != nullptr) x = tape->leaf(x.value());
        const Var<float> states = model_.stack()(x, call);
        check_stop(stop_);
        return model_.classes() == 0 ? Var<float>() : model_.logits(states, Observer(probe));
    }

    /// d logit of the class / d weights, through whatever the probe changes.
    Tensor<float> gradients(const Probe& probe, Index watched) const {
        Probe collector = probe.scratch();
        collector.collect_gradients("self.weights");
        Tape<float> tape;
        const Var<float> logits = pass(collector, &tape);
        Tensor<float> chosen(logits.shape());
        chosen.data()[watched] = 1;
        // Logits that were all set by hand depend on nothing.
        if (!logits.tracked()) return {};
        tape.backward(logits, chosen);
        return collector.gradients("self.weights");
    }

 private:
    const VisionCheckpointPtr& checkpoint_;
    const VisionTransformer& model_;
    const VisionRequest& request_;
    const std::stop_token& stop_;
};

void show_gradients(const Tensor<float>& gradients, const std::string& of, const Observer& observe) {
    const Tensor<float> shown = observe("self.weights.gradient", gradients, [&] {
        return Shown{.role = Role::state,
                     .symbol = "∂",
                     .title = "Gradient of the class's logit by the weights",
                     .axes = {"layer", "head", "token", "token.key"},
                     .step = {"differentiate", fmt::format("∂ o_c / ∂α, c = {}", of), "", "Chefer 2021, eq. 5"}};
    });
    require_unchanged("self.weights.gradient", gradients, shown, "it is what the tape gave for all weights",
                      "change weights, or the class that is watched");
}

/// Scores, weights and, with gradients, both once more and their gradients: of every pair of tokens in every head.
void require_room(const VisionDesign& design, bool gradients) {
    constexpr double giga = 1e9;
    const auto tokens = static_cast<double>(design.tokens());
    const double needed = sizeof(float) * static_cast<double>(design.stack.layers * design.stack.heads) * tokens * tokens *
                          (gradients ? 6 : 3),
                 free = available_memory();
    if (free > 0 && needed > free)
        throw Error(ErrorCode::out_of_range,
                    fmt::format("{} patches need about {:.1f} GB of memory; {:.1f} GB are free",
                                design.rows() * design.columns(), needed / giga, free / giga),
                    "close other programs, or read the picture at fewer pixels");
}

/// Runs it, or shows what was kept of the same picture; logits, or nothing.
Tensor<float> computed(const VisionCheckpointPtr& checkpoint, const VisionRequest& request, const Run& run, Probe& probe,
                       Reuse& reuse, Tensor<float>& weights) {
    const bool reads_out = checkpoint->model.classes() > 0;
    const std::string key = "vision checkpoint";
    auto kept = reuse.find<Kept>(key);
    if (!kept || !is_of(*kept, checkpoint, request.plain)) {
        Probe aside({}, {});
        run.pass(aside);
        kept = std::make_shared<const Kept>(Kept{checkpoint, request.plain, aside.take()});
        reuse.keep(key, kept, kept->shown.bytes());
    }
    probe.show_again(kept->shown);
    weights = kept->shown.tensor("self.weights");
    return reads_out ? kept->shown.tensor("logits") : Tensor<float>();
}

}  // namespace

VisionOutput run_vision_checkpoint(const VisionCheckpointPtr& checkpoint, const VisionRequest& request, Probe& probe,
                                   Reuse& reuse, const std::stop_token& stop) {
    const VisionDesign& design = checkpoint->model.design();
    const Shape expected{design.height, design.width, design.channels};
    if (request.plain.shape() != expected)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("a picture of shape {}, and the model reads {}", request.plain.shape().str(), expected.str()));
    require_room(design, request.gradients && checkpoint->model.classes() > 0);
    const Run run(checkpoint, request, stop);
    VisionOutput output;
    Tensor<float> logits;
    const bool by_hand = probe.intervening();
    if (by_hand) {
        std::vector<Var<float>> layers;
        logits = run.pass(probe, nullptr, &layers).value();
        const Tensor<float> all = stack<float>(layers).value();
        output.weights = all.reshape(all.shape().without(1));
    } else {
        logits = computed(checkpoint, request, run, probe, reuse, output.weights);
    }
    checkpoint->model.declare_axes(probe);
    if (logits.empty()) return output;
    const Observer observe(probe);
    ClassesRead read = read_out_classes(checkpoint->classes, checkpoint->path, logits, observe);
    output.likeliest = std::move(read.likeliest);
    output.probabilities = std::move(read.probabilities);
    const auto classes = static_cast<Index>(checkpoint->classes.size());
    output.watched = std::clamp<Index>(request.watched.value_or(output.likeliest.front()), 0, classes - 1);
    if (!request.gradients) return output;
    const std::string key = "vision checkpoint, gradients";
    auto kept = by_hand ? nullptr : reuse.find<KeptGradients>(key);
    if (!kept || !is_of(*kept, checkpoint, request.plain) || kept->watched != output.watched) {
        kept = std::make_shared<const KeptGradients>(
            KeptGradients{checkpoint, request.plain, output.watched, run.gradients(probe, output.watched)});
        if (!by_hand) reuse.keep(key, kept, static_cast<std::size_t>(kept->gradients.size()) * sizeof(float));
    }
    output.gradients = kept->gradients;
    if (!output.gradients.empty())
        show_gradients(output.gradients, checkpoint->classes[static_cast<std::size_t>(output.watched)], observe);
    return output;
}

}  // namespace saccade
