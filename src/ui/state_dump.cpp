#include "ui/state_dump.hpp"

namespace saccade {

using nlohmann::json;

namespace {

/// What was changed by hand, what is being dragged, and what came of it.
void dump_hand(const AppState& state, json& dump) {
    dump["interventions"] = json::array();
    for (const Intervention& i : state.side().request.interventions) dump["interventions"].push_back(to_string(i));
    dump["intervention_names"] = json::array();
    for (const InterventionGroup& group : groups_of(state.side().request.interventions, state.trace()))
        dump["intervention_names"].push_back(plain_text(name_of(state.side().request.interventions, group, state.trace())));
    dump["enabled"] = json::array();
    for (const Intervention& i : state.side().request.interventions) dump["enabled"].push_back(i.enabled);
    dump["scene"] = {{"open", state.scene.open}, {"shape", state.scene.shape}, {"held", state.scene.held}};
    dump["picture"] = {{"title", state.pictures[state.focus].title},
                       {"size", {state.pictures[state.focus].width, state.pictures[state.focus].height}}};
    dump["dragging"] = state.drag.active || state.scene.held;
    dump["drawing"] = state.mask.on;
    dump["changes"] = json::array();
    for (const ProbabilityChange& change : state.changes.changes)
        dump["changes"].push_back({change.label, change.before, change.after});
}

}  // namespace

nlohmann::json state_dump(const AppState& state, const Controller& act) {
    json dump = {{"exhibit", state.side().request.exhibit},
                 {"theme", state.stage.theme},
                 {"ui_scale", state.stage.ui_scale},
                 {"options", to_json(state.stage.options)},
                 {"step", act.current_step()},
                 {"steps", act.step_count()},
                 {"stale", state.stale()},
                 {"playing", state.playing},
                 {"palette", state.palette_open},
                 {"help", state.help_open},
                 {"export", state.exporting.open},
                 {"prompt", state.prompt.kind != PathPrompt::Kind::none},
                 {"prompt_path", state.prompt.path},
                 {"export_path", state.exporting.path},
                 {"export_result", state.exporting.result},
                 {"undo", state.undo.size()},
                 {"redo", state.redo.size()},
                 {"params", to_json(state.side().request.params)}};
    dump["places"] = state.places;
    dump["grids"] = state.grids;
    dump["grid"] = state.grids.count("heatmap") != 0 ? state.grids.at("heatmap") : std::array<Index, 2>{};
    dump["running"] = state.running();
    dump["progress"] = state.side().progress;
    dump["partial"] = state.side().partial();
    dump["cancelled"] = state.side().cancelled;
    dump["lesson"] = {{"shown", state.stage.lesson}, {"language", state.stage.language}};
    const Exhibit& e = exhibit(state.side().request.exhibit);
    for (std::size_t i = 0; i < e.lesson.points.size() && i < state.side().lesson.size(); ++i)
        dump["lesson"]["verdicts"].push_back(verdict(e.lesson.points[i], state.side().lesson[i]));
    dump["compare"] = {{"on", state.comparing}, {"focus", state.focus}, {"linked", state.linked}, {"narrow", state.narrow}};
    if (state.comparing) {
        dump["compare"]["params"] = {to_json(state.sides[0].request.params), to_json(state.sides[1].request.params)};
        dump["compare"]["stale"] = {state.sides[0].stale(), state.sides[1].stale()};
        dump["compare"]["difference"] = state.difference ? json(state.difference->texts()) : json(nullptr);
    }
    dump["matrix"] = {{"param", state.matrix.param},
                      {"cell", {state.matrix.row, state.matrix.col}},
                      {"typing", state.matrix.typing},
                      {"problem", state.matrix.problem}};
    dump["typing"] = state.typing;
    dump["problem"] = state.side().problem ? json(state.side().problem->line()) : json(nullptr);
    dump["banner"] = state.banner ? json(state.banner->text) : json(nullptr);
    dump["selected"] = {{"tensor", state.stage.selected.cell.tensor}, {"index", state.stage.selected.cell.index}};
    dump["hovered"] = {{"tensor", state.stage.hovered.cell.tensor}, {"index", state.stage.hovered.cell.index}};
    dump["explained"] = json::array();
    for (const CellRef& cell : state.explained) dump["explained"].push_back({{"tensor", cell.tensor}, {"index", cell.index}});
    dump_hand(state, dump);
    dump["notes"] = json::array();
    dump["texts"] = json::object();
    if (const Trace* trace = state.trace()) {
        for (const auto& [name, text] : trace->texts()) dump["texts"][name] = text;
        for (const Note& note : trace->notes()) dump["notes"].push_back(note.text);
    }
    if (state.training) {
        const char* words[] = {"running", "paused", "finished", "stopped", "failed"};
        dump["training"] = {{"state", words[static_cast<int>(state.training->state())]},
                            {"points", state.training->points().size()},
                            {"snapshots", state.training->snapshot_steps().size()},
                            {"shown", state.shown_snapshot}};
    }
    return dump;
}

}  // namespace saccade
