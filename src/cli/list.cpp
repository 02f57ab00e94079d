#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "analysis/analysis.hpp"
#include "base/printable.hpp"
#include "cli/commands.hpp"
#include "run/runner.hpp"
#include "viz/view.hpp"

namespace saccade {

namespace {

using nlohmann::json;

std::vector<std::string> view_ids(const Exhibit& exhibit) {
    std::vector<std::string> ids;
    for (const ViewPlacement& placement : exhibit.views)
        if (std::find(ids.begin(), ids.end(), placement.view) == ids.end()) ids.push_back(placement.view);
    return ids;
}

/// How wide a column of these must be so that two blanks follow the longest.
std::size_t column(const std::vector<std::string>& cells) {
    std::size_t widest = 0;
    for (const std::string& cell : cells) widest = std::max(widest, cell.size());
    return widest + 2;
}

std::vector<std::string> cells_of(const json& rows, const char* key) {
    std::vector<std::string> cells;
    for (const json& row : rows) cells.push_back(row[key].get<std::string>());
    return cells;
}

/// An exhibit may name models that are yet to be trained; what is listed can be run.
std::vector<std::string> models_there(const Exhibit& exhibit) {
    const std::vector<std::string> bundled = bundled_models();
    std::vector<std::string> there;
    for (const std::string& id : exhibit.models)
        if (std::find(bundled.begin(), bundled.end(), id) != bundled.end()) there.push_back(id);
    return there;
}

/// Else nothing would be listed, as if there were nothing.
void check_assets() {
    std::error_code not_there;
    if (std::filesystem::is_directory(std::filesystem::path(assets_folder()) / "models", not_there)) return;
    throw Error(ErrorCode::not_found, fmt::format("there are no bundled models in {}", assets_folder()),
                "set SACCADE_ASSETS to the folder of the assets");
}

void list(bool as_json) {
    check_assets();
    json all = json::array();
    for (const Exhibit& e : exhibits())
        all.push_back({{"id", e.id}, {"title", e.title}, {"models", models_there(e)}, {"views", view_ids(e)}});
    if (as_json) {
        fmt::print("{}\n", printable_json(all.dump(2)));
        return;
    }
    fmt::print("exhibits\n");
    const std::size_t id = column(cells_of(all, "id"));
    for (const Exhibit& e : exhibits())
        fmt::print("  {:<{}}{}\n  {:<{}}views: {}\n", e.id, id, e.summary, "", id, fmt::join(view_ids(e), ", "));
    fmt::print("\nbundled models\n");
    const std::size_t model = column(bundled_models());
    for (const std::string& name : bundled_models())
        fmt::print("  {:<{}}{}\n", printable(name), model, printable(bundled_model(name)->card.title("")));
    fmt::print("\n`saccade describe EXHIBIT` lists parameters and tensors.\n");
}

/// One below the other, what is said of each in a column of its own, however long its name.
void print_params(const std::vector<ParamSpec>& params) {
    std::size_t widest = 0;
    for (const ParamSpec& spec : params) widest = std::max(widest, spec.name.size());
    const std::string margin(widest + 6, ' ');
    for (const ParamSpec& spec : params) {
        std::string help = spec.help;
        for (std::size_t at = help.find('\n'); at != std::string::npos; at = help.find('\n', at + margin.size()))
            help.insert(at + 1, margin);
        fmt::print("  --{:<{}}{} ({}; default: {})\n", spec.name, widest + 2, help, to_string(spec.type),
                   format_param(spec.fallback));
        if (!spec.choices.empty()) fmt::print("{}one of: {}\n", margin, fmt::join(spec.choices, ", "));
    }
}

/// The analyses that apply to this run, and to which of its tensors.
json analyses_of(const Trace& trace) {
    json all = json::array();
    for (const Analysis& a : analyses()) {
        json of = json::array();
        for (const TraceTensor& t : trace.tensors())
            if (a.accepts(trace, t)) of.push_back(t.info.name);
        if (of.empty()) continue;
        all.push_back(
            {{"id", a.id}, {"title", a.title}, {"formula", a.formula}, {"source", a.source}, {"tensors", std::move(of)}});
    }
    return all;
}

void print_analyses(const json& all) {
    if (all.empty()) return;
    fmt::print("\nanalyses of its tensors (`saccade run ... --analyse ID,...|all` records them)\n");
    const std::size_t id = column(cells_of(all, "id"));
    for (const json& a : all) {
        const std::string source = a["source"];
        fmt::print("  {:<{}}{}: {}{}\n  {:<{}}of {}\n", a["id"].get<std::string>(), id, a["title"].get<std::string>(),
                   a["formula"].get<std::string>(), source.empty() ? "" : " (" + source + ")", "", id,
                   fmt::join(a["tensors"].get<std::vector<std::string>>(), ", "));
    }
}

/// The tensors are those of a run at the defaults: never a second list that could go stale.
void describe(const std::string& id, bool as_json) {
    const Exhibit& e = exhibit(id);
    RunRequest request;
    request.exhibit = id;
    const TracePtr trace = run(request);
    json params = json::array();
    for (const ParamSpec& spec : e.params) params.push_back(to_json(spec));
    json tensors = json::array();
    for (const TraceTensor& t : trace->tensors()) {
        json axes = json::array();
        for (const AxisPtr& axis : t.info.axes) axes.push_back(axis->name);
        const Step* step = trace->step_of(t.info.name);
        tensors.push_back({{"name", t.info.name},
                           {"role", to_string(t.info.role)},
                           {"axes", axes},
                           {"symbol", t.info.symbol},
                           {"title", t.info.title},
                           {"intervene", t.info.role != Role::parameter},
                           {"formula", step != nullptr ? step->formula : ""}});
    }
    json lesson = json::array();
    for (const LessonPoint& point : e.lesson.points)
        lesson.push_back({{"english", point.english}, {"chinese", point.chinese}, {"checked", point.check != nullptr}});
    if (as_json) {
        json all = {{"params", params}, {"tensors", tensors}, {"analyses", analyses_of(*trace)}};
        if (!e.lesson.empty()) all["lesson"] = {{"title", e.lesson.title_english}, {"points", lesson}};
        fmt::print("{}\n", printable_json(all.dump(2)));
        return;
    }
    fmt::print("{}: {}\n{}\n\nparameters\n", e.id, e.summary, e.source);
    print_params(e.params);
    fmt::print("\ntensors (name, role, axes, formula); --intervene changes any of them but parameters\n");
    std::vector<std::string> shapes;
    for (const json& t : tensors)
        shapes.push_back(fmt::format("[{}]", fmt::join(t["axes"].get<std::vector<std::string>>(), ", ")));
    const std::size_t name = column(cells_of(tensors, "name")), role = column(cells_of(tensors, "role")),
                      shape = column(shapes);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const json& t = tensors[i];
        fmt::print("  {:<{}}{:<{}}{:<{}}{}\n", printable(t["name"].get<std::string>()), name, t["role"].get<std::string>(),
                   role, shapes[i], shape, t["formula"].get<std::string>());
    }
    print_analyses(analyses_of(*trace));
    if (e.lesson.empty()) return;
    fmt::print("\nlesson: {} (* is checked on each run: `saccade run {} --claims`)\n", e.lesson.title_english, e.id);
    for (const LessonPoint& point : e.lesson.points) fmt::print("  {} {}\n", point.check ? "*" : " ", point.english);
}

}  // namespace

void add_list(CliCommand& app) {
    CliCommand command = app.add("list", "Exhibits and bundled models");
    const auto as_json = std::make_shared<bool>(false);
    command.flag("--json", *as_json, "[{id, title, models, views}]");
    command.runs([as_json] { list(*as_json); });
}

void add_describe(CliCommand& app) {
    CliCommand command = app.add("describe", "The parameters of an exhibit and the tensors that it records");
    const auto as_json = std::make_shared<bool>(false);
    const auto id = std::make_shared<std::string>();
    command.option("EXHIBIT", *id, "An exhibit of `saccade list`").required();
    command.flag("--json", *as_json, "{params, tensors: [{name, role, axes, ...}]}");
    command.runs([as_json, id] { describe(*id, *as_json); });
}

}  // namespace saccade
