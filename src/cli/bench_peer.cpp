#include "cli/bench_peer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/shell_quoted.hpp"
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

Peer pytorch_peer(std::string script, std::string what) {
    return {std::move(script), std::move(what), "PyTorch", "_vs_pytorch", "apt install python3-torch libopenblas0-pthread"};
}

Peer onnxruntime_peer(std::string what) {
    return {"onnxruntime_best.py", std::move(what), "ONNX Runtime", "_vs_onnxruntime",
            "npm install onnxruntime-node@1.20.1 in a folder; SACCADE_ONNXRUNTIME=FOLDER; apt install python3-torch"};
}

namespace {

json measure_peer(const Peer& peer, std::span<const Index> lengths) {
    std::string list;
    for (const Index n : lengths) list += (list.empty() ? "" : ",") + std::to_string(n);
    const std::string script = std::string(SACCADE_SOURCE_DIR) + "/tests/bench/" + peer.script;
    return json_of("/usr/bin/python3 " + shell_quoted(script) + " " + peer.what + " --lengths " + list + " 2>/dev/null");
}

}  // namespace

Measured measure_beside(std::vector<Peer> peers, std::span<const Index> lengths, const std::function<double(Index)>& measure) {
    Measured measured{std::move(peers), {}, std::vector<double>(lengths.size())};
    const auto ours = [&] {
        for (std::size_t i = 0; i < lengths.size(); ++i)
            measured.ours[i] += measure(lengths[i]) / static_cast<double>(measured.peers.size() + 1);
    };
    ours();
    for (const Peer& peer : measured.peers) {
        measured.theirs.push_back(measure_peer(peer, lengths));
        ours();
    }
    return measured;
}

std::vector<BenchValue> speed(const std::string& name, const Measured& measured, std::size_t i, Index length,
                              const std::string& goal, const std::string& what) {
    std::vector<BenchValue> values;
    const std::string key = std::to_string(length);
    const double ours = measured.ours[i];
    for (std::size_t p = 0; p < measured.peers.size(); ++p) {
        const Peer& peer = measured.peers[p];
        const json& theirs = measured.theirs[p];
        BenchValue value{name + peer.suffix, std::nullopt, "times", goal, ""};
        if (theirs.is_object() && theirs.contains(key)) {
            const double ms = theirs[key]["ms"];
            value.value = ms / ours;
            value.reference = fmt::format("ours {:.2f} ms, {} {:.2f} ms at its fastest ({}); {}", ours, peer.title, ms,
                                          theirs[key].value("setting", ""), what);
        } else {
            value.reference = fmt::format("ours {:.2f} ms; {} not measured: it did not run ({})", ours, peer.title, peer.needs);
        }
        values.push_back(std::move(value));
    }
    return values;
}

}  // namespace saccade
