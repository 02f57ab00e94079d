#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/printable.hpp"
#include "cli/commands.hpp"
#include "cli/told_task.hpp"
#include "model/model_store.hpp"

namespace saccade {

namespace {

using nlohmann::json;

void eval(const std::string& name, const TrainOptions& options, Index n, bool as_json) {
    const ModelPtr model = named_model(name);
    const std::string id = model->id.empty() ? model->card.id() : model->id;
    if (id.empty())
        throw Error(ErrorCode::bad_format, name + ": has no model card that says which model it is", "put its .json beside it");
    const std::unique_ptr<Task> task = told_task(id, options);
    task->read_card(model->card.json(), name);
    n = task->held_out(n > 0 ? n : task->usual_held_out());
    const auto metrics = told_metrics(*task, model->weights, n, {});
    if (as_json) {
        fmt::print("{}\n", printable_json(json{{"model", id}, {"n", n}, {"metrics", metrics}}.dump()));
        return;
    }
    fmt::print("{} on {} held-out {}\n", printable(name), n, n == 1 ? "example" : "examples");
    std::size_t widest = 0;
    for (const auto& [metric, value] : metrics) widest = std::max(widest, metric.size());
    for (const auto& [metric, value] : metrics) fmt::print("  {:<{}}  {:.4f}\n", printable(metric), widest, value);
}

}  // namespace

void add_eval(CliCommand& app) {
    CliCommand command = app.add("eval", "Measure a model's metrics again, on held-out data");
    const auto name = std::make_shared<std::string>();
    const auto options = std::make_shared<TrainOptions>();
    const auto n = std::make_shared<Index>(0);
    const auto as_json = std::make_shared<bool>(false);
    command.option("MODEL", *name, "A bundled model, or your own .safetensors with its card").required().path();
    command.option("--data", options->data_path, "Data set, for models that need one").path();
    command.option("-n", *n, "Held-out examples; default: the model's own, as in its card").between(1, 1000000);
    command.flag("--json", *as_json, "{model, n, metrics}");
    add_threads(command);
    command.runs([=] { eval(*name, *options, *n, *as_json); });
}

}  // namespace saccade
