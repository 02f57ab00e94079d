#include "cli/bench_vision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "cli/bench_measure.hpp"
#include "cli/bench_peer.hpp"
#include "model/resnet.hpp"
#include "tensor/gemm.hpp"
#include "train/sgd.hpp"

namespace saccade {

namespace {

constexpr Index batch = 128;  // of a training step, in two shards
constexpr int shards = 2;
constexpr Index inference_pixels[] = {32, 128, 512};

// --- convolution beside gemm ---

/// While it lives, the engine uses one thread.
class OneThread {
 public:
    OneThread() : before_(thread_count()) { set_thread_count(1); }
    ~OneThread() { set_thread_count(before_); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

 private:
    int before_;
};

double gflops(double products, double ms) {
    return 2 * products / ms / 1e6;
}

/// One layer: gemm and the three convolutions in turn, so that machine drift affects all. The fastest tenth
/// of each counts: gemm takes longer than a layer, and would meet more of what else runs.
std::vector<BenchValue> bench_layer(Index pixels, Index channels) {
    constexpr Index n = 1024, pictures = batch / shards;
    Rng rng(7);
    const Tensor<float> a = random_tensor({n, n}, rng), b = random_tensor({n, n}, rng);
    Tensor<float> c({n, n});
    const Tensor<float> x = random_tensor({pictures, pixels, pixels, channels}, rng);
    const Tensor<float> weight = random_tensor({channels, channels, 3, 3}, rng, 0.1F);
    const ConvShape s = conv_shape(x.shape(), weight.shape(), {.stride = 1, .padding = 1, .groups = 1});
    Tensor<float> y(x.shape()), grad_x(x.shape()), grad_weight(weight.shape());
    const std::array<std::function<void()>, 4> works = {
        [&] { gemm<float>(a.data(), b.data(), c.data(), n, n, n); },
        [&] { conv_forward<float>(s, x.data(), weight.data(), nullptr, y.data()); },
        [&] { conv_grad_input<float>(s, x.data(), weight.data(), grad_x.data(), false); },
        [&] { conv_grad_weight<float>(s, x.data(), x.data(), grad_weight.data(), false); }};
    std::array<std::vector<double>, 4> times;
    for (int round = 0; round < 25; ++round)
        for (std::size_t i = 0; i < works.size(); ++i) times[i].push_back(milliseconds(works[i]));
    const double gemm_rate = gflops(static_cast<double>(n * n * n), quantile(times[0], 0.1));
    std::vector<BenchValue> values;
    for (const auto& [part, i] : {std::pair{"forward", 1}, std::pair{"grad_input", 2}, std::pair{"grad_weight", 3}}) {
        const double rate = gflops(static_cast<double>(s.products()), quantile(times[static_cast<std::size_t>(i)], 0.1));
        values.push_back(
            {fmt::format("conv_{0}x{0}x{1}_{2}", pixels, channels, part), 100 * rate / gemm_rate, "%", ">= 50",
             fmt::format("of gemm's rate: {:.0f} of {:.0f} GFLOP/s, {} pictures, one thread", rate, gemm_rate, pictures)});
    }
    return values;
}

// --- ResNet-20 ---

ResNetDesign resnet20() {
    ResNetDesign design;
    for (int i = 0; i < 10; ++i) design.classes.push_back(std::to_string(i));
    return design;
}

/// A step of training on random pictures: forward and backward of each shard, the sum of gradients, the optimiser.
class TrainingStep {
 public:
    TrainingStep() : design_(resnet20()), weights_(fresh_weights(design_)), optimiser_(weights_, {}) {
        Rng rng(8);
        for (int shard = 0; shard < shards; ++shard) pictures_.push_back(random_tensor({batch / shards, 32, 32, 3}, rng));
        for (Index i = 0; i < batch / shards; ++i) targets_.push_back(i % 10);
    }

