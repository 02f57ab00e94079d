#pragma once

// Ours beside PyTorch's and ONNX Runtime's, all at their best, in one run: what the benches share.

#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "run/bench_value.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// Uniform in [-size / 2, size / 2).
Tensor<float> random_tensor(const Shape& shape, Rng& rng, float size = 1);

/// Median of about `budget_ms` of calls, after a pause, in which the threads of the previous run go idle, and a warm-up.
double median_ms(const std::function<void()>& work, double budget_ms);

/// A script of tests/bench that measures another program, and what it is to measure.
struct Peer {
    std::string script, what;
    std::string title;   // "ONNX Runtime"
    std::string suffix;  // of the names of its figures: "_vs_onnxruntime"
    std::string needs;   // how to get it: "apt install ..."
};
Peer pytorch_peer(std::string script, std::string what);
Peer onnxruntime_peer(std::string what);

/// What a command printed, null if that is no JSON.
nlohmann::json json_of(const std::string& command);

/// Peers, and what each said: {"64": {"ms": ..., "setting": ...}, ...} for the lengths; null if it did not run.
struct Measured {
    std::vector<Peer> peers;
    std::vector<nlohmann::json> theirs;
    std::vector<double> ours;  // ms, of each length
};
/// Ours before, between and after the peers, the mean of all: so that machine drift affects all.
Measured measure_beside(std::vector<Peer> peers, std::span<const Index> lengths, const std::function<double(Index)>& measure);

/// How many times as fast as each peer, at the i-th length; a value is empty where that did not run.
std::vector<BenchValue> speed(const std::string& name, const Measured& measured, std::size_t i, Index length,
                              const std::string& goal, const std::string& what);

}  // namespace saccade
