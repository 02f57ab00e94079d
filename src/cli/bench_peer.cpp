#include "cli/bench_peer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "cli/bench_measure.hpp"
#include "io/json_text.hpp"

namespace saccade {

using nlohmann::json;

Tensor<float> random_tensor(const Shape& shape, Rng& rng, float size) {
    Tensor<float> x = Tensor<float>::uninitialized(shape);
    for (float& v : x.values()) v = size * (static_cast<float>(rng.uniform()) - 0.5F);
    return x;
}

double median_ms(const std::function<void()>& work, double budget_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    double spent = 0;
    for (int i = 0; i < 3 && spent < budget_ms / 4; ++i) spent += milliseconds(work);
    std::vector<double> times;
    for (spent = 0; times.size() < 5 || spent < budget_ms; spent += times.back()) times.push_back(milliseconds(work));
    return quantile(times, 0.5);
}

json json_of(const std::string& command) {
    try {
        return parse_json(output_of(command), command, "");
    } catch (const Error&) {
        return nullptr;
    }
}

json measure_peer(const Peer& peer, std::span<const Index> lengths) {
    std::string list;
    for (const Index n : lengths) list += (list.empty() ? "" : ",") + std::to_string(n);
    const std::string script = std::string(SACCADE_SOURCE_DIR) + "/tests/bench/" + peer.script;
    return json_of("/usr/bin/python3 '" + script + "' " + peer.what + " --lengths " + list + " 2>/dev/null");
}

BenchValue speed(const std::string& name, double ours, const json& theirs, Index length, const std::string& goal,
                 const std::string& what) {
    BenchValue value{name, std::nullopt, "times", goal, ""};
    const std::string key = std::to_string(length);
    if (theirs.is_object() && theirs.contains(key)) {
        const double ms = theirs[key]["ms"];
        value.value = ms / ours;
        value.reference = fmt::format("ours {:.2f} ms, PyTorch {:.2f} ms at its fastest ({}); {}", ours, ms,
                                      theirs[key].value("setting", ""), what);
    } else {
        value.reference = fmt::format(
            "ours {:.2f} ms; PyTorch not measured: it did not run (apt install python3-torch "
            "libopenblas0-pthread)",
            ours);
    }
    return value;
}

std::vector<double> around(json& theirs, const Peer& peer, std::span<const Index> lengths,
                           const std::function<double(Index)>& measure) {
    std::vector<double> ours;
    for (const Index n : lengths) ours.push_back(measure(n));
    theirs = measure_peer(peer, lengths);
    for (std::size_t i = 0; i < lengths.size(); ++i) ours[i] = (ours[i] + measure(lengths[i])) / 2;
    return ours;
}

}  // namespace saccade
