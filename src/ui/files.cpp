#include "ui/files.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error_line.hpp"
#include "base/path_text.hpp"
#include "base/reading_progress.hpp"
#include "base/translate.hpp"
#include "io/file_lock.hpp"
#include "io/npz.hpp"
#include "run/named_files.hpp"
#include "run/session.hpp"
#include "ui/controller.hpp"
#include "ui/pasted_pictures.hpp"
#include "ui/path_to_save.hpp"
#include "ui/picture_clipboard.hpp"
#include "ui/saved_view.hpp"

namespace saccade {

namespace {

constexpr const char* own_path = "path";  // the parameter of the exhibits of a person's own that names it

}  // namespace

template <class Read>
void Files::start(const std::string& path, Read read) {
    FileComing coming;
    coming.path = path;
    coming.since = std::chrono::steady_clock::now();
    coming.file = std::async(std::launch::async, [read, stop = coming.stop.get_token(), progress = coming.progress] {
        const HearsReading heard([&](double fraction) { *progress = fraction; });
        return read(stop);
    });
    coming_.push_back(std::move(coming));
}

void Files::open(const std::string& written, const std::string& matrix) {
    const std::string path = path_from_text(written);
    start(path, [path, matrix](const std::stop_token& stop) {
        OpenedFile file = open_file(path, stop);
        file.param = matrix;
        return file;
    });
}

void Files::open_matrix(const std::string& written, const std::string& param) {
    const std::string path = path_from_text(written);
    start(path, [path, param](const std::stop_token&) { return open_matrix_file(path, param); });
}

void Files::open_path(const std::string& param, const std::string& written) {
    RunRequest request = state_.document.side().request;
    request.params.set(param, written);
    const Exhibit& e = state_.document.exhibit();
    // What was chosen of another file's arrays and positions is not there in this one.
    for (const ParamSpec& spec : e.params)
        if (spec.name == e.part_param || !spec.offered_by.empty()) request.params.set(spec.name, spec.fallback);
    stop_reading();  // of what was typed before
    start(written, [request, param](const std::stop_token& stop) { return saccade::open_path(request, param, stop); });
}

void Files::stop_reading() {
    for (FileComing& one : coming_) one.stop.request_stop();
}

bool Files::opening() const {
    return !coming_.empty();
}

bool Files::reading() const {
    return !std::all_of(coming_.begin(), coming_.end(), [](const FileComing& one) { return is_ready(one.file); });
}

/// In the order in which they were opened, one at a time: what asks is answered first.
void Files::poll() {
    while (!coming_.empty() && !state_.asking.open && is_ready(coming_.front().file)) {
        const bool stopped = coming_.front().stop.stop_requested();
        OpenedFile file = coming_.front().file.get();
        coming_.pop_front();
        if (!stopped) take(std::move(file));
    }
}

/// What was opened or agreed to before, or is in use, is not asked about again.
void Files::take(OpenedFile file) {
    for (const Side& side : state_.document.sides) {
        if (side.request.exhibit.empty()) continue;
        for (const std::string& used : named_files(side.request)) agreed_.insert(used);
    }
    std::erase_if(file.elsewhere, [&](const std::string& named) { return agreed_.count(named) != 0; });
    if (file.problem || file.elsewhere.empty()) return use(file);
    state_.asking = {true, file.path, file.elsewhere};
    asked_about_ = std::move(file);
}

void Files::answer(FilesAnswer answer) {
    state_.asking = {};
    if (!asked_about_) return;
    OpenedFile file = std::move(*asked_about_);
    asked_about_.reset();
    if (answer == FilesAnswer::cancel) return;
    if (answer == FilesAnswer::read) agreed_.insert(file.elsewhere.begin(), file.elsewhere.end());
    if (answer == FilesAnswer::leave_out) {
        file.request = without_files(std::move(file.request));
        if (file.compared) file.compared = without_files(std::move(*file.compared));
        if (file.lesson)
            for (LessonScene& scene : file.lesson->scenes) {
                scene.request = without_files(std::move(scene.request));
                if (scene.compared) scene.compared = without_files(std::move(*scene.compared));
            }
    }
    use(file);
}

void Files::use(const OpenedFile& file) {
    using Kind = OpenedFile::Kind;
    try {
        if (file.problem && file.kind == Kind::array) return use_array(file);
        if (file.kind == Kind::path) return use_path(file);
        if (file.problem) {
            if (!std::filesystem::exists(split_array_name(file.path).file)) forget_recent(state_.recent, file.path);
            throw *file.problem;
        }
        if (file.kind != Kind::run) agreed_.insert(file.path);
        switch (file.kind) {
            case Kind::picture:
                return act_.pictures().open(file.path);
            case Kind::training:
                return act_.training().start(file.path);
            case Kind::weights:
                act_.inputs().set_weights(file.path);
                return act_.messages().tell(tr("Weights: {}", file.path));
            case Kind::array:
                return use_array(file);
            case Kind::model:
                note_opened(file.request);
                // What a person wrote is read by the next model, too.
                if (state_.document.side().request.exhibit == file.request.exhibit && !state_.document.comparing)
                    put_path(file.request, own_path);
                else
                    act_.open_request(file.request, std::nullopt);
                return act_.messages().tell(tr(exhibit(file.request.exhibit).title) + ": " + file.path);
            case Kind::capture:
                note_opened(file.request);
                act_.open_request(file.request, std::nullopt);
                return act_.messages().tell(tr(exhibit(file.request.exhibit).title) + ": " + file.path);
            case Kind::run:
                return use_run(file);
            case Kind::lesson:
                act_.lesson().open(*file.lesson);
                return act_.messages().tell(tr("Lesson: {} (F5 plays it)", file.path));
            case Kind::path:
                break;
        }
    } catch (...) {
        act_.messages().complain(current_error());
    }
}

void Files::use_array(const OpenedFile& file) {
    MatrixCursor& cursor = state_.document.matrix;
    const std::string& asked = file.param.empty() ? cursor.param : file.param;
    const ParamSpec* into = nullptr;
    for (const ParamSpec& spec : state_.document.exhibit().params)
        if (spec.type == ParamType::matrix && (into == nullptr || spec.name == asked)) into = &spec;
    // What is no matrix, or where there is none to read it into, is shown by itself.
    if (file.readable && file.param.empty() && (into == nullptr || file.problem))
        return open_with("capture", file.path, tr("Capture"));
    if (into == nullptr && file.problem) throw *file.problem;
    if (into == nullptr)
        throw Error(ErrorCode::unsupported, file.path + ": this exhibit has no matrix to read it into", "choose one that has");
    if (file.problem) {
        cursor.problem = shown_line(*file.problem);
        cursor.problem_param = into->name;
        return;
    }
    act_.history().pause();
    act_.inputs().set_param(into->name, file.array);
    cursor.problem.clear();
    act_.messages().tell(tr(into->title) + ": " + file.path);
}

/// A model or capture of a person's own is found again.
void Files::note_opened(const RunRequest& request) {
    const std::string& path = request.params.text(own_path);
    if (!path.empty()) note_recent(state_.recent, {request.exhibit, path});
}

/// One edit. What was typed is gone if another exhibit is open by now, or the field says something else.
void Files::use_path(const OpenedFile& file) {
    Document& document = state_.document;
    if (document.side().request.exhibit != file.request.exhibit || document.path.param != file.param ||
        document.path.text != file.request.params.text(file.param))
        return;
    if (file.problem) {
        document.path.wrong = true;
        throw *file.problem;
    }
    document.path = {};
    if (file.param == own_path) note_opened(file.request);
    put_path(file.request, file.param);
    act_.messages().dismiss_error();
}

/// Into the exhibit that is open, one edit; what hangs on the file that was there is as at first.
void Files::put_path(const RunRequest& request, const std::string& param) {
    act_.inputs().press(param, request.params.values().at(param));
    const Exhibit& e = state_.document.exhibit();
    const Params& now = state_.document.side().request.params;
    for (const ParamSpec& spec : e.params) {
        if (spec.name == e.part_param || !spec.offered_by.empty())
            act_.inputs().set_everywhere(spec.name, spec.fallback, false);
        // What else the file asks for gives way to what a person wrote.
        const bool untouched = spec.type == ParamType::text &&
                               (!now.has(spec.name) || now.text(spec.name) == std::get<std::string>(spec.fallback));
        if (spec.name != param && request.params.has(spec.name) && untouched)
            act_.inputs().set_everywhere(spec.name, request.params.values().at(spec.name), false);
    }
}

void Files::open_with(const std::string& exhibit, const std::string& path, const std::string& what) {
    agreed_.insert(path);
    RunRequest request;
    request.exhibit = exhibit;
    request.params.set(own_path, text_of_path(path));
    note_opened(request);
    act_.open_request(request, std::nullopt);
    act_.messages().tell(what + ": " + path);
}

void Files::use_run(const OpenedFile& file) {
    if (!file.view) {
        act_.open_request(file.request, file.compared);
        act_.stage().look_at(file.figure.selected, file.figure.step);
        state_.view.scale = file.figure.scale;
        state_.document.options = file.figure.options;
        return act_.messages().tell(tr("Opened with its settings: {}", file.path));
    }
    show_session(file.request, file.compared, *file.view, *file.session);
    state_.document.file = {file.path, file.stamp};
    state_.document.file_lock.reset();
    state_.document.file_lock = lock_on(file.path, msg("work on, but save it here under another name"));
    act_.messages().tell(tr("Opened {}", file.path));
}

/// The right to save that session, which documents that are open here may share. Error if another window has it. Where no lock
/// can be made nobody is kept out: what another has written meanwhile is then asked about.
std::shared_ptr<FileLock> Files::lock_on(const std::string& path, const std::string& hint) {
    std::error_code missing;
    std::weak_ptr<FileLock>& known = locks_[std::filesystem::weakly_canonical(path, missing).string()];
    if (auto held = known.lock()) return held;
    bool busy = false;
    std::shared_ptr<FileLock> lock = FileLock::if_free(path, busy);
    known = lock;
    if (busy) throw Error(ErrorCode::io, path + ": is open in another window of Saccade", hint);
    return lock;
}

void Files::show_session(const RunRequest& request, const std::optional<RunRequest>& compared, const SavedView& view,
                         const nlohmann::json& document) {
    act_.open_request(request, compared);
    state_.view = with_looks_of(view.settings, state_.view);
    state_.document.options = view.options;
    Focus selected;
    selected.cell = view.selected;
    act_.stage().look_at(selected, view.step);
    act_.stage().enlarge(view.enlarged);
    nlohmann::json own = document;
    for (const char* key : {"others", "training"}) own.erase(key);  // of a recovery file: not this document's own
    state_.document.session = std::make_shared<const nlohmann::json>(std::move(own));
}

/// The exhibit that was open last comes last. What cannot be shown, of an exhibit that is not here, say, keeps no other from
/// it.
void Files::restore_left() {
    Recovery& recovery = act_.recovery();
    if (!recovery.left()) return;
    std::string not_kept;
    std::optional<Error> problem;
    const auto show = [&](const Session& session) {
        const Exhibit& e = exhibit(session.request.exhibit);
        show_session(session.request, session.compared, saved_view_from_json(session.view), session.document);
        if (!session.document.value("training", false)) return;
        const std::string training = recovery.left_training(e.id);
        training.empty() ? (void)(not_kept += (not_kept.empty() ? "" : ", ") + e.title) : act_.training().start(training);
    };
    try {
        const Session open_last = load_session(recovery.left()->path());
        exhibit(open_last.request.exhibit);
        for (const nlohmann::json& other : open_last.document.value("others", nlohmann::json::array())) {
            try {
                show(session_from_json(other));
            } catch (...) {
                problem = current_error();
            }
        }
        show(open_last);
    } catch (...) {
        return recovery.left_failed(current_error());
    }
    if (problem) {
        const std::string kept = recovery.left_is_open_in_part();
        return act_.messages().complain(
            Error(problem->code(), "what was open is back but for a part, which stays in " + kept + ": " + problem->message(),
                  problem->hint()));
    }
    recovery.left_is_open();
    act_.messages().tell(not_kept.empty()
                             ? tr("What was open is back")
                             : tr("What was open is back; there is no checkpoint yet of the training in {}", not_kept));
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
    // A picture itself, perhaps, or one that Saccade wrote.
    start(tr("the clipboard"), [](const std::stop_token& stop) {
        try {
            return open_file(pasted_picture(stop), stop);
        } catch (...) {
            OpenedFile none;
            none.problem = current_error();
            return none;
        }
    });
}

void Files::save_session_to(const std::string& path) {
    auto lock = lock_on(path, msg("nothing was written; choose another name, or close it there"));
    save_session(path, session_of(state_.document, state_.view));
    for (const Side& side : state_.document.sides) note_saved(side.request);
    state_.document.file_lock = std::move(lock);
    state_.document.file = {path, stamp_of(path)};
    act_.messages().tell(tr("Saved {}", path));
}

namespace {

bool is_saving(PathPrompt::Kind kind) {
    using Kind = PathPrompt::Kind;
    return kind == Kind::save_session || kind == Kind::save_model || kind == Kind::save_checkpoint ||
           kind == Kind::save_picture || kind == Kind::save_lesson;
}

}  // namespace

/// Its path as it is read. Errors are what the prompt then says.
void Files::open_from_prompt(const PathPrompt& prompt) {
    if (prompt.path.empty()) throw Error(ErrorCode::invalid_input, "no file named", "type a path");
    switch (prompt.kind) {
        case PathPrompt::Kind::open:
            if (!std::filesystem::exists(split_array_name(prompt.path).file))
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
        case PathPrompt::Kind::save_lesson:
            return act_.editor().save_to(prompt.path);
        case PathPrompt::Kind::none:
            break;
    }
}

void Files::answer_prompt() {
    PathPrompt prompt = state_.prompt;  // another document may be opened, and the prompt closed
    try {
        prompt.path = is_saving(prompt.kind) ? path_to_save(prompt.path, state_.prompt.may_replace,
                                                            prompt.kind == PathPrompt::Kind::save_session ? state_.document.file
                                                            : prompt.kind == PathPrompt::Kind::save_lesson ? state_.lesson.saved
                                                                                                           : KnownFile{})
                                             : path_from_text(prompt.path);
        open_from_prompt(prompt);
        state_.prompt = {};
    } catch (...) {
        state_.prompt.problem = shown_line(current_error());
        state_.prompt.refused = true;
    }
}

void Files::close_prompt() {
    if (state_.prompt.kind != PathPrompt::Kind::open) state_.prompt = {};
    state_.prompt.matrix.clear();
}

}  // namespace saccade
