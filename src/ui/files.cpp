#include "ui/files.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error_line.hpp"
#include "base/path_text.hpp"
#include "io/safetensors.hpp"
#include "params/matrix_file.hpp"
#include "run/session.hpp"
#include "ui/controller.hpp"
#include "ui/saved_view.hpp"
#include "viz/difference.hpp"
#include "viz/export.hpp"
#include "viz/view_options_applicable.hpp"

namespace saccade {

namespace {

bool is_array_file(const std::string& ending) {
    return ending == ".npy" || ending == ".npz" || ending == ".csv" || ending == ".tsv" || ending == ".txt" ||
           ending.rfind(".npz:", 0) == 0;
}

bool is_picture_ending(const std::string& ending) {
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".webp";
}

bool same_place(const std::string& a, const std::string& b) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(a, ignored) == std::filesystem::weakly_canonical(b, ignored);
}

/// Error the first time, if a file is there already: nobody has said that it may go. Asked for again, it may, as long as it is
/// still the same. `own`: was opened or saved here, and may be saved again unless somebody else has changed it since.
void ask_to_replace(const std::string& path, KnownFile& may_replace, const KnownFile& own) {
    const KnownFile there{path, stamp_of(path)};
    if (there.stamp.none() || may_replace == there) return;
    const bool known = !own.path.empty() && same_place(own.path, path);
    if (known && own.stamp == there.stamp) return;
    may_replace = there;
    throw Error(ErrorCode::invalid_input,
                path + (known ? " was changed by another window or program since it was opened here" : " is there already"),
                "once more replaces it; or choose another name");
}

/// What was typed where something is saved, as the path that is then written; asks first, if a file is there. Every prompt and
/// dialog that saves goes through here, so that what is asked about is what is replaced.
std::string path_to_save(const std::string& written, KnownFile& may_replace, const KnownFile& own = {}) {
    std::string path = path_from_text(written);
    if (path.empty()) throw Error(ErrorCode::invalid_input, "no file named", "type a path");
    ask_to_replace(path, may_replace, own);
    return path;
}

/// The file that "weights.npz:name" is in.
std::string file_in(const std::string& path) {
    const std::size_t archive = path.rfind(".npz:");
    return archive == std::string::npos ? path : path.substr(0, archive + 4);
}

}  // namespace

void Files::open_array(const std::string& path, const std::string& matrix) {
    MatrixCursor& cursor = state_.document.matrix;
    const std::string& asked = matrix.empty() ? cursor.param : matrix;
    const ParamSpec* into = nullptr;
    for (const ParamSpec& spec : state_.document.exhibit().params)
        if (spec.type == ParamType::matrix && (into == nullptr || spec.name == asked)) into = &spec;
    if (into == nullptr)
        throw Error(ErrorCode::unsupported, path + ": this exhibit has no matrix to read it into", "choose one that has");
    try {
        Tensor<float> read = read_matrix(path);
        act_.history().pause();
        act_.inputs().set_param(into->name, std::move(read));
        cursor.problem.clear();
        act_.messages().tell(into->title + ": " + path);
    } catch (const Error& error) {
        cursor.problem = shown_line(error);
        cursor.problem_param = into->name;
    }
}

void Files::open_exported(const std::string& path, const FigureOrigin& origin) {
    std::optional<RunRequest> compared;
    if (!origin.compared.empty()) compared = request_from_text(origin.compared);
    act_.open_request(request_from_text(origin.request), compared);
    act_.stage().look_at(origin.view.selected, origin.view.step);
    state_.view.scale = origin.view.scale;
    state_.document.options = origin.view.options;
    act_.messages().tell("Opened with its settings: " + path);
}

/// A picture that Saccade exported is a run again, any other one the exhibit's picture. False: it is none, in name or content.
bool Files::open_picture_file(const std::string& path) {
    std::string ending = std::filesystem::path(path).extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_picture_ending(ending) && !is_image_file(path)) return false;
    std::optional<FigureOrigin> origin;
    try {
        origin = read_origin(path);
        request_from_text(origin->request);
    } catch (const Error&) {
        act_.pictures().open(path);  // says what is wrong with it, if something is
        return true;
    }
    open_exported(path, *origin);
    return true;
}

void Files::open_weights(const std::string& path) {
    std::map<std::string, std::string> metadata;
    read_safetensors(path, &metadata);
    if (metadata.count("training") != 0) return act_.training().start(path);
    act_.inputs().set_weights(path);
    act_.messages().tell("Weights: " + path);
}

void Files::open_session(const std::string& path) {
    const KnownFile file{path, stamp_of(path)};
    show_session(load_session(path));
    state_.document.file = file;
    act_.messages().tell("Opened " + path);
}

void Files::show_session(const Session& session) {
    exhibit(session.request.exhibit);
    const SavedView view = saved_view_from_json(session.view);
    act_.open_request(session.request, session.compared);
    state_.view = with_looks_of(view.settings, state_.view);
    state_.document.options = view.options;
    Focus selected;
    selected.cell = view.selected;
    act_.stage().look_at(selected, view.step);
    act_.stage().enlarge(view.enlarged);
    nlohmann::json document = session.document;
    for (const char* key : {"others", "training"}) document.erase(key);  // of a recovery file: not this document's own
    state_.document.session = std::make_shared<const nlohmann::json>(std::move(document));
}

void Files::restore_left() {
    Recovery& recovery = act_.recovery();
    if (!recovery.left()) return;
    const std::string training = recovery.left()->training_path();
    const auto show = [&](const Session& session) {
        show_session(session);
        if (session.document.value("training", false) && std::filesystem::exists(training)) act_.training().start(training);
    };
    try {
        const Session open_last = load_session(recovery.left()->path());
        for (const nlohmann::json& other : open_last.document.value("others", nlohmann::json::array()))
            show(session_from_json(other));
        act_.messages().tell("What was open is back");
        show(open_last);
        recovery.left_is_open();
    } catch (const Error& error) {
        act_.messages().complain(error);
    } catch (const std::exception& error) {
        act_.messages().complain(Error(ErrorCode::io, recovery.left()->path() + ": " + error.what(), "discard it"));
    }
}

