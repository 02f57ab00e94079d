#include "ui/controller.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/translate.hpp"
#include "run/language.hpp"
#include "ui/ready.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_aside_bytes = std::size_t{64} << 20;  // of results of the exhibits that are not open

}  // namespace

Controller::Controller(AppState& state, Runner& a, Runner& b, std::array<Runner*, 2> untouched)
    : state_(state),
      document_(state.document),
      messages_(state.banner),
      history_(state),
      runs_(document_, {&a, &b}, untouched,
            [this](std::size_t side) {
                hand_.follow(side);
                if (side == document_.focus) stage_.follow();
            }),
      inputs_(document_, history_, runs_),
      stage_(document_, inputs_, state.memo.get()),
      comparison_(document_, history_, runs_, messages_,
                  [this] {
                      document_.reload_fields = true;
                      document_.matrix.typing = false;
                      hand_.end_weight_drag();
                      hand_.end_place_drag();
                      if (!document_.linked) scenes_.deselect();
                      stage_.change_side();
                  }),
      hand_(document_, history_, runs_, stage_, messages_),
      part_(document_, history_, runs_),
      scenes_(document_, history_, inputs_, comparison_, messages_),
      pictures_(document_, history_, inputs_, runs_, scenes_, messages_, [this](const std::string& id) { choose_exhibit(id); }),
      lesson_(state, *this),
      editor_(state, *this),
      tour_(state, *this),
      training_(document_, runs_, messages_),
      desk_(state),
      files_(state, *this),
      recovery_(state) {}

/// What a hand has hold of is let go; runs end, and are asked for again when the exhibit is.
void Controller::put_aside() {
    const std::string id = document_.sides[0].request.exhibit;
    history_.follow_view();
    messages_.dismiss_error();
    runs_.forget();
    pictures_.let_go();
    files_.close_prompt();
    if (!id.empty()) {
        training_.wait();
        hand_.let_go();
        scenes_.release();
        part_.release();
        stage_.let_go();
        history_.pause();
        document_.matrix = {};
        document_.left = ++left_;
        state_.aside.insert_or_assign(id, std::move(document_));
        forget_oldest(state_.aside, most_aside_bytes);
    }
    document_ = {};
}

bool Controller::take_back(const std::string& id) {
    const auto found = state_.aside.find(id);
    if (found == state_.aside.end()) return false;
    document_ = std::move(found->second);
    state_.aside.erase(found);
    document_.reload_fields = true;
    return true;
}

void Controller::choose_exhibit(const std::string& id) {
    RunRequest request;
    request.exhibit = exhibit(id).id;
    request.seed = document_.side().request.seed;
    put_aside();
    if (!take_back(request.exhibit)) return comparison_.set_requests(request, std::nullopt);
    runs_.go_on();
    training_.go_on();
}

void Controller::start_afresh() {
    RunRequest request;
    request.exhibit = document_.exhibit().id;
    request.seed = document_.side().request.seed;
    history_.remember("");
    document_.options = {};
    comparison_.set_requests(request, std::nullopt);
}

void Controller::go_to(const std::string& id) {
    if (id != document_.sides[0].request.exhibit) choose_exhibit(id);
}

void Controller::open_request(const RunRequest& request, const std::optional<RunRequest>& compared) {
    const bool other = request.exhibit != document_.sides[0].request.exhibit;
    if (other) put_aside();
    const bool known = !other || take_back(request.exhibit);
    if (!known) {  // as its exhibit opens: there an undo goes
        document_.sides[0].request.exhibit = request.exhibit;
        document_.sides[0].request.seed = request.seed;
        document_.sides[0].request = Comparison::with_defaults(document_.sides[0].request);
    }
    history_.remember("");
    if (!known) document_.edited = false;
    if (other) document_.session = nullptr;
    comparison_.set_requests(request, compared);
}

bool Controller::poll() {
    messages_.poll(state_.history.last_edit);
    history_.follow_view();
    files_.poll();
    bool shown = runs_.poll();
    shown = lesson_.poll() || shown;
    tour_.poll();
    comparison_.refresh_difference();
    desk_.poll();
    exhibit_pictures_.poll();
    return shown;
}

void Controller::apply(const Edit& edit, std::size_t focus) {
    const Edit before = history_.current();
    document_.reload_fields = true;
    document_.comparing = edit.comparing;
    document_.linked = edit.linked;
    document_.options = edit.options;
    state_.view.scale = edit.scale;
    comparison_.focus_on(edit.comparing ? focus : 0);
    for (std::size_t i = 0; i < 2; ++i) {
        if (i == 1 && !edit.comparing) continue;
        Side& side = document_.sides[i];
        side.request.exhibit = document_.sides[0].request.exhibit;
        side.request.params = edit.sides[i].params;
        side.request.interventions = edit.sides[i].interventions;
        side.request.weights_path = edit.sides[i].weights_path;
        side.request.seed = edit.sides[i].seed;
        side.anchors = edit.sides[i].anchors;
        if (before.sides[i] != edit.sides[i] || side.stale() || side.problem) runs_.submit(i);
    }
}

