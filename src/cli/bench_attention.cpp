#include "cli/bench_attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "attention/multi_head.hpp"
#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "cli/bench_peer.hpp"
#include "cli/eigen_reference.hpp"
#include "model/transformer_stack.hpp"
#include "tensor/eigen.hpp"

namespace saccade {

namespace {

constexpr Index attention_lengths[] = {64, 256, 512, 1024};
constexpr Index model_lengths[] = {1, 16, 64, 256};

/// GPT-2 small (Radford 2019): 124 million parameters.
constexpr Index vocabulary = 50257;
StackDesign gpt2_small() {
    return {.layers = 12,
            .heads = 12,
            .d_model = 768,
            .d_ff = 3072,
            .norm = "pre",
            .activation = "gelu",
            .position = "learned",
            .causal = true};
}

std::vector<Peer> attention_peers(const std::string& what) {
    return {pytorch_peer("attention_pytorch.py", what), onnxruntime_peer(what)};
}

std::vector<BenchValue> bench_multi_head() {
    constexpr Index d = 512, heads = 8;
    Rng rng(7);
    const auto linear = [&] { return Linear<float>{random_tensor({d, d}, rng, 0.1F), random_tensor({d}, rng)}; };
    const MultiHeadAttention<float> attention({linear(), linear(), linear(), linear()}, heads);
    const Measured measured = measure_beside(attention_peers("mha"), attention_lengths, [&](Index n) {
        const Var<float> x = random_tensor({1, n, d}, rng);
        return median_ms([&] { attention(x, attention.keys_values(x), {}); }, 500);
    });
    std::vector<BenchValue> values;
    for (std::size_t i = 0; i < measured.ours.size(); ++i) {
        const Index n = attention_lengths[i];
        const std::string what = fmt::format("self-attention of {} tokens, weights of each head", n);
        for (BenchValue& value : speed(fmt::format("mha_512_h8_t{}", n), measured, i, n, ">= 1", what))
            values.push_back(std::move(value));
    }
    return values;
}

// --- what the machine allows ---

/// One piece of memory, several places of it in turn: some machines fetch more at a time from several pages than from one.
double sum_of(const float* memory, Index size, Index streams) {
    const Index each = size / streams / 128 * 128;
    std::array<float, 128> lanes{};
    for (Index i = 0; i < each; i += 128)
        for (Index s = 0; s < streams; ++s)
            for (std::size_t l = 0; l < lanes.size(); ++l) lanes[l] += memory[s * each + i + static_cast<Index>(l)];
    return std::accumulate(lanes.begin(), lanes.end(), 0.0);
}

/// Bytes a second, read by all threads from far more memory than caches hold, in the fastest of some ways to read.
double read_bandwidth(std::span<const float> memory) {
    double best = 0;
    for (const Index threads : {thread_count(), 2 * thread_count()})
        for (const Index streams : {1, 2, 4, 8}) {
            const Index size = static_cast<Index>(memory.size()) / threads;
            std::vector<double> sums(static_cast<std::size_t>(threads));
            const auto read = [&] {
                parallel_for(threads, [&](Index p) {
                    sums[static_cast<std::size_t>(p)] = sum_of(memory.data() + p * size, size, streams);
                });
            };
            const double ms = median_ms(read, 200);
            if (!std::isnan(sums[0])) best = std::max(best, static_cast<double>(size * threads) * sizeof(float) / ms * 1e3);
        }
    return best;
}

/// One of the model's products, [m, k] x [k, n], and how often it occurs.
struct LayerProduct {
    Index m, n, k;
    bool transpose_b;
    Index times;
};

std::vector<LayerProduct> products(const StackDesign& design, Index length) {
    const Index d = design.d_model, each = design.layers * design.heads, d_head = d / design.heads;
    return {{length, 3 * d, d, true, design.layers},        // W_Q, W_K, W_V
            {length, length, d_head, true, each},           // scores
            {length, d_head, length, false, each},          // context
            {length, d, d, true, design.layers},            // W_O
            {length, design.d_ff, d, true, design.layers},  // feed-forward
            {length, d, design.d_ff, true, design.layers}, {length, vocabulary, d, true, 1}};
}

/// All products by plain Eigen, operands cold where the model's are (each call reads another part of `memory`).
double eigen_ms(const StackDesign& design, Index length, std::span<const float> memory) {
    double total = 0;
    for (const LayerProduct& p : products(design, length)) {
        std::vector<float> a(static_cast<std::size_t>(p.m * p.k), 0.5F), c(static_cast<std::size_t>(p.m * p.n));
        const auto size = static_cast<std::size_t>(p.n * p.k);
        std::size_t at = 0;
        total += static_cast<double>(p.times) * median_ms(
                                                    [&] {
                                                        eigen_reference_gemm(a.data(), memory.data() + at, c.data(), p.m, p.n,
                                                                             p.k, p.transpose_b, thread_count());
                                                        at = at + 2 * size <= memory.size() ? at + size : 0;
                                                    },
                                                    200);
    }
    return total;
}

WeightMap gpt2_weights(const StackDesign& design, Index longest) {
    Rng rng(7);
    WeightMap weights;
    // The table is drawn here: as many normal deviates would take seconds, and nothing depends on their shape.
    add_initial_stack_weights(weights, "stack", design, 0,
                              {.d_model = design.d_model, .heads = design.heads, .longest = longest}, rng);
    weights["stack.embedding.weight"] = random_tensor({vocabulary, design.d_model}, rng, 0.1F);
    return weights;
}

/// As a file of halves holds them: the same numbers for us and for the peers, who keep them in F32.
WeightMap rounded_to_halves(WeightMap weights) {
    for (auto& [name, tensor] : weights) {
        tensor = tensor.clone();
        for (float& v : tensor.values()) v = static_cast<float>(static_cast<Eigen::half>(v));
    }
    return weights;
}

double gpt2_ms(const TransformerStack<float>& model, Index n, Rng& rng) {
    Ids ids;
    for (Index i = 0; i < n; ++i) ids.push_back(static_cast<Index>(rng.below(static_cast<std::uint64_t>(vocabulary))));
    return median_ms(
        [&] {
            std::vector<Var<float>> weights;
            StackCall<float> call;
            call.weights = &weights;
            model.tied_logits(model(model.embed(ids, 1, call), call), vocabulary);
        },
        2000);
}

std::vector<BenchValue> bench_gpt2() {
    const StackDesign design = gpt2_small();
    const WeightMap drawn = gpt2_weights(design, 1024);
    const TransformerStack<float> model(Weights<float>(drawn), "stack", design),
        of_halves(Weights<float>(rounded_to_halves(drawn)), "stack", design);
    Rng rng(7);
    std::map<Index, std::vector<double>> halves_ms;
    const Measured measured = measure_beside(attention_peers("gpt2"), model_lengths, [&](Index n) {
        halves_ms[n].push_back(gpt2_ms(of_halves, n, rng));
        return gpt2_ms(model, n, rng);
    });
    Measured measured_halves = measured;
    for (std::size_t i = 0; i < measured.ours.size(); ++i) {
        const std::vector<double>& times = halves_ms[model_lengths[i]];
        measured_halves.ours[i] = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
    }
    const Tensor<float> memory = random_tensor({Index{96} << 20}, rng);
    const double bandwidth = read_bandwidth(memory.values());
    Index parameters = vocabulary * design.d_model;
    for (const LayerProduct& p : products(design, 1))
        if (p.times == design.layers) parameters += p.times * p.n * p.k;
    const double memory_ms = static_cast<double>(parameters) * sizeof(float) / bandwidth * 1e3;
    std::vector<BenchValue> values;
    for (std::size_t i = 0; i < measured.ours.size(); ++i) {
        const Index n = model_lengths[i];
        for (BenchValue& value : speed(fmt::format("gpt2_small_t{}", n), measured, i, n, n == 1 ? ">= 1.1" : "> 1",
                                       "all attention weights kept, logits of all positions"))
            values.push_back(std::move(value));
        for (BenchValue& value : speed(fmt::format("gpt2_small_f16_t{}", n), measured_halves, i, n, n == 1 ? ">= 1.1" : "> 1",
                                       "the same, its weights those of an F16 file, which we keep as halves"))
            values.push_back(std::move(value));
        const double eigen = eigen_ms(design, n, memory.values());
        values.push_back(
            {fmt::format("gpt2_small_t{}_of_limit", n), measured.ours[i] / std::max(memory_ms, n == 1 ? 0.0 : eigen), "times",
             "<= 1.1",
             fmt::format("weights once through memory at {:.1f} GB/s {:.1f} ms; its products by plain Eigen {:.1f} ms",
                         bandwidth / 1e9, memory_ms, eigen)});
    }
    return values;
}

}  // namespace

std::vector<BenchValue> bench_attention() {
    std::vector<BenchValue> values = bench_multi_head();
    for (BenchValue& v : bench_gpt2()) values.push_back(std::move(v));
    return values;
}

}  // namespace saccade