    void operator()() {
        std::array<WeightMap, shards> gradients;
        parallel_for(shards, [&](Index shard) {
            Tape<float> tape;
            const Weights<float> weights(weights_, &tape);
            const auto network = ResNet<float>::training(weights, design_);
            tape.backward(cross_entropy<float>(network(pictures_[static_cast<std::size_t>(shard)]), targets_));
            for (const auto& [name, leaf] : weights.leaves())
                gradients[static_cast<std::size_t>(shard)][name] = tape.grad(leaf);
        });
        for (auto& [name, gradient] : gradients[0]) {
            for (Index i = 0; i < gradient.size(); ++i)
                gradient.data()[i] = (gradient.data()[i] + gradients[1].at(name).data()[i]) / 2;
        }
        optimiser_.step(weights_, gradients[0], 1e-4);
    }

 private:
    static WeightMap fresh_weights(const ResNetDesign& design) {
        Rng rng(7);
        return initial_resnet_weights(design, rng);
    }

    ResNetDesign design_;
    WeightMap weights_;
    Sgd optimiser_;
    std::vector<Tensor<float>> pictures_;
    Ids targets_;
};

/// Weights with the statistics of a population.
WeightMap weights_with_statistics(const ResNetDesign& design) {
    Rng rng(7);
    WeightMap weights = initial_resnet_weights(design, rng), complete = weights;
    for (const auto& [name, value] : weights) {
        if (!name.ends_with(".gain")) continue;
        const std::string norm = name.substr(0, name.size() - 5);
        complete[norm + ".mean"] = Tensor<float>(value.shape());
        complete[norm + ".variance"] = Tensor<float>(value.shape(), 1.0F);
    }
    return complete;
}

std::vector<BenchValue> bench_resnet() {
    TrainingStep step;
    constexpr Index batches[] = {batch};
    const Measured training = measure_beside({pytorch_peer("vision_pytorch.py", "train")}, batches,
                                             [&](Index) { return median_ms([&] { step(); }, 3000); });
    const double ms = training.ours[0];
    std::vector<BenchValue> values{{"resnet20_training", 1e3 * static_cast<double>(batch) / ms, "img/s", "",
                                    fmt::format("batch {}: forward, backward, Nesterov; {} threads", batch, thread_count())}};
    for (BenchValue& v : speed("resnet20_training", training, 0, batch, ">= 1", "a step, batch 128"))
        values.push_back(std::move(v));

    const ResNetDesign design = resnet20();
    const ResNet<float> network(Weights<float>(weights_with_statistics(design)), design);
    const std::vector<Peer> peers = {pytorch_peer("vision_pytorch.py", "infer"), onnxruntime_peer("infer")};
    const Measured inference = measure_beside(peers, inference_pixels, [&](Index pixels) {
        Rng rng(9);
        const Tensor<float> x = random_tensor({1, pixels, pixels, 3}, rng);
        return median_ms([&] { network(x); }, 1000);
    });
    for (std::size_t i = 0; i < inference.ours.size(); ++i) {
        const Index pixels = inference_pixels[i];
        values.push_back({fmt::format("resnet20_infer_{}px", pixels), inference.ours[i], "ms", pixels == 128 ? "<= 16.7" : "",
                          "one picture, all its logits"});
        for (BenchValue& v : speed(fmt::format("resnet20_infer_{}px", pixels), inference, i, pixels, ">= 1", "one picture"))
            values.push_back(std::move(v));
    }
    return values;
}

}  // namespace

std::vector<BenchValue> bench_vision() {
    std::vector<BenchValue> values;
    {
        const OneThread one;
        for (const auto& [pixels, channels] : {std::pair<Index, Index>{32, 16}, {16, 32}, {8, 64}})
            for (BenchValue& v : bench_layer(pixels, channels)) values.push_back(std::move(v));
    }
    for (BenchValue& v : bench_resnet()) values.push_back(std::move(v));
    return values;
}

}  // namespace saccade
