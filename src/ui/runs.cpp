#include "ui/runs.hpp"

#include <algorithm>

#include "trace/untouched.hpp"

namespace saccade {

using Clock = std::chrono::steady_clock;

namespace {

constexpr double patience = 0.25;  // seconds: a run that takes longer gives way to what is dragged

bool same_inputs(const RunRequest& a, const RunRequest& b) {
    return a.exhibit == b.exhibit && a.seed == b.seed && a.weights_path == b.weights_path && a.model == b.model &&
           a.capture.names == b.capture.names && a.params == b.params;
}

/// A number that stood when the last picture was drawn, and is now more than there is: what was changed is something else, most
/// likely the model. It becomes the last there is.
bool brought_within(Side& side, const Error& error) {
    if (!error.limit() || side.trace() == nullptr || side.shown.request.exhibit != side.request.exhibit) return false;
    const auto& [param, most] = *error.limit();
    const Params &shown = side.shown.request.params, &wanted = side.request.params;
    if (most < 1 || !shown.has(param) || !wanted.has(param) || shown.integer(param) != wanted.integer(param)) return false;
    if (wanted.integer(param) <= most) return false;
    side.request.params.set(param, most);
    return true;
}

bool touched(const RunRequest& request) {
    const auto& list = request.interventions;
    return std::any_of(list.begin(), list.end(), [](const Intervention& i) { return i.enabled; });
}

}  // namespace

void Runs::submit(std::size_t i) {
    Side& side = document_.sides[i];
    side.asked_at = Clock::now();
    side.running = true;
    side.cancelled = false;
    side.later = false;
    side.progress = 0;
    ++asked_;
    side.wanted_ticket = runners_[i]->submit(side.request);
    submit_untouched(i);
}

void Runs::submit_live(std::size_t i) {
    Side& side = document_.sides[i];
    const double waited = std::chrono::duration<double>(Clock::now() - side.asked_at).count();
    if (!side.running || waited > patience) return submit(i);
    side.later = true;
    ++asked_;
}

void Runs::submit() {
    submit(document_.focus);
}

void Runs::submit_all() {
    submit(0);
    if (document_.comparing) submit(1);
}

void Runs::cancel() {
    for (std::size_t i = 0; i < 2; ++i) {
        Side& side = document_.sides[i];
        if (!side.running) continue;
        runners_[i]->cancel();
        poll(i);  // what came just before
        if (!side.running) continue;
        side.running = side.later = false;
        side.cancelled = true;
    }
}

void Runs::close(std::size_t i) {
    runners_[i]->cancel();
    document_.sides[i].running = document_.sides[i].later = false;
}

void Runs::forget() {
    for (Runner* runner : runners_) runner->cancel();
    for (Runner* runner : untouched_runners_)
        if (runner != nullptr) runner->cancel();
    for (Side& side : document_.sides) side.untouched_ticket = 0;
}

void Runs::go_on() {
    for (std::size_t i = 0; i < (document_.comparing ? 2u : 1u); ++i) {
        const Side& side = document_.sides[i];
        const bool whole = side.trace() != nullptr && !side.stale() && !side.partial() && !side.running;
        if (!whole && !side.cancelled)
            submit(i);
        else
            submit_untouched(i);
    }
}

bool Runs::poll() {
    const bool a = poll(0);
    const bool b = document_.comparing && poll(1);
    return a || b;
}

/// Not while the next run is under way or something is dragged: that would only be in its way.
void Runs::check(Side& side) {
    if (side.frames_to_check == 0 || side.running || document_.hand.drag.active || document_.scene.held || document_.part.held)
        return;
    if (--side.frames_to_check > 0 || !side.shown.trace) return;
    const Trace& trace = *side.shown.trace;
    side.claims = check_claims(trace, 8);
    side.lesson = check_lesson(exhibit(side.shown.request.exhibit).lesson, trace);
}

bool Runs::poll(std::size_t i) {
    check(document_.sides[i]);
    const bool beside = poll_untouched(i);
    std::optional<RunResult> result = runners_[i]->take();
    const bool shown = result && result->ticket == document_.sides[i].wanted_ticket && take_result(i, std::move(*result));
    if (document_.sides[i].later && !document_.sides[i].running) submit(i);
    return shown || beside;
}

bool Runs::take_result(std::size_t i, RunResult result) {
    Side& side = document_.sides[i];
    side.progress = result.progress;
    side.running = result.progress < 1;
    if (!side.running && result.error && brought_within(side, *result.error)) {
        document_.reload_fields = true;
        submit(i);
        return false;
    }
    if (!side.running) side.problem = result.error;
    // Without a trace the picture before stays, dimmed, as what it is: not the answer to this request.
    if (!result.trace) return true;
    side.shown = std::move(result);
    if (side.running) side.problem.reset();
    // The picture comes first; its claims are checked once it has been drawn.
    side.frames_to_check = 2;
    if (!side.running && !touched(side.shown.request)) {
        side.untouched = side.shown.trace;
        side.untouched_of = side.shown.request;
    }
    set_beside_untouched(side);
    on_shown_(i);
    return true;
}

// --- without interventions ---

/// Asks for the run without interventions, unless it is there or on its way.
void Runs::submit_untouched(std::size_t i) {
    Side& side = document_.sides[i];
    if (untouched_runners_[i] == nullptr || !touched(side.request)) return;
    const bool there = side.untouched && same_inputs(side.untouched_of, side.request);
    const bool coming = side.untouched_ticket != 0 && same_inputs(side.untouched_next, side.request);
    if (there || coming) return;
    side.untouched_next = side.request;
    side.untouched_next.interventions.clear();
    side.untouched_ticket = untouched_runners_[i]->submit(side.untouched_next);
}

/// What is shown says itself what the hand's changes came to: so do all figures that are made of it.
bool Runs::set_beside_untouched(Side& side) {
    const bool whole = side.shown.trace && side.shown.progress >= 1 && touched(side.shown.request);
    if (!whole || !side.untouched || !same_inputs(side.untouched_of, side.shown.request)) return false;
    side.shown.trace = std::make_shared<const Trace>(with_untouched(*side.shown.trace, *side.untouched));
    return true;
}

/// True if what is shown has changed by it.
bool Runs::poll_untouched(std::size_t i) {
    Side& side = document_.sides[i];
    if (untouched_runners_[i] == nullptr || side.untouched_ticket == 0) return false;
    std::optional<RunResult> result = untouched_runners_[i]->take();
    if (!result || result->ticket != side.untouched_ticket || result->progress < 1) return false;
    side.untouched_ticket = 0;
    if (!result->trace) return false;  // the run itself says what is wrong
    side.untouched = std::move(result->trace);
    side.untouched_of = std::move(result->request);
    if (!set_beside_untouched(side)) return false;
    on_shown_(i);
    return true;
}

const Trace* Runs::untouched() const {
    const Side& side = document_.side();
    const bool fits = side.untouched && side.trace() != nullptr && side.untouched.get() != side.trace() &&
                      same_inputs(side.untouched_of, side.shown.request);
    return fits ? side.untouched.get() : nullptr;
}

}  // namespace saccade
