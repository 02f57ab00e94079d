#include "ui/state_dump.hpp"

#include <nlohmann/json.hpp>

#include "ui/commands.hpp"

namespace saccade {

using nlohmann::json;

namespace {

/// What was changed by hand, what is being dragged, and what came of it.
void dump_hand(const AppState& state, json& dump) {
    dump["interventions"] = json::array();
    for (const Intervention& i : state.document.side().request.interventions) dump["interventions"].push_back(to_string(i));
    dump["intervention_names"] = json::array();
    for (const InterventionGroup& group : groups_of(state.document.side().request.interventions, state.document.trace()))
        dump["intervention_names"].push_back(
            plain_text(name_of(state.document.side().request.interventions, group, state.document.trace())));
    dump["enabled"] = json::array();
    for (const Intervention& i : state.document.side().request.interventions) dump["enabled"].push_back(i.enabled);
    dump["set_aside"] = json::array();
    for (const Anchor& anchor : state.document.side().anchors)
        if (anchor.aside) dump["set_aside"].push_back(plain_text(anchor.name));
    dump["scene"] = {
        {"open", state.document.scene.open}, {"shape", state.document.scene.shape}, {"held", state.document.scene.held}};
    dump["picture"] = {{"title", state.document.pictures.facts[state.document.focus].title},
                       {"size",
                        {state.document.pictures.facts[state.document.focus].width,
                         state.document.pictures.facts[state.document.focus].height}}};
    dump["positions"] = json::object();
    for (const auto& [axis, positions] : state.document.options.positions) dump["positions"][axis] = positions_text(positions);
    dump["dragging"] = state.document.hand.drag.active || state.document.scene.held || state.document.part.held;
    dump["drawing"] = state.document.hand.mask.on;
    dump["changes"] = json::array();
    for (const ProbabilityChange& change : state.document.hand.changes.changes)
        dump["changes"].push_back({change.label, change.before, change.after});
}

/// Of the figure desk: "heatmap:cross.weights".
json panels_of(const AppState& state) {
    json all = json::array();
    const auto found = state.desk.panels.find(state.document.side().request.exhibit);
    if (found == state.desk.panels.end()) return all;
    for (const DeskPanel& panel : found->second) all.push_back(panel.view + ":" + panel.tensor);
    return all;
}

/// The lesson's file that is open.
json played(const AppState& state, const Controller& act) {
    const LessonState& lesson = state.lesson;
    if (!lesson.file) return nullptr;
    json verdicts = json::array();
    for (std::size_t i = 0; i < lesson.findings.size(); ++i)
        verdicts.push_back(verdict(lesson.current()->claims[i].point, lesson.findings[i]));
    return {{"path", lesson.file->path},
            {"scene", lesson.scene},
            {"verdicts", std::move(verdicts)},
            {"claims", lesson.current()->claims.size()},
            {"changed", act.lesson().changed()},
            {"asks", act.lesson().asks()},
            {"covered", act.lesson().covered()},
            {"guess", lesson.guess.guess},
            {"answer", lesson.guess.answer},
            {"problem", lesson.problem},
            {"scenes", lesson.file->scenes.size()},
            {"editing", lesson.editing.on},
            {"unsaved", lesson.unsaved()},
            {"undo", lesson.editing.undo.size()},
            {"redo", lesson.editing.redo.size()},
            {"document", lesson.file->document},
            {"text", lesson.current()->text.in(state.view.language == "zh")},
            {"selected", state.document.stage.selected.cell.tensor},
            {"index", state.document.stage.selected.cell.index}};
}

json exhibit_page(const AppState& state, const Controller& act) {
    json drawn = json::array();
    for (const Exhibit& e : exhibits())
        if (const ExhibitPicture* made = act.exhibit_pictures().find(e.id); made != nullptr && !made->problem)
            drawn.push_back(e.id);
    return {{"open", state.exhibit_page.open},
            {"query", state.exhibit_page.query},
            {"at", state.exhibit_page.at},
            {"drawn", std::move(drawn)}};
}

}  // namespace

nlohmann::json state_dump(const AppState& state, Controller& act) {
    json dump = {{"exhibit", state.document.side().request.exhibit},
                 {"theme", state.view.theme},
                 {"language", state.view.window_language},
                 {"ui_scale", state.view.ui_scale},
                 {"options", to_json(state.document.options)},
                 {"step", act.stage().current_step()},
                 {"steps", act.stage().step_count()},
                 {"stale", state.document.stale()},
                 {"playing", state.document.stage.playing},
                 {"enlarged", state.document.stage.enlarged},
                 {"palette", state.palette_open},
                 {"palette_query", state.palette_query},
                 {"help", state.help_open},
                 {"history", state.history_open},
                 {"export", state.desk.open},
                 {"drawer", state.inspector_drawer},
                 {"inspector_scroll", state.inspector_scroll},
                 {"button_focused", state.button_focused},
                 {"prompt", state.prompt.kind != PathPrompt::Kind::none},
                 {"prompt_path", state.prompt.path},
                 {"prompt_problem", state.prompt.problem},
                 {"leaving", state.leaving},
                 {"closing_lesson", state.lesson.closing},
                 {"left", act.recovery().left().has_value()},
                 {"asking", state.asking.files},
                 {"export_path", state.desk.path},
                 {"export_result", state.desk.result},
                 {"export_command", act.desk().command_shown()},
                 {"export_busy", act.desk().busy()},
                 {"export_panels", panels_of(state)},
                 {"export_width_mm", act.desk().preview().shown().width * 25.4 / 96},
                 {"export_height_mm", act.desk().preview().shown().height * 25.4 / 96},
                 {"export_smallest_pt", act.desk().preview().shown().smallest * 0.75},
                 {"export_problem", act.desk().preview().shown().problem.has_value()},
                 {"undo", state.history.undo.size()},
                 {"redo", state.history.redo.size()},
                 {"typed_number", state.typed_number.text},
                 {"params", to_json(state.document.side().request.params)}};
    dump["export_notes"] = json::array();
    for (const Note& note : act.desk().preview().shown().notes) dump["export_notes"].push_back(note.text);
    dump["frame_ms"] = state.frame_ms;
    dump["places"] = state.places;
    dump["focus"] = state.focus;
    dump["focus_place"] = state.focus_place;
    dump["grids"] = state.grids;
    dump["grid"] = state.grids.count("heatmap") != 0 ? state.grids.at("heatmap") : std::array<Index, 2>{};
    dump["running"] = state.document.running();
    dump["progress"] = state.document.side().progress;
    dump["partial"] = state.document.side().partial();
    dump["cancelled"] = state.document.side().cancelled;
    dump["lesson"] = {{"shown", state.view.lesson}, {"language", state.view.language}};
    const Presentation& p = state.present;
    const char* blank[] = {"none", "black", "white"};
    dump["present"] = {{"on", p.on},
                       {"full", p.full},
                       {"point", p.point},
                       {"points", p.points},
                       {"page", p.page},
                       {"pages", p.pages},
                       {"language", state.view.language},
                       {"spotlight", p.spotlight},
                       {"blank", blank[static_cast<int>(p.blank)]},
                       {"size", state.view.present_size},
                       {"note", p.note}};
    dump["played"] = played(state, act);
    dump["exhibit_page"] = exhibit_page(state, act);
    dump["tour"] = {{"step", state.tour.step ? static_cast<int>(*state.tour.step) + 1 : 0},
                    {"on_screen", act.tour().on_screen()},
                    {"seen", state.view.tour_seen},
                    {"first_scene", act.tour().shows_band()}};
    dump["slow"] = {{"on", state.slow.on()},
                    {"playing", state.slow.playing},
                    {"at", state.slow.at},
                    {"count", state.slow.on() ? state.slow.story->count() : 0}};
    const Exhibit& e = state.document.exhibit();
    for (std::size_t i = 0; i < e.lesson.points.size() && i < state.document.side().lesson.size(); ++i)
        dump["lesson"]["verdicts"].push_back(verdict(e.lesson.points[i], state.document.side().lesson[i]));
    dump["compare"] = {{"on", state.document.comparing},
                       {"focus", state.document.focus},
                       {"linked", state.document.linked},
                       {"narrow", state.narrow}};
    if (state.document.comparing) {
        dump["compare"]["params"] = {to_json(state.document.sides[0].request.params),
                                     to_json(state.document.sides[1].request.params)};
        dump["compare"]["stale"] = {state.document.sides[0].stale(), state.document.sides[1].stale()};
        dump["compare"]["difference"] = state.document.difference ? json(state.document.difference->texts()) : json(nullptr);
    }
    dump["matrix"] = {{"param", state.document.matrix.param},
                      {"cell", {state.document.matrix.row, state.document.matrix.col}},
                      {"typing", state.document.matrix.typing},
                      {"problem", state.document.matrix.problem}};
    dump["commands"] = json::array();
    for (const Command& command : commands())
        dump["commands"].push_back({{"title", command.title},
                                    {"keys", command.chord.key.empty() ? "" : to_string(command.chord)},
                                    {"palette", command.in_palette},
                                    {"available", command.available(state, act)}});
    dump["search"] = {{"open", state.search.open}, {"said", state.search.said}};
    dump["typing"] = state.typing;
    dump["typed_path"] = {{"text", state.document.path.text}, {"wrong", state.document.path.wrong}};
    dump["reading"] = act.files().opening();
    dump["recent"] = json::array();
    for (const Recent& one : state.recent) dump["recent"].push_back(one.path);
    dump["problem"] = state.document.side().problem ? json(state.document.side().problem->line()) : json(nullptr);
    const std::optional<Error> unkept = act.recovery().problem();
    dump["unkept"] = unkept ? json(unkept->line()) : json(nullptr);
    dump["banner"] = state.banner ? json(state.banner->text) : json(nullptr);
    dump["selected"] = {{"tensor", state.document.stage.selected.cell.tensor},
                        {"index", state.document.stage.selected.cell.index}};
    dump["hovered"] = {{"tensor", state.document.stage.hovered.cell.tensor},
                       {"index", state.document.stage.hovered.cell.index}};
    dump["explained"] = json::array();
    for (const CellRef& cell : state.document.stage.explained)
        dump["explained"].push_back({{"tensor", cell.tensor}, {"index", cell.index}});
    dump_hand(state, dump);
    dump["notes"] = json::array();
    dump["texts"] = json::object();
    if (const Trace* trace = state.document.trace()) {
        for (const auto& [name, text] : trace->texts()) dump["texts"][name] = text;
        for (const Note& note : trace->notes()) dump["notes"].push_back(note.text);
    }
    if (state.document.training.run) {
        const char* words[] = {"running", "paused", "finished", "stopped", "failed"};
        dump["training"] = {{"state", words[static_cast<int>(state.document.training.run->state())]},
                            {"points", state.document.training.run->points().size()},
                            {"snapshots", state.document.training.run->snapshot_steps().size()},
                            {"shown", state.document.training.shown_snapshot}};
    }
    return dump;
}

}  // namespace saccade
