#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "io/safetensors.hpp"
#include "io/session.hpp"
#include "ui/controller.hpp"
#include "viz/export.hpp"

namespace saccade {

using nlohmann::json;

nlohmann::json to_json(const StageState& stage) {
    json shares = json::object();
    for (const auto& [card, share] : stage.shares) shares[card] = share;
    return {{"theme", stage.theme},
            {"ui_scale", stage.ui_scale},
            {"step", stage.step},
            {"scale", to_string(stage.scale)},
            {"selected", {{"tensor", stage.selected.cell.tensor}, {"index", stage.selected.cell.index}}},
            {"shares", shares}};
}

StageState stage_from_json(const nlohmann::json& document) {
    StageState stage;
    try {
        stage.theme = document.value("theme", stage.theme);
        theme(stage.theme);
        stage.ui_scale = std::clamp(document.value("ui_scale", stage.ui_scale), 0.7, 3.0);
        stage.step = document.value("step", stage.step);
        stage.scale = scale_from(document.value("scale", std::string("linear")));
        if (document.contains("selected")) {
            stage.selected.cell.tensor = document["selected"].value("tensor", std::string());
            stage.selected.cell.index = document["selected"].value("index", std::vector<Index>{});
        }
        if (document.contains("shares"))
            for (const auto& [card, share] : document["shares"].items())
                stage.shares[card] = std::clamp(share.get<double>(), 0.05, 0.95);
    } catch (const json::exception&) {
        throw Error(ErrorCode::bad_format, "the session's view is damaged", "delete its \"view\" to open the rest");
    }
    return stage;
}

void Controller::open_file(const std::string& path) {
    try {
        const std::string ending = std::filesystem::path(path).extension().string();
        if (ending == ".safetensors" || ending == ".checkpoint") {
            std::map<std::string, std::string> metadata;
            read_safetensors(path, &metadata);
            if (metadata.count("training") != 0) return start_training(path);
            remember("");
            state_.request.weights_path = path;
            state_.request.model = nullptr;
            submit();
            return tell("Weights: " + path);
        }
        if (ending == ".png" || ending == ".svg" || ending == ".pdf") {
            const FigureOrigin origin = read_origin(path);
            state_.undo.push_back(current());
            state_.reload_fields = true;
            state_.request = origin.request;
            state_.stage.selected = origin.view.selected;
            state_.stage.step = origin.view.step;
            state_.explained.clear();
            if (!origin.view.selected.empty()) state_.explained.push_back(origin.view.selected.cell);
            submit();
            return tell("Live again: " + path);
        }
        const Session session = load_session(path);
        exhibit(session.request.exhibit);
        state_.stage = stage_from_json(session.view);
        state_.explained.clear();
        if (!state_.stage.selected.empty()) state_.explained.push_back(state_.stage.selected.cell);
        state_.undo.push_back(current());
        state_.reload_fields = true;
        state_.request = session.request;
        state_.session_document = session.document;
        submit();
        tell("Opened " + path);
    } catch (const Error& error) {
        complain(error);
    } catch (const std::exception& error) {
        complain(Error(ErrorCode::io, path + ": " + error.what(), "choose another file"));
    }
}

void Controller::save_session_to(const std::string& path) {
    Session session;
    session.request = state_.request;
    session.view = to_json(state_.stage);
    session.document = state_.session_document;
    save_session(path, session);
    tell("Saved " + path);
}

void Controller::export_now() {
    ExportDialog& dialog = state_.exporting;
    try {
        if (state_.trace() == nullptr || state_.stale())
            throw Error(ErrorCode::invalid_input, "there is no finished picture to export",
                        "wait for the run, or mend the input");
        ViewState view;
        view.view = dialog.view;
        view.theme = dialog.theme;
        view.selected = state_.stage.selected;
        view.step = state_.stage.step;
        view.step_axis = exhibit(state_.request.exhibit).step_axis;
        view.scale = state_.stage.scale;
        ExportOptions options;
        options.dpi = static_cast<double>(dialog.dpi);
        export_figure(dialog.path, *state_.trace(), {state_.shown.request, view}, options);
        dialog.failed = false;
        dialog.result = "Written: " + std::filesystem::absolute(dialog.path).string();
    } catch (const std::exception& error) {
        dialog.failed = true;
        const auto* known = dynamic_cast<const Error*>(&error);
        dialog.result = known != nullptr ? known->line() : dialog.path + ": " + error.what();
    }
}

void Controller::answer_prompt() {
    PathPrompt& prompt = state_.prompt;
    try {
        if (prompt.path.empty()) throw Error(ErrorCode::invalid_input, "no file named", "type a path");
        switch (prompt.kind) {
            case PathPrompt::Kind::open:
                if (!std::filesystem::exists(prompt.path))
                    throw Error(ErrorCode::not_found, prompt.path + ": no such file", "check the path");
                open_file(prompt.path);
                break;
            case PathPrompt::Kind::save_session:
                save_session_to(prompt.path);
                break;
            case PathPrompt::Kind::save_model:
                if (state_.training) state_.training->save_model(prompt.path);
                tell("Model saved: " + prompt.path);
                break;
            case PathPrompt::Kind::save_checkpoint:
                if (state_.training) state_.training->save_checkpoint(prompt.path);
                tell("Checkpoint saved: " + prompt.path);
                break;
            case PathPrompt::Kind::load_checkpoint:
                start_training(prompt.path);
                break;
            case PathPrompt::Kind::none:
                break;
        }
        prompt = {};
    } catch (const std::exception& error) {
        const auto* known = dynamic_cast<const Error*>(&error);
        prompt.problem = known != nullptr ? known->line() : error.what();
    }
}

// --- live training ---

void Controller::start_training(const std::string& resume_from) {
    const std::string task = exhibit(state_.request.exhibit).training_task;
    if (task.empty()) return tell("This exhibit has no model to train");
    try {
        state_.training.reset();
        state_.training = std::make_unique<Training>(task, TrainOptions{}, resume_from);
        state_.snapshot_step = -1;
        state_.shown_snapshot = -1;
        state_.curves = nullptr;
        state_.curve_points = 0;
    } catch (const Error& error) {
        complain(error);
    }
}

void Controller::close_training() {
    state_.training.reset();
    state_.request.model = nullptr;
    submit();
}

/// New curves, and the newest snapshot as the model of the current sentence, unless the person holds an older one.
void Controller::poll_training() {
    if (!state_.training) return;
    const std::vector<TrainPoint> points = state_.training->points();
    if (points.size() != state_.curve_points || !state_.curves) {
        state_.curve_points = points.size();
        state_.curves = curves_of(points);
    }
    const std::vector<Index> steps = state_.training->snapshot_steps();
    if (steps.empty()) return;
    const Index wanted = state_.snapshot_step < 0 ? steps.back() : state_.snapshot_step;
    const bool waiting = state_.stale() && !state_.problem;
    if (wanted == state_.shown_snapshot || waiting) return;  // one run at a time: the newest is taken when the last is drawn
    state_.shown_snapshot = wanted;
    state_.request.model = state_.training->snapshot(wanted);
    submit();
}

void Controller::set_snapshot(Index step) {
    state_.snapshot_step = step;
}

}  // namespace saccade
