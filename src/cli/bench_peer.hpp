#pragma once

// Ours beside PyTorch's, both at their best, in one run: what the benches share.

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

/// A script of tests/bench that measures PyTorch, and what it is to measure.
struct Peer {
    std::string script, what;
};
/// What a command printed, null if that is no JSON.
nlohmann::json json_of(const std::string& command);
/// {"64": {"ms": ..., "setting": ...}, ...} for the lengths; null if it did not run.
nlohmann::json measure_peer(const Peer& peer, std::span<const Index> lengths);

/// Ours before and after the peer, the mean of both: so that machine drift affects both.
std::vector<double> around(nlohmann::json& theirs, const Peer& peer, std::span<const Index> lengths,
                           const std::function<double(Index)>& measure);

/// How many times as fast as the peer; value empty where that did not run.
BenchValue speed(const std::string& name, double ours, const nlohmann::json& theirs, Index length, const std::string& goal,
                 const std::string& what);

}  // namespace saccade
