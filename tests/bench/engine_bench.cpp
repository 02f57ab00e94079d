// Measures the engine's parts: GEMM against plain Eigen with OpenMP at the same number of threads, one recurrent step, one step
// of additive attention, and the cost of an op at batch 1. Run on an otherwise idle machine:
//
//     engine_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true

#include <benchmark/benchmark.h>

#include "attention/context.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "eigen_openmp.hpp"
#include "nn/gru.hpp"
#include "tensor/gemm.hpp"

namespace saccade {
namespace {

Tensor<float> random_tensor(const Shape& shape, std::uint64_t seed) {
    Rng rng(seed);
    Tensor<float> result(shape);
    for (float& v : result.values()) v = static_cast<float>(rng.uniform() - 0.5);
    return result;
}

void count_flops(benchmark::State& state, Index m, Index n, Index k) {
    const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

/// Arguments: extent, threads.
void square_gemm(benchmark::State& state, bool ours) {
    const Index n = state.range(0);
    const auto threads = static_cast<int>(state.range(1));
    set_thread_count(threads);
    eigen_openmp_threads(threads);
    const auto a = random_tensor({n, n}, 1), b = random_tensor({n, n}, 2);
    Tensor<float> c({n, n});
    for (auto _ : state) {
        if (ours) {
            gemm<float>(a.data(), b.data(), c.data(), n, n, n);
        } else {
            eigen_openmp_gemm(a.data(), b.data(), c.data(), n);
        }
        benchmark::ClobberMemory();
    }
    count_flops(state, n, n, n);
}
BENCHMARK_CAPTURE(square_gemm, ours, true)->ArgsProduct({{128, 256, 512, 1024}, {1, 2}})->UseRealTime();
BENCHMARK_CAPTURE(square_gemm, eigen_openmp, false)->ArgsProduct({{128, 256, 512, 1024}, {1, 2}})->UseRealTime();

/// A row-major product x W^T as layers need it: [rows, in] x [out, in]^T.
void layer_gemm(benchmark::State& state) {
    const Index rows = state.range(0), out = state.range(1), in = state.range(2);
    const auto x = random_tensor({rows, in}, 1), w = random_tensor({out, in}, 2);
    Tensor<float> y({rows, out});
    for (auto _ : state) {
        gemm<float>(x.data(), w.data(), y.data(), rows, out, in, {.transpose_b = true});
        benchmark::ClobberMemory();
    }
    count_flops(state, rows, out, in);
}
BENCHMARK(layer_gemm)->Args({1, 384, 128})->Args({32, 384, 128})->Args({32, 192, 64})->Args({800, 192, 32});

/// dW = g^T x as backward needs it: [rows, out]^T x [rows, in].
void weight_gradient_gemm(benchmark::State& state) {
    const Index rows = state.range(0), out = state.range(1), in = state.range(2);
    const auto g = random_tensor({rows, out}, 1), x = random_tensor({rows, in}, 2);
    Tensor<float> w({out, in});
    for (auto _ : state) {
        gemm<float>(g.data(), x.data(), w.data(), out, in, rows, {.transpose_a = true, .accumulate = true});
        benchmark::ClobberMemory();
    }
    count_flops(state, rows, out, in);
}
BENCHMARK(weight_gradient_gemm)->Args({32, 384, 128})->Args({32, 192, 64})->Args({800, 192, 32});

struct GruFixture {
    Index batch, size;
    Tensor<float> gi = random_tensor({batch, 3 * size}, 1), h = random_tensor({batch, size}, 2);
    Tensor<float> w = random_tensor({3 * size, size}, 3), b = random_tensor({3 * size}, 4);
};

void gru_forward(benchmark::State& state) {
    const GruFixture f{state.range(0), state.range(1)};
    const GruCell<float> cell{{}, f.w, {}, f.b};
    for (auto _ : state) benchmark::DoNotOptimize(gru_step<float>(cell, f.gi, f.h).state.value().data());
}
BENCHMARK(gru_forward)->Args({1, 128})->Args({32, 64})->Args({32, 128});

/// Forward and backward of eight steps in a row, per step.
void gru_train_step(benchmark::State& state) {
    const GruFixture f{state.range(0), state.range(1)};
    constexpr int steps = 8;
    Tape<float> tape;
    for (auto _ : state) {
        tape.clear();
        const GruCell<float> cell{{}, tape.leaf(f.w), {}, tape.leaf(f.b)};
        const Var<float> gi = tape.leaf(f.gi);
        Var<float> h = f.h;
        for (int t = 0; t < steps; ++t) h = gru_step(cell, gi, h).state;
        tape.backward(h, f.h);
        benchmark::DoNotOptimize(tape.grad(cell.hidden_weight).data());
    }
    state.counters["s/step"] =
        benchmark::Counter(steps, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(gru_train_step)->Args({32, 64})->Args({32, 128});

struct AttentionFixture {
    Index batch, keys, d = 64, annotation = 128;
    Tensor<float> query = random_tensor({batch, d}, 1), key = random_tensor({batch, keys, d}, 2), v = random_tensor({d}, 3);
    Tensor<float> values = random_tensor({batch, keys, annotation}, 4);
};

Var<float> attend(const Var<float>& query, const Var<float>& keys, const Var<float>& v, const Var<float>& values) {
    return context(softmax(additive_scores(query, keys, v)), values);
}

void attention_forward(benchmark::State& state) {
    const AttentionFixture f{state.range(0), state.range(1)};
    for (auto _ : state) benchmark::DoNotOptimize(attend(f.query, f.key, f.v, f.values).value().data());
}
BENCHMARK(attention_forward)->Args({1, 24})->Args({32, 24});

void attention_train_step(benchmark::State& state) {
    const AttentionFixture f{state.range(0), state.range(1)};
    const auto grad = random_tensor({f.batch, f.annotation}, 5);
    constexpr int steps = 8;
    Tape<float> tape;
    for (auto _ : state) {
        tape.clear();
        const Var<float> query = tape.leaf(f.query), key = tape.leaf(f.key), v = tape.leaf(f.v), values = tape.leaf(f.values);
        Var<float> total = attend(query, key, v, values);
        for (int t = 1; t < steps; ++t) total = add(total, attend(query, key, v, values));
        tape.backward(total, grad);
        benchmark::DoNotOptimize(tape.grad(key).data());
    }
    state.counters["s/step"] =
        benchmark::Counter(steps, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(attention_train_step)->Args({32, 24});

/// What an op costs beside its arithmetic: batch 1, no tape.
void op_overhead(benchmark::State& state) {
    const Var<float> a = random_tensor({1, 64}, 1), b = random_tensor({1, 64}, 2);
    for (auto _ : state) benchmark::DoNotOptimize(add(a, b).value().data());
}
BENCHMARK(op_overhead);

}  // namespace
}  // namespace saccade

BENCHMARK_MAIN();
