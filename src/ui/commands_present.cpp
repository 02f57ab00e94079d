#include "base/translate.hpp"
#include "ui/cards.hpp"
#include "ui/commands_parts.hpp"

namespace saccade {

namespace {

using Heard = Command::Heard;

bool covered(const AppState&, Controller& act) {
    return act.lesson().covered();
}
bool has_row(const AppState& state, Controller& act) {
    return !act.lesson().asks() && (state.slow.on() || story_to_play(state).has_value());
}
void play_row(AppState& state, Controller&) {
    if (state.slow.on()) return state.slow.end();
    if (std::optional<RowStory> story = story_to_play(state))
        state.slow.start(std::move(*story), state.document.side().shown.trace);
}

using Presented = std::function<void(AppState&, Controller&)>;

void add_presenting(std::vector<Command>& all, const char* title, std::initializer_list<const char*> chords,
                    const Presented& run, std::function<bool(const AppState&, Controller&)> when = {}) {
    for (const char* chord : chords) all.push_back({title, chord, when, run, Heard::presenting, false});
}

/// To the next point or back. What is asked is answered first, but for who says otherwise by an arrow.
void turn(AppState& state, Controller& act, int by, bool answers) {
    state.slow.end();
    if (by > 0 && answers && act.lesson().covered() && act.lesson().reveal()) return;
    by > 0 ? state.present.next() : state.present.back();
}

/// What turns the lesson's pages is what a question and the play of a row are walked by, too, while they are there: their hints
/// say so.
void add_lesson_keys(std::vector<Command>& all) {
    const char *const next = msg("Present: next point or scene of the lesson; the answer, where one is asked for"),
                      *const back = msg("Present: the point or scene before");
    add_presenting(all, next, {"Space"}, [](AppState& state, Controller& act) {
        state.slow.on() ? state.slow.pause_or_go_on() : turn(state, act, 1, true);
    });
    for (const int by : {1, -1}) {
        const char* const title = by > 0 ? next : back;
        add_presenting(all, title, {by > 0 ? "→" : "←"}, [by](AppState& state, Controller& act) {
            state.slow.on() ? state.slow.step(by) : turn(state, act, by, false);
        });
        add_presenting(all, title, {by > 0 ? "↓" : "↑"}, [by](AppState& state, Controller& act) {
            act.lesson().covered() ? act.lesson().choose_bar(by) : turn(state, act, by, false);
        });
        add_presenting(all, title, {by > 0 ? "PageDown" : "PageUp"},
                       [by](AppState& state, Controller& act) { turn(state, act, by, true); });
    }
    for (const int by : {1, -1})
        add_presenting(
            all, msg("Present: the bar of the guess longer or shorter"), {by > 0 ? "+" : "−"},
            [by](AppState&, Controller& act) { act.lesson().raise_bar(static_cast<float>(by * nudge)); }, covered);
    add_presenting(
        all, msg("Present: ask again what was answered"), {"A"}, [](AppState&, Controller& act) { act.lesson().ask_again(); },
        [](const AppState&, Controller& act) { return act.lesson().asks() && !act.lesson().covered(); });
    add_presenting(all, msg("Present: play the selected row number by number"), {"P"}, play_row, has_row);
    add_presenting(
        all, msg("Present: make it so, as the scene has it"), {"M"},
        [](AppState&, Controller& act) { act.lesson().make_it_so(); }, scene_changed);
}

}  // namespace

bool scene_changed(const AppState&, Controller& act) {
    return act.lesson().changed();
}

void add_presenting(std::vector<Command>& all) {
    using Blank = Presentation::Blank;
    add_lesson_keys(all);
    for (const auto& [chord, by] : {std::pair{"[", Index{-1}}, std::pair{"]", Index{1}}})
        add_presenting(all, msg("Present: output step"), {chord},
                       [by](AppState&, Controller& act) { act.stage().set_step(act.stage().current_step() + by); });
    add_presenting(all, msg("Present: one view alone, the next, all of them"), {"V"},
                   [](AppState& state, Controller& act) { act.stage().enlarge(next_card_alone(state)); });
    add_presenting(all, msg("Present: spotlight around the pointer"), {"S"},
                   [](AppState& state, Controller&) { state.present.spotlight = !state.present.spotlight; });
    add_presenting(all, msg("Present: black screen until the next key"), {"B", "."},
                   [](AppState& state, Controller&) { state.present.blank = Blank::black; });
    add_presenting(all, msg("Present: white screen until the next key"), {"W"},
                   [](AppState& state, Controller&) { state.present.blank = Blank::white; });
    add_presenting(all, msg("Present: end, as Esc does"), {"F5"}, [](AppState& state, Controller&) { state.present.end(); });
}

}  // namespace saccade
