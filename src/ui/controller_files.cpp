#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "io/safetensors.hpp"
#include "params/matrix_file.hpp"
#include "run/session.hpp"
#include "ui/controller.hpp"
#include "viz/difference.hpp"
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
            {"options", to_json(stage.options)},
            {"language", stage.language},
            {"lesson", stage.lesson},
            {"enlarged", stage.enlarged},
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
        if (document.contains("options")) stage.options = view_options_from_json(document["options"]);
        stage.language = document.value("language", stage.language) == "zh" ? "zh" : "en";
        stage.lesson = document.value("lesson", stage.lesson);
        stage.enlarged = document.value("enlarged", stage.enlarged);
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

namespace {

bool is_array_file(const std::string& ending) {
    return ending == ".npy" || ending == ".npz" || ending == ".csv" || ending == ".tsv" || ending == ".txt" ||
           ending.rfind(".npz:", 0) == 0;
}

bool is_picture_ending(const std::string& ending) {
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".webp";
}

}  // namespace

/// Into the matrix that asked for it, or has the cursor, or is the first.
void Controller::open_array(const std::string& path) {
    const Exhibit& e = exhibit(state_.side().request.exhibit);
    const std::string asked = !state_.matrix.file_for.empty() ? state_.matrix.file_for : state_.matrix.param;
    state_.matrix.file_for.clear();
    const ParamSpec* into = nullptr;
    for (const ParamSpec& spec : e.params)
        if (spec.type == ParamType::matrix && (into == nullptr || spec.name == asked)) into = &spec;
    if (into == nullptr)
        throw Error(ErrorCode::unsupported, path + ": this exhibit has no matrix to read it into", "choose one that has");
    try {
        Tensor<float> matrix = read_matrix(path);
        state_.coalescing.clear();
        set_param(into->name, std::move(matrix));
        state_.matrix.problem.clear();
        tell(into->title + ": " + path);
    } catch (const Error& error) {
        state_.matrix.problem = error.line();
        state_.matrix.problem_param = into->name;
    }
}

void Controller::open_exported(const std::string& path, const FigureOrigin& origin) {
    std::optional<RunRequest> compared;
    if (!origin.compared.empty()) compared = request_from_text(origin.compared);
    open_request(request_from_text(origin.request), compared);
    state_.stage.selected = origin.view.selected;
    state_.stage.step = origin.view.step;
    state_.stage.scale = origin.view.scale;
    state_.stage.options = origin.view.options;
    state_.explained.clear();
    if (!origin.view.selected.empty()) state_.explained.push_back(origin.view.selected.cell);
    tell("Live again: " + path);
}

/// A picture that Saccade exported is a run again, any other one the exhibit's picture. False: it is none, in name or content.
bool Controller::open_picture_file(const std::string& path) {
    std::string ending = std::filesystem::path(path).extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_picture_ending(ending) && !is_image_file(path)) return false;
    std::optional<FigureOrigin> origin;
    try {
        origin = read_origin(path);
        request_from_text(origin->request);
    } catch (const Error&) {
        open_picture(path);  // says what is wrong with it, if something is
        return true;
    }
    open_exported(path, *origin);
    return true;
}

void Controller::open_file(const std::string& path) {
    try {
        const std::string ending = std::filesystem::path(path).extension().string();
        if (ending == ".safetensors" || ending == ".checkpoint") {
            std::map<std::string, std::string> metadata;
            read_safetensors(path, &metadata);
            if (metadata.count("training") != 0) return start_training(path);
            remember("");
            state_.side().request.weights_path = path;
            state_.side().request.model = nullptr;
            submit();
            return tell("Weights: " + path);
        }
        if (is_array_file(ending)) return open_array(path);
        if (ending == ".svg" || ending == ".pdf") return open_exported(path, read_origin(path));
        if (open_picture_file(path)) return;
        const Session session = load_session(path);
        exhibit(session.request.exhibit);
        const StageState stage = stage_from_json(session.view);
        open_request(session.request, session.compared);
        state_.stage = stage;
        state_.explained.clear();
        if (!state_.stage.selected.empty()) state_.explained.push_back(state_.stage.selected.cell);
        state_.session_document = session.document;
        tell("Opened " + path);
    } catch (const Error& error) {
        complain(error);
    } catch (const std::exception& error) {
        complain(Error(ErrorCode::io, path + ": " + error.what(), "choose another file"));
    }
}

