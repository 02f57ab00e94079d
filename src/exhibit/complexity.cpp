#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/stop.hpp"
#include "exhibit/complexity_layers.hpp"
#include "exhibit/complexity_lesson.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/measuring.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"
#include "trace/unchangeable.hpp"

namespace saccade {

namespace {

constexpr Index smallest = 32;             // n and d are this and its doublings
constexpr double seconds_a_point = 0.012;  // a layer is run again and again for this long, and its fastest run counts
constexpr int fewest_runs = 3, most_runs = 200;

/// One sweep: n or d doubles from point to point, the other stays.
struct Sweep {
    std::string name;  // "n", "d"
    std::vector<LayerSize> sizes;
    // A row per kind of layer, a column per size.
    std::vector<std::vector<double>> counted, seconds;

    Index points() const { return static_cast<Index>(sizes.size()); }
};

Sweep sweep_of(const std::string& name, Index largest, const LayerSize& fixed) {
    Sweep sweep{name, {}, {}, {}};
    for (Index v = smallest; v <= largest; v *= 2) {
        LayerSize size = fixed;
        (name == "n" ? size.n : size.d) = v;
        sweep.sizes.push_back(size);
    }
    sweep.counted.assign(layer_kinds().size(), std::vector<double>(sweep.sizes.size(), NAN));
    sweep.seconds = sweep.counted;
    return sweep;
}

/// The fastest of several runs: what else the machine does can only make them slower.
double fastest_run(const std::function<double(std::stop_token)>& layer, const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    double fastest = INFINITY, total = 0;
    for (int run = 0; run < most_runs && (run < fewest_runs || total < seconds_a_point); ++run) {
        check_stop(stop);
        const auto start = Clock::now();
        layer(stop);
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        fastest = std::min(fastest, seconds);
        total += seconds;
    }
    return fastest;
}

/// The slope of y over 0, 1, 2, ..., by least squares, and its standard error.
struct Fit {
    double slope = NAN, error = NAN;
};
Fit fitted(const std::vector<double>& y) {
    const auto n = static_cast<double>(y.size());
    if (y.size() < 3 || std::ranges::any_of(y, [](double v) { return !std::isfinite(v); })) return {};
    double mean = 0, squares = 0, slope = 0, rest = 0;
    for (const double v : y) mean += v / n;
    for (std::size_t i = 0; i < y.size(); ++i) {
        const double x = static_cast<double>(i) - (n - 1) / 2;
        squares += x * x;
        slope += x * (y[i] - mean);
    }
    slope /= squares;
    for (std::size_t i = 0; i < y.size(); ++i) {
        const double off = y[i] - mean - slope * (static_cast<double>(i) - (n - 1) / 2);
        rest += off * off;
    }
    return {slope, std::sqrt(rest / (n - 2) / squares)};
}

std::vector<double> logarithms(const std::vector<double>& values) {
    std::vector<double> logs;
    for (const double v : values) logs.push_back(std::log2(v));
    return logs;
}

Tensor<float> table_of(const std::vector<std::vector<double>>& rows) {
    const auto n = static_cast<Index>(rows.front().size());
    Tensor<float> table(Shape{static_cast<Index>(rows.size()), n});
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (std::size_t i = 0; i < rows[r].size(); ++i)
            table.row(static_cast<Index>(r)).data()[i] = static_cast<float>(rows[r][i]);
    return table;
}

/// The rule of one kind of layer after the other, chosen by the letter c.
std::string rule_by_kind(const std::string& result, const Sweep& sweep, const LayerSize& fixed) {
    const std::string moving = "@size." + sweep.name + "[i]";
    std::string rule, end;
    const auto& kinds = layer_kinds();
    for (std::size_t c = 0; c < kinds.size(); ++c) {
        std::string one;
        for (const char letter : kinds[c].rule) {
            if (letter == 'N')
                one += sweep.name == "n" ? moving : std::to_string(fixed.n);
            else if (letter == 'D')
                one += sweep.name == "d" ? moving : std::to_string(fixed.d);
            else if (letter == 'K')
                one += std::to_string(fixed.k);
            else if (letter == 'R')
                one += std::to_string(fixed.r);
            else
                one += letter;
        }
        if (c + 1 < kinds.size()) {
            rule += fmt::format("where(c == {}, {}, ", c, one);
            end += ")";
        } else
            rule += one;
    }
    return fmt::format("{}[c,i] = {}{}", result, rule, end);
}

/// Logarithms of what was counted and measured, as shown.
struct Logs {
    Tensor<float> operations, time;
};

Tensor<float> logarithms(const Tensor<float>& values) {
    Tensor<float> logs = values.clone();
    for (float& v : logs.values()) v = static_cast<float>(std::log2(static_cast<double>(v)));
    return logs;
}

Logs record_sweep(Probe& probe, const Sweep& sweep, const LayerSize& fixed, bool measured) {
    const std::string& v = sweep.name;
    Axis axis{v, AxisKind::step, sweep.points(), {}, "i"};
    Tensor<float> sizes(Shape{sweep.points()});
    for (Index i = 0; i < sweep.points(); ++i) {
        const LayerSize& size = sweep.sizes[static_cast<std::size_t>(i)];
        sizes.data()[i] = static_cast<float>(v == "n" ? size.n : size.d);
        // Doublings stand equally far apart, so that a power law is a straight line whose slope is its exponent.
        axis.labels.push_back(fmt::format("{} {}", v, v == "n" ? size.n : size.d));
    }
    probe.axis(std::move(axis));
    const Observer observe(probe);
    const Tensor<float> shown_sizes = observe("size." + v, sizes, [&] {
        return Shown{Role::input, v, v == "n" ? "Tokens" : "Features", "", {v}};
    });
    require_unchanged("size." + v, sizes, shown_sizes, "layers of these sizes were run and counted",
                      v == "n" ? "choose sizes by the parameters: Largest n" : "choose sizes by the parameters: Largest d");
    const std::string given = v == "n" ? fmt::format("d = {}", fixed.d) : fmt::format("n = {}", fixed.n);
    const std::vector<std::string> axes = {"layer kind", v};
    const Tensor<float> operations = observe("operations." + v, table_of(sweep.counted), [&] {
        return Shown{
            .role = Role::output,
            .symbol = "C",
            .title = "Multiply-adds counted, " + given,
            .axes = axes,
            .step = {"count", "2 n² d;  2 n d²;  k n d²;  2 r n d: the formulas, times the matrix products that each needs",
                     rule_by_kind("@operations." + v, sweep, fixed), "Vaswani 2017, table 1"}};
    });
    Logs logs;
    logs.operations = observe("log_operations." + v, logarithms(operations), [&] {
        return Shown{
            .role = Role::metric,
            .symbol = "log₂ C",
            .title = "Counted, " + given,
            .unit = "log₂ multiply-adds",
            .axes = axes,
            .step = {"logarithm", "log₂ C", fmt::format("@log_operations.{0}[c,i] = log(@operations.{0}[c,i]) / log(2)", v)}};
    });
    if (!measured) return logs;
    std::vector<std::vector<double>> micros = sweep.seconds;
    for (auto& row : micros)
        for (double& s : row) s *= 1e6;
    const Tensor<float> time = observe("time." + v, table_of(micros), [&] {
        return Shown{.role = Role::output,
                     .symbol = "t",
                     .title = "Time measured here, " + given,
                     .unit = "µs",
                     .axes = axes,
                     .step = {"measure", "the fastest of several runs of one layer on this machine; differs from run to run"}};
    });
    logs.time = observe("log_time." + v, logarithms(time), [&] {
        return Shown{.role = Role::metric,
                     .symbol = "log₂ t",
                     .title = "Measured here, " + given,
                     .unit = "log₂ µs",
                     .axes = axes,
                     .step = {"logarithm", "log₂ t", fmt::format("@log_time.{0}[c,i] = log(@time.{0}[c,i]) / log(2)", v)}};
    });
    return logs;
}

std::vector<double> row_of(const Tensor<float>& table, std::size_t row) {
    const Tensor<float> cells = table.row(static_cast<Index>(row));
    return {cells.values().begin(), cells.values().end()};
}

/// Exponents by the formula, of the counts, and of the times with the standard error of the fit.
void record_exponents(Probe& probe, const Sweep& sweep, const Logs& logs) {
    const std::string& v = sweep.name;
    const auto& kinds = layer_kinds();
    std::vector<std::vector<double>> rows;
    for (std::size_t c = 0; c < kinds.size(); ++c) {
        const Fit count = fitted(row_of(logs.operations, c));
        rows.push_back({v == "n" ? kinds[c].exponent_n : kinds[c].exponent_d, count.slope});
        if (logs.time.empty()) continue;
        const Fit time = fitted(row_of(logs.time, c));
        rows.back().insert(rows.back().end(), {time.slope, time.error});
    }
    Observer{probe}("exponents." + v, table_of(rows), [&] {
        return Shown{.role = Role::state,
                     .symbol = "p",
                     .title = "Exponent of " + v,
                     .unit = "exponent",
                     .axes = {"layer kind", "exponent"},
                     .step = {"fit",
                              "slope of log₂ C and log₂ t over the doublings, by least squares, and the standard error of the "
                              "latter"}};
    });
}

void record_table(Probe& probe, const Sweep& n, const LayerSize& fixed) {
    const auto& kinds = layer_kinds();
    std::vector<std::vector<double>> steps, paths;
    for (const LayerKind& kind : kinds) {
        steps.emplace_back();
        paths.emplace_back();
        for (const LayerSize& size : n.sizes) {
            steps.back().push_back(static_cast<double>(kind.sequential(size)));
            paths.back().push_back(static_cast<double>(path_length(kind, size)));
        }
    }
    const Observer observe(probe);
    observe("sequential", table_of(steps), [] {
        return Shown{
            .role = Role::output,
            .symbol = "S",
            .title = "Steps that must wait for each other",
            .unit = "steps",
            .axes = {"layer kind", "n"},
            .step = {"count", "1;  n;  1;  1", "@sequential[c,i] = where(c == 1, @size.n[i], 1)", "Vaswani 2017, table 1"}};
    });
    observe("path", table_of(paths), [&] {
        // Rounded up: -floor(-x). The logarithm is of whole powers at times, so a little less.
        return Shown{.role = Role::output,
                     .symbol = "P",
                     .title = "Layers (steps) from the first token to the last",
                     .unit = "layers",
                     .axes = {"layer kind", "n"},
                     .step = {"walk", "1;  n − 1;  log_k n, dilated;  2 n / r − 1; rounded up",
                              fmt::format("@path[c,i] = where(c == 0, 1, where(c == 1, @size.n[i] - 1, where(c == 2, 0 - "
                                          "floor(0.000001 - log(@size.n[i]) / log({})), 0 - floor(1 - @size.n[i] / "
                                          "{}))))",
                                          fixed.k, fixed.r / 2),
                              "Vaswani 2017, table 1, walked along what each layer looks at"}};
    });
}

void record(Probe& probe, const Sweep& n, const Sweep& d, const LayerSize& fixed, bool measured) {
    Axis kinds{"layer kind", AxisKind::feature, static_cast<Index>(layer_kinds().size()), {}, "c"};
    for (const LayerKind& kind : layer_kinds()) kinds.labels.push_back(kind.label);
    probe.axis(std::move(kinds));
    std::vector<std::string> columns = {"formula", "counted"};
    if (measured) columns.insert(columns.end(), {"measured", "± error"});
    const auto width = static_cast<Index>(columns.size());
    probe.axis({"exponent", AxisKind::feature, width, std::move(columns), "e"});
    const Logs over_n = record_sweep(probe, n, fixed, measured), over_d = record_sweep(probe, d, fixed, measured);
    record_exponents(probe, n, over_n);
    record_exponents(probe, d, over_d);
    record_table(probe, n, fixed);
}

std::string read_out(const Sweep& n, const Sweep& d) {
    std::string text;
    for (std::size_t c = 0; c < layer_kinds().size(); ++c) {
        const LayerKind& kind = layer_kinds()[c];
        const Fit in_n = fitted(logarithms(n.seconds[c])), in_d = fitted(logarithms(d.seconds[c]));
        text += fmt::format("{}{} ", c > 0 ? ";  " : "", kind.label.substr(0, kind.label.find(" ·")));
        text +=
            std::isfinite(in_n.slope) ? fmt::format("n^{:.2f} d^{:.2f}", in_n.slope, in_d.slope) : "O(" + kind.formula + ")";
    }
    return text;
}

void run_complexity(RunContext& context) {
    const Params& p = context.params;
    LayerSize fixed;
    fixed.n = std::stol(p.text("n"));
    fixed.d = std::stol(p.text("d"));
    fixed.k = p.integer("k");
    fixed.r = std::stol(p.text("r"));
    const bool measured = p.toggle("measure");
    Sweep n = sweep_of("n", std::stol(p.text("longest")), fixed), d = sweep_of("d", std::stol(p.text("widest")), fixed);
    const auto total = static_cast<double>(layer_kinds().size() * (n.sizes.size() + d.sizes.size()));
    double done = 0;
    const auto so_far = [&](Probe& probe) { record(probe, n, d, fixed, measured); };
    refuse_before_measuring(context, so_far);
    // What is counted is known at once; the times follow, a size after the other.
    for (const bool timing : {false, true})
        for (Sweep* sweep : {&n, &d})
            for (std::size_t i = 0; i < sweep->sizes.size() && (measured || !timing); ++i)
                for (std::size_t c = 0; c < layer_kinds().size(); ++c) {
                    const auto layer = layer_kinds()[c].make(sweep->sizes[i]);
                    check_stop(context.stop);
                    if (!timing) {
                        sweep->counted[c][i] = layer(context.stop);
                        continue;
                    }
                    sweep->seconds[c][i] = fastest_run(layer, context.stop);
                    done += 1;
                    if (done < total) context.progress(done / total, so_far);
                }
    if (measured)
        context.probe.note({"measure", "the times are measured on this machine, now, and differ from run to run",
                            "switch Measure off for a run that is the same every time"});
    so_far(context.probe);
    context.probe.text("output", read_out(n, d));
}

ParamSpec doublings(const char* name, const char* title, const char* help, Index from, Index to, Index fallback) {
    std::vector<Choice> choices;
    for (Index v = from; v <= to; v *= 2) choices.push_back({std::to_string(v), std::to_string(v)});
    ParamSpec spec = choice_param(name, title, help, choices);
    spec.fallback = std::to_string(fallback);
    return spec;
}

}  // namespace

Exhibit complexity_exhibit() {
    Exhibit exhibit;
    exhibit.id = "complexity";
    exhibit.title = "Complexity";
    exhibit.group = "Transformer";
    exhibit.summary =
        "What a layer costs as the sequence and its features grow: self-attention, recurrent, convolutional, restricted; as "
        "formula, "
        "as counted and as measured here.";
    exhibit.source = "Vaswani 2017, table 1";
    exhibit.params = {
        doublings("d", "d, while n grows", "Features of a token while the number of tokens grows.", 32, 256, 64),
        doublings("longest", "Largest n", "The number of tokens doubles from 32 up to this.", 128, 2048, 1024),
        doublings("n", "n, while d grows", "Tokens while the number of features grows.", 32, 256, 64),
        doublings("widest", "Largest d", "The number of features doubles from 32 up to this.", 128, 1024, 512),
        integer_param("k", "Kernel k", "Tokens that a convolution looks at.", 3, 2, 9),
        doublings("r", "Neighbours r", "Tokens that restricted self-attention looks at, half of them on either side.", 4, 32,
                  16),
        toggle_param(
            "measure", "Measure",
            "Times each layer on this machine: the fastest of several runs. Differs from run to run. Off: formulas and counts "
            "alone, the same every time.",
            true)};
    exhibit.views = {{"curves", "log_time.n", 0, 0.5f, 0.55f},
                     {"curves", "log_time.d", 0, 0.5f, 0.55f},
                     {"heatmap", "exponents.n", 1, 0.33f, 0.45f},
                     {"heatmap", "exponents.d", 1, 0.33f, 0.45f},
                     {"heatmap", "path", 1, 0.34f, 0.45f}};
    exhibit.place = [views = exhibit.views](const Params& params) {
        std::vector<ViewPlacement> placed = views;
        if (!params.toggle("measure")) {
            placed[0].tensor = "log_operations.n";
            placed[1].tensor = "log_operations.d";
        }
        return placed;
    };
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.run = run_complexity;
    exhibit.lesson = complexity_lesson();
    return exhibit;
}

}  // namespace saccade