/// Opens its exhibit first, where that is another one, and says what was done there.
void Controller::go_over(const std::optional<EditEntry>& entry, bool back) {
    if (!entry) return messages_.tell(back ? tr("Nothing to undo") : tr("Nothing to redo"));
    const bool elsewhere = entry->exhibit != document_.sides[0].request.exhibit;
    go_to(entry->exhibit);
    const Edit before = history_.current();
    apply(entry->edit, entry->focus);
    if (!elsewhere) return;
    const Edit now = history_.current();
    const std::string what = change_name(entry->exhibit, back ? now : before, back ? before : now, document_.trace());
    const std::string title = tr(document_.exhibit().title);
    messages_.tell_until_edit(back ? tr("Undone in {}: {}", title, what) : tr("Redone in {}: {}", title, what));
}

void Controller::undo() {
    if (editor_.has_focus()) return editor_.undo();
    go_over(history_.back(), true);
}

void Controller::redo() {
    if (editor_.has_focus()) return editor_.redo();
    go_over(history_.forward(), false);
}

void Controller::go_back_to(std::size_t count) {
    const EditHistory& history = state_.history;
    history_.settle();
    while (history.undo.size() > count) {
        go_over(history_.back(), true);
        history_.settle();
    }
    const std::size_t undone = history.redo.size(), again = count - std::min(count, history.undo.size());
    while (!history.redo.empty() && undone - history.redo.size() < again) go_over(history_.forward(), false);
}

void Controller::select_on(std::size_t side, const CellRef& cell) {
    comparison_.focus_on(side);
    if (document_.trace() == nullptr) return;
    try {
        stage_.select(cell);
        part_.reveal_selected();
    } catch (const Error&) {
        // A position of the other side: here it has nothing to explain.
    }
}

void Controller::toggle_scene_maker() {
    scenes_.show_bar(!document_.scene.open);
    if (!document_.scene.open || scenes_.scene(document_.focus) != nullptr) return;
    const std::vector<std::string> samples = picture_samples(*image_param_of(document_.exhibit()));
    if (!samples.empty()) pictures_.open(samples.front());
}

void Controller::toggle_lesson() {
    // One that is not seen is opened on it.
    state_.view.lesson = !state_.view.lesson || !state_.inspector_seen;
    state_.inspector_drawer = state_.inspector_seen = true;
}

void Controller::toggle_theme() {
    state_.view.theme = state_.view.theme == "dark" ? "light" : "dark";
}

void Controller::set_language(const std::string& id) {
    try {
        use_language(id);
    } catch (const Error& error) {
        messages_.complain(error);
    }
    state_.view.window_language = language_in_use();
    if (!state_.view.lesson_language_chosen) state_.view.language = state_.view.window_language;
}

void Controller::set_ui_scale(double scale) {
    state_.view.ui_scale = std::clamp(std::round(scale * 10) / 10, 0.7, 3.0);
}

void Controller::quit() {
    state_.lesson.closing = false;  // one question at a time
    const bool any = state_.lesson.unsaved() || !trainings_under_way(state_).empty();
    (any && !state_.leaving ? state_.leaving : state_.quit) = true;
}

void Controller::end_work() {
    training_.end();
    files_.stop_reading();
    exhibit_pictures_.rest();
    for (auto& [id, document] : state_.aside)
        if (document.training.run) document.training.run->stop();
}

bool Controller::work_ended() {
    const auto ended = [](const Document& document) {
        const auto& reading = document.training.resuming;
        if (reading.valid() && !is_ready(reading)) return false;
        return !document.training.run || document.training.run->state() != Training::State::running;
    };
    return !files_.reading() && !desk_.busy() && !exhibit_pictures_.busy() && !pictures_.reading() && training_.ended() &&
           ended(document_) &&
           std::all_of(state_.aside.begin(), state_.aside.end(), [&](const auto& one) { return ended(one.second); });
}

void Controller::cycle_scale() {
    using Scale = Normalization::Scale;
    const Scale order[] = {Scale::linear, Scale::sqrt, Scale::log, Scale::largest, Scale::percentile};
    const auto* at = std::find(std::begin(order), std::end(order), state_.view.scale);
    state_.view.scale = at == std::end(order) || at + 1 == std::end(order) ? order[0] : at[1];
}

}  // namespace saccade