void Controller::save_session_to(const std::string& path) {
    Session session;
    session.request = state_.sides[0].request;
    if (state_.comparing) session.compared = state_.sides[1].request;
    session.view = to_json(state_.stage);
    session.document = state_.session_document;
    save_session(path, session);
    tell("Saved " + path);
}

void Controller::export_now() {
    ExportDialog& dialog = state_.exporting;
    try {
        const bool difference = state_.comparing && dialog.what == 2;
        const Side& side = state_.comparing ? state_.sides[dialog.what % 2] : state_.side();
        const bool unfinished = difference ? state_.sides[0].stale() || state_.sides[1].stale() || !state_.difference
                                           : side.stale() || side.trace() == nullptr;
        if (unfinished)
            throw Error(ErrorCode::invalid_input, "there is no finished picture to export",
                        "wait for the run, or mend the input");
        ViewState view;
        view.view = dialog.view;
        for (const ViewPlacement& placed : placements(exhibit(side.request.exhibit), side.shown.request.params))
            if (placed.view == view.view && view.tensor.empty()) view.tensor = placed.tensor;
        view.theme = dialog.theme;
        view.selected = state_.stage.selected;
        view.step = state_.stage.step;
        view.step_axis = exhibit(state_.side().request.exhibit).step_axis;
        view.scale = state_.stage.scale;
        view.options = state_.stage.options;
        ExportOptions options;
        options.dpi = static_cast<double>(dialog.dpi);
        FigureOrigin origin{request_text(side.shown.request), view};
        if (difference) {
            origin.request = request_text(state_.sides[0].shown.request);
            origin.compared = request_text(state_.sides[1].shown.request);
            origin.view = difference_state(view);
        }
        export_figure(dialog.path, difference ? *state_.difference : *side.trace(), origin, options);
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
                if (!std::filesystem::exists(prompt.path.substr(0, prompt.path.rfind(".npz:") == std::string::npos
                                                                       ? std::string::npos
                                                                       : prompt.path.rfind(".npz:") + 4)))
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
            case PathPrompt::Kind::open_picture: {
                const std::string path = pasted_path(prompt.path);
                if (path.empty() || (path.front() == '/' && !std::filesystem::exists(path)))
                    throw Error(ErrorCode::not_found, prompt.path + ": no such file", "check the path");
                open_picture(path);
                break;
            }
            case PathPrompt::Kind::save_picture:
                save_scene_to(prompt.path);
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
    const Exhibit& e = exhibit(state_.side().request.exhibit);
    if (e.training_task.empty()) return tell("This exhibit has no model to train");
    try {
        const std::string task = e.training_task == "*" ? model_of(e, state_.side().request.params) : e.training_task;
        state_.training_side = state_.focus;
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
    for (std::size_t i = 0; i < 2; ++i) {
        if (!state_.sides[i].request.model) continue;
        state_.sides[i].request.model = nullptr;
        if (i == 0 || state_.comparing) submit(i);
    }
}

/// New curves, and the newest snapshot as the model of the current sentence, unless the person holds an older one.
void Controller::poll_training() {
    if (!state_.training) return;
    const std::vector<TrainPoint> points = state_.training->points();
    if (points.size() != state_.curve_points || !state_.curves) {
        state_.curve_points = points.size();
        state_.curves = curves_of(points, state_.training->headline());
    }
    const std::vector<Index> steps = state_.training->snapshot_steps();
    if (steps.empty()) return;
    const Index wanted = state_.snapshot_step < 0 ? steps.back() : state_.snapshot_step;
    Side& side = state_.sides[state_.comparing ? state_.training_side : 0];
    if (wanted == state_.shown_snapshot || side.running)
        return;  // one run at a time: the newest is taken when the last is drawn
    state_.shown_snapshot = wanted;
    side.request.model = state_.training->snapshot(wanted);
    submit(state_.comparing ? state_.training_side : 0);
}

void Controller::set_snapshot(Index step) {
    state_.snapshot_step = step;
}

}  // namespace saccade
