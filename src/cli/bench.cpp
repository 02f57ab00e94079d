#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error_line.hpp"
#include "base/parallel.hpp"
#include "base/shell_quoted.hpp"
#include "cli/bench_attention.hpp"
#include "cli/bench_measure.hpp"
#include "cli/bench_peer.hpp"
#include "cli/bench_vision.hpp"
#include "cli/commands.hpp"
#include "cli/eigen_reference.hpp"
#include "io/atomic_file.hpp"
#include "run/runner.hpp"
#include "tensor/gemm.hpp"
#include "train/dates_data.hpp"
#include "train/task.hpp"
#include "train/trainer.hpp"

namespace saccade {

namespace {

using nlohmann::json;

/// Ours and Eigen's in alternating blocks, so that machine drift affects both; a pause before each, since OpenMP's threads
/// go on spinning for a while after their last product and would take the other's cores. Medians.
BenchValue bench_gemm(Index n) {
    Rng rng(7);
    Tensor<float> a(Shape{n, n}), b(Shape{n, n}), c(Shape{n, n});
    for (float& v : a.values()) v = static_cast<float>(rng.normal());
    for (float& v : b.values()) v = static_cast<float>(rng.normal());
    std::vector<double> ours, eigen;
    const auto block = [](std::vector<double>& times, const std::function<void()>& product) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        for (int i = 0; i < 12; ++i) {
            const double ms = milliseconds(product);
            if (i >= 4) times.push_back(ms);  // the first ones wake the threads
        }
    };
    for (int round = 0; round < 5; ++round) {
        block(ours, [&] { gemm<float>(a.data(), b.data(), c.data(), n, n, n); });
        block(eigen, [&] { eigen_reference_gemm(a.data(), b.data(), c.data(), n, n, n, false, thread_count()); });
    }
    const double flop = 2.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
    return {fmt::format("gemm_{}_of_eigen", n), 100 * quantile(eigen, 0.5) / quantile(ours, 0.5), "%", ">= 80",
            fmt::format("ours {:.1f}, Eigen with OpenMP {:.1f} GFLOP/s, {} threads", flop / quantile(ours, 0.5) / 1e6,
                        flop / quantile(eigen, 0.5) / 1e6, thread_count())};
}

BenchValue bench_run() {
    RunRequest request;
    request.exhibit = "alignment";
    request.params.set("source", std::string("the 30th of September 2019"));
    std::vector<double> times;
    for (int i = 0; i < 60; ++i) times.push_back(milliseconds([&] { run(request); }));
    return {
        "alignment_run_p95", quantile({times.begin() + 10, times.end()}, 0.95), "ms", "within a frame",
        fmt::format("p50 {:.2f} ms; 26 characters, every tensor recorded", quantile({times.begin() + 10, times.end()}, 0.5))};
}

/// Lengths of the batches that the training step reads, for the reference to read the same.
std::string batch_lengths() {
    json batches = json::array();
    Rng rng(7);
    const auto groups = forms_by_length(4);
    for (int batch = 0; batch < 16; ++batch) {
        json lengths = json::array();
        for (const auto& forms : groups)
            for (int i = 0; i < 32; ++i) lengths.push_back(draw_training_date(rng, forms).source.size());
        batches.push_back(lengths);
    }
    return batches.dump();
}

std::vector<BenchValue> bench_training() {
    const auto task = make_task("dates", {});
    const double ours = measure_training_step_ms(*task, 60);
    std::vector<BenchValue> values = {{"training_step", ours, "ms", "", "dates, batch 128: forward, backward, clipping, Adam"}};
    BenchValue speed{"training_speed_vs_pytorch", std::nullopt, "times", ">= 1.5", ""};
    const std::string script = std::string(SACCADE_SOURCE_DIR) + "/tests/bench/train_step_pytorch.py";
    if (!std::filesystem::exists(script)) {
        speed.reference = "not measured: " + script + " does not exist";
        return {values[0], speed};
    }
    const std::string lengths =
        (std::filesystem::temp_directory_path() / fmt::format("saccade_bench_lengths-{}.json", getpid())).string();
    write_file(lengths, batch_lengths());
    const json reference =
        json_of("/usr/bin/python3 " + shell_quoted(script) + " --lengths " + shell_quoted(lengths) + " 2>/dev/null");
    std::filesystem::remove(lengths);
    if (reference.is_object() && reference.contains("ms_per_step")) {
        const double theirs = reference["ms_per_step"];
        speed.value = theirs / ours;
        speed.reference = fmt::format("PyTorch {:.1f} ms at its fastest ({})", theirs, reference.value("setting", ""));
    } else {
        speed.reference = "not measured: PyTorch did not run (apt install python3-torch libopenblas0-pthread)";
    }
    return {values[0], speed};
}

std::vector<BenchValue> bench_window(const WindowHooks& window) {
    std::string reason = "this program was built without the window";
    if (window.bench) {
        try {
            return window.bench();
        } catch (const Error& error) {
            reason = shown_line(error);
        }
    }
    return {{"keystroke_to_picture_p95", std::nullopt, "ms", "<= 16.7", "not measured: " + reason},
            {"first_interactive_frame", std::nullopt, "ms", "<= 300", "not measured: " + reason}};
}

/// Which start a process that was started for it measures: "bare", "window" or "scene".
constexpr const char* start_variable = "SACCADE_BENCH_START";

/// The first window of a process of its own, in turn with an empty one's. Medians.
std::vector<BenchValue> bench_start(const WindowHooks& window) {
    const auto not_measured = [](const std::string& why) {
        return std::vector<BenchValue>{{"start_over_bare_window", std::nullopt, "ms", "<= 100", "not measured: " + why},
                                       {"first_scene", std::nullopt, "ms", "<= 300", "not measured: " + why}};
    };
    if (!window.start_ms) return not_measured("this program was built without the window");
    if (const char* what = std::getenv(start_variable); what != nullptr) return {{what, window.start_ms(what), "ms", "", ""}};
    std::error_code error;
    const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
    if (error) return not_measured("the program does not find itself in /proc");
    std::vector<double> bare, ours, scene;
    for (int i = 0; i < 9; ++i)
        for (auto [name, times] : {std::pair{"bare", &bare}, std::pair{"window", &ours}, std::pair{"scene", &scene}}) {
            const json said = json_of(
                fmt::format("{}={} {} bench --only start --json 2>/dev/null", start_variable, name, shell_quoted(program)));
            if (said.is_array() && said.size() == 1 && said[0].value("value", json()).is_number())
                times->push_back(said[0]["value"].get<double>());
        }
    if (bare.empty() || ours.empty() || scene.empty()) return not_measured("no window can be opened");
    const double empty = quantile(bare, 0.5), whole = quantile(ours, 0.5), shown = quantile(scene, 0.5);
    return {{"start_over_bare_window", whole - empty, "ms", "<= 100",
             fmt::format("to the first frame of a process's first window {:.1f} ms, to an empty one's {:.1f}; {} of each",
                         whole, empty, ours.size())},
            {"first_scene", shown, "ms", "<= 300",
             fmt::format("from nothing to the first start's scene, computed and drawn; median of {}", scene.size())},
            {"first_scene_over_bare_window", shown - empty, "ms", "",
             fmt::format("that less {:.1f} ms to an empty window's first frame", empty)}};
}

void print_row(const BenchValue& v) {
    const std::string value = v.value ? fmt::format("{:.2f}", *v.value) : "-";
    fmt::print("{:<27} {:>10} {:<6} {:<13} {}\n", v.name, value, v.unit, v.goal, v.reference);
    std::fflush(stdout);
}

void bench(bool as_json, const std::string& part, const WindowHooks& window) {
    json all = json::array();
    const auto add = [&](const BenchValue& v) {
        if (!as_json) print_row(v);
        all.push_back({{"name", v.name},
                       {"value", v.value ? json(*v.value) : json(nullptr)},
                       {"unit", v.unit},
                       {"goal", v.goal},
                       {"reference", v.reference}});
    };
    const auto wanted = [&](const char* name) { return part.empty() || part == name; };
    if (wanted("window"))
        for (const BenchValue& v : bench_window(window)) add(v);
    // The starts are of other processes, so these rows are a window's, too.
    if (wanted("start") || wanted("window"))
        for (const BenchValue& v : bench_start(window)) add(v);
    if (wanted("engine")) {
        add(bench_run());
        for (const Index n : {256, 512, 1024}) add(bench_gemm(n));
    }
    if (wanted("training"))
        for (const BenchValue& v : bench_training()) add(v);
    if (wanted("attention"))
        for (const BenchValue& v : bench_attention()) add(v);
    if (wanted("vision"))
        for (const BenchValue& v : bench_vision()) add(v);
    if (as_json) fmt::print("{}\n", printable_json(all.dump(2)));
}

}  // namespace

void add_bench(CliCommand& app, const WindowHooks& window) {
    CliCommand command =
        app.add("bench", "Measure the performance budgets on this machine; window figures need a display (xvfb-run will do)");
    const auto as_json = std::make_shared<bool>(false);
    command.flag("--json", *as_json, "[{name, value, unit, goal, reference}]; value null: not measured, reference says why");
    add_threads(command);
    const auto part = std::make_shared<std::string>();
    command.option("--only", *part, "window, start, engine, training, attention or vision")
        .one_of({"window", "start", "engine", "training", "attention", "vision"});
    command.runs([as_json, part, &window] { bench(*as_json, *part, window); });
}

}  // namespace saccade
