#include <fmt/core.h>

#include <new>

#include "base/stop.hpp"
#include "exhibit/exhibit.hpp"
#include "io/npz.hpp"
#include "run/runner.hpp"

namespace saccade {

namespace {

ModelPtr model_of(const Exhibit& exhibit, const RunRequest& request, const Params& params) {
    if (request.model) {
        require_finite(request.model->weights, "model " + request.model->id);
        return request.model;
    }
    if (exhibit.models.empty()) {
        if (request.weights_path.empty()) return nullptr;
        throw Error(ErrorCode::usage, fmt::format("exhibit '{}' has no model", exhibit.id), "leave out the weights");
    }
    const std::string id = exhibit.choose_model  ? exhibit.choose_model(params)
                           : params.has("model") ? params.text("model")
                                                 : exhibit.models.front();
    return request.weights_path.empty() ? bundled_model(id) : load_model(request.weights_path, id);
}

/// The interventions with their arrays read from the files that they name.
std::vector<Intervention> loaded(std::vector<Intervention> interventions) {
    for (Intervention& intervention : interventions) {
        if (intervention.enabled && intervention.kind == Intervention::Kind::replace && !intervention.array_source.empty()) {
            intervention.array = read_array(intervention.array_source).cast<float>();
        }
    }
    return interventions;
}

}  // namespace

TracePtr run(const Exhibit& exhibit, const RunRequest& request, std::stop_token stop) {
    try {
        const Params params = resolve(exhibit.params, request.params);
        Probe probe(request.capture, loaded(request.interventions));
        RunContext context{params, request.seed, model_of(exhibit, request, params), probe, stop, [](double, const auto&) {}};
        check_stop(stop);
        exhibit.run(context);
        check_stop(stop);
        return std::make_shared<const Trace>(probe.finish());
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw Error(ErrorCode::out_of_range, fmt::format("exhibit '{}': not enough memory", exhibit.id), "use a smaller input");
    } catch (const std::exception& error) {
        throw Error(ErrorCode::unsupported, fmt::format("exhibit '{}': {}", exhibit.id, error.what()), "please report this");
    }
}

TracePtr run(const RunRequest& request, std::stop_token stop) {
    return run(exhibit(request.exhibit), request, std::move(stop));
}

}  // namespace saccade
