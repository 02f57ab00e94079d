#include "ui/lesson_play.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error_line.hpp"
#include "model/model_store.hpp"
#include "run/guess.hpp"
#include "ui/controller.hpp"
#include "ui/saved_view.hpp"

namespace saccade {

namespace {

bool same(const RunRequest& a, const RunRequest& b) {
    return a.exhibit == b.exhibit && a.params == b.params && a.seed == b.seed && a.interventions == b.interventions &&
           a.weights_path == b.weights_path;
}

/// What was guessed and whether it was answered; the rest belongs to a run.
GuessState guess_left(const GuessState& guess) {
    GuessState left;
    left.guess = guess.guess;
    left.at = guess.at;
    left.revealed = guess.revealed;
    return left;
}

bool whole(const Side& side) {
    return side.trace() != nullptr && !side.stale() && !side.partial() && !side.problem;
}

}  // namespace

const std::vector<OfferedLesson>& LessonPlay::offered() {
    if (!state_.offered_lessons) state_.offered_lessons = offered_lessons();
    return *state_.offered_lessons;
}

void LessonPlay::open(LessonFile lesson) {
    if (state_.lesson.unsaved())
        throw Error(ErrorCode::invalid_input, "the lesson that is open is not saved", "save it or close it first");
    const bool own = !lesson.path.starts_with(assets_folder());  // those that come with the program are not written over
    state_.lesson = {};
    if (own) state_.lesson.saved = {lesson.path, stamp_of(lesson.path)};
    state_.lesson.editing.saved = lesson.document;
    state_.lesson.file = std::make_shared<const LessonFile>(std::move(lesson));
    state_.view.lesson = state_.inspector_drawer = true;
    state_.present.page = 0;
    show(0);
}

void LessonPlay::close() {
    if (state_.lesson.unsaved() && !std::exchange(state_.lesson.closing, true)) return;
    state_.lesson = {};
}

void LessonPlay::show(std::size_t at) {
    LessonState& lesson = state_.lesson;
    if (!lesson.file) return;
    lesson.guesses[lesson.scene] = std::move(lesson.guess);
    lesson.scene = state_.present.point = std::min(at, lesson.file->scenes.size() - 1);
    lesson.judged = {};
    lesson.findings.clear();
    lesson.guess = guess_left(lesson.guesses[lesson.scene]);
    lesson.problem.clear();
    const LessonScene& scene = *lesson.current();
    act_.open_request(scene.request, scene.compared);
    Document& document = state_.document;
    const SavedView view = saved_view_from_json(scene.view);
    const ViewSettings before = state_.view;
    state_.view = with_looks_of(view.settings, before);
    state_.view.lesson = before.lesson;
    if (view.settings.shares.empty()) state_.view.shares = before.shares;
    document.options = view.options;
    document.stage = {};
    if (!view.selected.empty() || view.step >= 0) act_.stage().look_at({view.selected, {}}, view.step);
    act_.stage().enlarge(view.enlarged);
    lesson.to_look = true;
    lesson.shown = {document.sides[0].request, document.sides[1].request};
    lesson.comparing = document.comparing;
}

void LessonPlay::make_it_so() {
    show(state_.lesson.scene);
}

bool LessonPlay::on_stage() const {
    const LessonScene* scene = state_.lesson.current();
    return scene != nullptr && scene->request.exhibit == state_.document.sides[0].request.exhibit;
}

bool LessonPlay::changed() const {
    const LessonState& lesson = state_.lesson;
    const Document& document = state_.document;
    if (!lesson.file) return false;
    return document.comparing != lesson.comparing || !same(document.sides[0].request, lesson.shown[0]) ||
           (document.comparing && !same(document.sides[1].request, lesson.shown[1]));
}

bool LessonPlay::poll() {
    LessonState& lesson = state_.lesson;
    Document& document = state_.document;
    if (!on_stage() || !whole(document.sides[0]) || (document.comparing && !whole(document.sides[1]))) return false;
    if (lesson.to_look) look();
    const std::array<TracePtr, 2> now{document.sides[0].shown.trace,
                                      document.comparing ? document.sides[1].shown.trace : nullptr};
    if (now == lesson.judged || document.sides[0].frames_to_check > 0) return false;
    lesson.judged = now;
    lesson.findings = check_scene(*lesson.current(), *now[0], now[1].get());
    ask();
    return true;
}

/// At the scene's cell, or where the exhibit opens.
void LessonPlay::look() {
    LessonState& lesson = state_.lesson;
    lesson.to_look = false;
    const LessonScene& scene = *lesson.current();
    const Trace& trace = *state_.document.sides[0].trace();
    try {
        check_state(scene, trace);
        const Index step = state_.document.stage.step;
        if (!scene.selected.tensor.empty()) act_.stage().look_at({cell_of(trace, scene.selected), {}}, step);
    } catch (const Error& error) {
        lesson.problem = shown_line(error);
    }
    act_.stage().follow();
}

/// What is asked goes on as it was guessed, if the row has as many places as before.
void LessonPlay::ask() {
    LessonState& lesson = state_.lesson;
    const LessonScene& scene = *lesson.current();
    if (!scene.question) return;
    try {
        lesson.guess.row = asked_row(*lesson.judged[0], *scene.question);
        const auto places =
            static_cast<std::size_t>(lesson.judged[0]->tensor(lesson.guess.row.tensor).info.axes.back()->extent);
        if (lesson.guess.guess.size() != places) lesson.guess.guess = even_guess(places);
        lesson.guess.at = std::min(lesson.guess.at, places - 1);
        show_matrix();
    } catch (const Error& error) {
        lesson.guess.row = {};
        lesson.guess.matrix = nullptr;
        lesson.problem = shown_line(error);
    }
}

void LessonPlay::select(std::size_t at) {
    const LessonScene* scene = state_.lesson.current();
    const Trace* trace = state_.document.sides[0].trace();
    if (!on_stage() || trace == nullptr || at >= state_.lesson.findings.size() || scene->claims[at].of_b) return;
    const CellRef cell = cell_about(scene->claims[at], state_.lesson.findings[at], *trace);
    if (!cell.empty()) act_.select_on(0, cell);
}

bool LessonPlay::asks() const {
    const LessonScene* scene = state_.lesson.current();
    const bool cannot = state_.lesson.judged[0] && state_.lesson.guess.row.empty();  // this run has no such row
    if (state_.lesson.editing.on && !state_.present.on) return false;                // who writes it sees what is asked
    return scene != nullptr && scene->question && on_stage() && !cannot;
}

bool LessonPlay::covered() const {
    return asks() && !state_.lesson.guess.revealed;
}

void LessonPlay::choose_bar(int by) {
    GuessState& guess = state_.lesson.guess;
    const auto last = static_cast<int>(guess.guess.size()) - 1;
    guess.at = static_cast<std::size_t>(std::clamp(static_cast<int>(guess.at) + by, 0, std::max(last, 0)));
}

void LessonPlay::raise_bar(float by) {
    GuessState& guess = state_.lesson.guess;
    if (guess.at < guess.guess.size()) set_bar(guess.at, guess.guess[guess.at] + by);
}

void LessonPlay::set_bar(std::size_t place, float share) {
    if (!covered()) return;
    state_.lesson.guess.at = place;
    set_share(state_.lesson.guess.guess, place, share);
}

bool LessonPlay::reveal() {
    if (state_.lesson.guess.row.empty()) return false;
    state_.lesson.guess.revealed = true;
    show_matrix();
    return true;
}

void LessonPlay::ask_again() {
    GuessState& guess = state_.lesson.guess;
    if (guess.row.empty()) return;
    guess.guess = even_guess(guess.guess.size());
    guess.at = 0;
    guess.revealed = false;
    show_matrix();
}

void LessonPlay::show_matrix() {
    GuessState& guess = state_.lesson.guess;
    guess.matrix = asked_matrix(*state_.lesson.judged[0], guess.row, !guess.revealed);
    guess.answer.clear();
    if (!guess.revealed) return;
    const std::size_t rank = guess.row.index.size();
    const Tensor<float> row = guess.matrix->tensor(guess.row.tensor).values.row(guess.row.index[rank - 2]);
    for (const float share : row.values()) guess.answer.push_back(std::isfinite(share) ? share : 0);  // masked: none
}

}  // namespace saccade