void Files::open(const std::string& written, const std::string& matrix) {
    const std::string path = path_from_text(written);
    try {
        const std::string ending = std::filesystem::path(path).extension().string();
        if (ending == ".safetensors" || ending == ".checkpoint") return open_weights(path);
        if (is_array_file(ending)) return open_array(path, matrix);
        if (ending == ".svg" || ending == ".pdf") return open_exported(path, read_origin(path));
        if (!open_picture_file(path)) open_session(path);
    } catch (...) {
        act_.messages().complain(current_error());
    }
}

void Files::paste(const std::string& text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string path = pasted_path(text.substr(at, end - at));
        at = end + 1;
        if (path.empty()) continue;
        return is_picture_path(path) ? open(path) : act_.pictures().open(path);
    }
    act_.messages().tell("The clipboard holds no path of a file");
}

void Files::save_session_to(const std::string& path) {
    save_session(path, session_of(state_.document, state_.view));
    state_.document.file = {path, stamp_of(path)};
    act_.messages().tell("Saved " + path);
}

void Files::export_now() {
    ExportDialog& dialog = state_.exporting;
    try {
        const Document& document = state_.document;
        const bool difference = document.comparing && dialog.what == 2;
        const Side& side = document.comparing ? document.sides[dialog.what % 2] : document.side();
        const bool unfinished = difference ? document.sides[0].stale() || document.sides[1].stale() || !document.difference
                                           : side.stale() || side.trace() == nullptr;
        if (unfinished)
            throw Error(ErrorCode::invalid_input, "there is no finished picture to export",
                        "wait for the run, or correct the input");
        const std::string path = path_to_save(dialog.path, dialog.may_replace);
        ViewState view;
        view.view = dialog.view;
        for (const ViewPlacement& placed : placements(exhibit(side.request.exhibit), side.shown.request.params))
            if (placed.view == view.view && view.tensor.empty()) view.tensor = placed.tensor;
        view.theme = dialog.theme;
        view.selected = document.stage.selected;
        view.marks = dialog.marks;
        view.step = document.stage.step;
        view.step_axis = document.exhibit().step_axis;
        view.scale = state_.view.scale;
        view.options = applicable(state_.document.options, option_facts(*side.trace(), view.tensor));
        ExportOptions options;
        options.dpi = static_cast<double>(dialog.dpi);
        FigureOrigin origin{request_text(side.shown.request), view};
        if (difference) {
            origin.request = request_text(document.sides[0].shown.request);
            origin.compared = request_text(document.sides[1].shown.request);
            origin.view = difference_state(view, {document.difference_of[0].get(), document.difference_of[1].get()});
        }
        export_figure(path, difference ? *document.difference : *side.trace(), origin, options);
        dialog.may_replace = {path, stamp_of(path)};  // what it wrote itself it may write again
        dialog.failed = false;
        dialog.result = "Written: " + std::filesystem::absolute(path).string();
    } catch (...) {
        dialog.failed = true;
        dialog.result = shown_line(current_error());
    }
}

namespace {

bool is_saving(PathPrompt::Kind kind) {
    using Kind = PathPrompt::Kind;
    return kind == Kind::save_session || kind == Kind::save_model || kind == Kind::save_checkpoint ||
           kind == Kind::save_picture;
}

}  // namespace

/// Its path as it is read. Errors are what the prompt then says.
void Files::open_from_prompt(const PathPrompt& prompt) {
    if (prompt.path.empty()) throw Error(ErrorCode::invalid_input, "no file named", "type a path");
    switch (prompt.kind) {
        case PathPrompt::Kind::open:
            if (!std::filesystem::exists(file_in(prompt.path)))
                throw Error(ErrorCode::not_found, prompt.path + ": no such file", "check the path");
            return open(prompt.path, prompt.matrix);
        case PathPrompt::Kind::save_session:
            return save_session_to(prompt.path);
        case PathPrompt::Kind::save_model:
            return act_.training().save_model(prompt.path);
        case PathPrompt::Kind::save_checkpoint:
            return act_.training().save_checkpoint(prompt.path);
        case PathPrompt::Kind::load_checkpoint:
            return act_.training().start(prompt.path);
        case PathPrompt::Kind::open_picture: {
            const std::string path = pasted_path(prompt.path);
            if (path.empty() || (path.front() == '/' && !std::filesystem::exists(path)))
                throw Error(ErrorCode::not_found, prompt.path + ": no such file", "check the path");
            return act_.pictures().open(path);
        }
        case PathPrompt::Kind::save_picture:
            return act_.scenes().save_to(prompt.path);
        case PathPrompt::Kind::none:
            break;
    }
}

void Files::answer_prompt() {
    PathPrompt prompt = state_.prompt;  // another document may be opened, and the prompt closed
    try {
        prompt.path = is_saving(prompt.kind)
                          ? path_to_save(prompt.path, state_.prompt.may_replace,
                                         prompt.kind == PathPrompt::Kind::save_session ? state_.document.file : KnownFile{})
                          : path_from_text(prompt.path);
        open_from_prompt(prompt);
        state_.prompt = {};
    } catch (...) {
        state_.prompt.problem = shown_line(current_error());
    }
}

void Files::close_prompt() {
    if (state_.prompt.kind != PathPrompt::Kind::open) state_.prompt = {};
    state_.prompt.matrix.clear();
}

}  // namespace saccade
