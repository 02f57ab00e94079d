#include "run/run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <span>

#include "analysis/analysis.hpp"
#include "base/error_line.hpp"
#include "base/stop.hpp"
#include "exhibit/exhibit.hpp"
#include "io/npz.hpp"
#include "trace/intervene.hpp"

namespace saccade {

namespace {

constexpr double seconds_between_pictures = 0.05;

std::string model_id(const Exhibit& exhibit, const Params& params) {
    if (exhibit.models.empty()) return {};
    if (exhibit.choose_model) return exhibit.choose_model(params);
    return params.has("model") ? params.text("model") : exhibit.models.front();
}

ModelPtr load(const Exhibit& exhibit, const RunRequest& request, const Params& params, const std::stop_token& stop) {
    if (request.model) {
        require_finite(request.model->weights, "model " + request.model->id);
        return request.model;
    }
    if (exhibit.models.empty()) {
        if (request.weights_path.empty()) return nullptr;
        throw Error(ErrorCode::usage, fmt::format("exhibit '{}' has no model", exhibit.id), "leave out the weights");
    }
    const std::string id = model_id(exhibit, params);
    if (id.empty() && request.weights_path.empty()) return nullptr;
    return request.weights_path.empty() ? bundled_model(id) : load_model(request.weights_path, id, stop);
}

/// The block of a file's array that stands in brackets after its name.
Tensor<float> block_of(const Tensor<float>& array, const std::vector<Index>& index, const std::string& source) {
    const Shape& shape = array.shape();
    if (index.size() > static_cast<std::size_t>(shape.rank()))
        throw Error(ErrorCode::invalid_input, fmt::format("{}: {} indices for {} axes", source, index.size(), shape.rank()),
                    "give at most one index for each axis of the file's array");
    std::vector<Index> all = index;
    all.resize(static_cast<std::size_t>(shape.rank()), -1);
    std::vector<Index> dims;
    for (int i = 0; i < shape.rank(); ++i) {
        const Index at = all[static_cast<std::size_t>(i)];
        if (at >= shape[i])
            throw Error(ErrorCode::invalid_input, fmt::format("{}: the file's array has shape {}", source, shape.str()),
                        "indices count from 0");
        if (at < 0) dims.push_back(shape[i]);
    }
    Tensor<float> result = Tensor<float>::uninitialized(Shape(dims));
    for_each_selected(shape, all, [&](Index offset, Index ordinal) { result.data()[ordinal] = array.data()[offset]; });
    return result;
}

/// The interventions with their arrays read from the files that they name.
std::vector<Intervention> loaded(std::vector<Intervention> interventions, const std::stop_token& stop) {
    for (Intervention& intervention : interventions) {
        if (!intervention.enabled || !intervention.takes_array() || intervention.array_source.empty()) continue;
        const ArraySource source = split_array_source(intervention.array_source);
        intervention.array = read_array<float>(source.array, {.stop = stop});
        if (!source.index.empty()) intervention.array = block_of(intervention.array, source.index, intervention.array_source);
    }
    return interventions;
}

/// Looked at in lanes that do not wait for each other: a hand that drags asks it of a hundred megabytes each time.
bool all_finite(std::span<const float> values) {
    constexpr std::size_t lanes = 32;
    std::array<float, lanes> zero{};  // 0 times what is not finite is NaN
    std::size_t i = 0;
    for (; i + lanes <= values.size(); i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane) zero[lane] += 0 * values[i + lane];
    for (; i < values.size(); ++i) zero[0] += 0 * values[i];
    return std::ranges::none_of(zero, [](float v) { return std::isnan(v); });
}

/// What was put in by hand may grow beyond all numbers on its way; said once, of where that begins.
void note_overflow(Trace& trace) {
    for (const TraceTensor& tensor : trace.tensors()) {
        if (tensor.info.role == Role::metric) continue;  // of nothing it is NaN
        const bool masked = tensor.info.role == Role::scores || tensor.info.role == Role::mask;
        // What is made when it is looked at follows from what is kept: what is too large there is too large here.
        if (!tensor.values.kept()) continue;
        const auto values = tensor.values.values();
        if (all_finite(values)) continue;
        const auto wrong = std::ranges::find_if(values, [masked](float v) { return !std::isfinite(v) && !(masked && v < 0); });
        if (wrong == values.end()) continue;
        return trace.add_note({"",
                               fmt::format("{} holds {}: what was changed by hand is too large for what is computed from it",
                                           tensor.info.name, std::isnan(*wrong) ? "NaN" : "an infinite value"),
                               "change it by less"});
    }
}

/// What an exhibit calls: passes on how far it is, and now and then, not more often than can be looked at, a picture.
class Reporter {
 public:
    Reporter(const Progress& progress, const std::stop_token& stop) : progress_(progress), stop_(stop) {}

    void operator()(double fraction, const std::function<void(Probe&)>& record) {
        check_stop(stop_);
        if (!progress_) return;
        const auto now = std::chrono::steady_clock::now();
        if (told_ && std::chrono::duration<double>(now - last_).count() < seconds_between_pictures) return;
        told_ = true;
        last_ = now;
        TracePtr partial;
        if (record) {
            // Nothing is left out and nothing is changed here: what is shown has been through the run's own probe.
            Probe probe({}, {});
            record(probe);
            partial = std::make_shared<const Trace>(probe.finish());
        }
        progress_(fraction, std::move(partial));
    }

 private:
    const Progress& progress_;
    const std::stop_token& stop_;
    bool told_ = false;
    std::chrono::steady_clock::time_point last_;
};

/// How runs of this exhibit come to record gradients by the weights, which some analyses read.
std::string gradients_advice(const Exhibit& asked) {
    const auto records = [](const Exhibit& e) {
        return std::ranges::find(e.params, "gradients", &ParamSpec::name) != e.params.end();
    };
    if (records(asked)) return "let the run record gradients by the weights: --gradients true";
    std::string others;
    for (const Exhibit& e : exhibits())
        if (records(e)) others += (others.empty() ? "" : ", ") + e.id;
    return fmt::format("exhibit {} records no gradients by the weights; with --gradients true these do: {}", asked.id, others);
}

}  // namespace

std::string model_of(const Exhibit& exhibit, const Params& given) {
    return model_id(exhibit, resolve(exhibit.params, given));
}

TracePtr run(const Exhibit& exhibit, const RunRequest& request, std::stop_token stop, const Progress& progress, Reuse* reuse) {
    try {
        const Params params = resolve(exhibit.params, request.params);
        const std::vector<Intervention> interventions = loaded(request.interventions, stop);
        Probe probe(request.capture, interventions);
        Reporter reporter(progress, stop);
        Reuse nothing;
        RunContext context{params,
                           request.seed,
                           load(exhibit, request, params, stop),
                           probe,
                           stop,
                           std::ref(reporter),
                           reuse == nullptr || probe.intervening() ? nothing : *reuse,
                           interventions};
        check_stop(stop);
        exhibit.run(context);
        check_stop(stop);
        const bool changed = probe.intervening();
        Trace trace = probe.finish();
        if (changed) note_overflow(trace);
        if (!request.analyses.empty()) trace = with_analyses(trace, request.analyses, gradients_advice(exhibit));
        return std::make_shared<const Trace>(std::move(trace));
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        const Error known = as_error(error);
        throw Error(known.code(), fmt::format("exhibit '{}': {}", exhibit.id, known.message()), known.hint());
    }
}

TracePtr run(const RunRequest& request, std::stop_token stop, const Progress& progress, Reuse* reuse) {
    return run(exhibit(request.exhibit), request, std::move(stop), progress, reuse);
}

}  // namespace saccade
