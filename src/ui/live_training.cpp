#include "ui/live_training.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "ui/ready.hpp"

namespace saccade {

namespace {

bool under_way(const Training& training) {
    const Training::State now = training.state();
    return now == Training::State::running || now == Training::State::paused;
}

}  // namespace

std::vector<TrainingUnderWay> trainings_under_way(const AppState& state) {
    std::vector<TrainingUnderWay> all;
    const auto add = [&](const Document& document) {
        const Training* training = document.training.run.get();
        if (training == nullptr || !under_way(*training)) return;
        const Exhibit& e = document.exhibit();
        all.push_back({e.id, e.title, training->step(), training->total_steps(), training->state() == Training::State::paused});
    };
    add(state.document);
    for (const auto& [id, document] : state.aside) add(document);
    return all;
}

void LiveTraining::start(const std::string& resume_from) {
    const Exhibit& e = document_.exhibit();
    if (e.training_task.empty()) return messages_.tell(tr("This exhibit has no model to train"));
    try {
        const std::string task = e.training_task == "*" ? model_of(e, document_.side().request.params) : e.training_task;
        if (!resume_from.empty()) return resume(task, resume_from);
        auto training = std::make_unique<Training>(task, TrainOptions{});
        forget_kept();
        begin(std::move(training));
    } catch (const Error& error) {
        messages_.complain(error);
    }
}

void LiveTraining::begin(std::unique_ptr<Training> training) {
    stop();
    give_up_reading();
    document_.training = {};
    kept_step_ = 0;
    kept_when_ = {};  // due: its first step need not wait for the disk of a later one
    document_.training.side = document_.focus;
    document_.training.run = std::move(training);
}

/// A checkpoint can be large, and its disk far away: it is read on a thread of its own. The exhibit may be left meanwhile.
void LiveTraining::resume(const std::string& task, const std::string& checkpoint) {
    using Resumed = TrainingState::Resumed;
    give_up_reading();
    document_.training.resuming = std::async(std::launch::async, [task, checkpoint]() -> Resumed {
        try {
            Resumed resumed{std::make_unique<Training>(task, TrainOptions{}, checkpoint), std::nullopt};
            resumed.run->pause();
            return resumed;
        } catch (...) {
            return {nullptr, current_error()};
        }
    });
    messages_.tell(tr("Reading {}", checkpoint));
}

/// To let go of its future would wait for the disk.
void LiveTraining::give_up_reading() {
    std::future<TrainingState::Resumed>& resuming = document_.training.resuming;
    if (resuming.valid()) given_up_.push_back(std::move(resuming));
}

void LiveTraining::take_resumed() {
    std::future<TrainingState::Resumed>& resuming = document_.training.resuming;
    if (!resuming.valid() || !is_ready(resuming)) return;
    TrainingState::Resumed resumed = resuming.get();
    if (resumed.problem) return messages_.complain(*resumed.problem);
    begin(std::move(resumed.run));
    document_.training.run->resume();
}

void LiveTraining::close() {
    stop();
    forget_kept();
    for (std::size_t i = 0; i < 2; ++i) {
        if (!document_.sides[i].request.model) continue;
        document_.sides[i].request.model = nullptr;
        if (i == 0 || document_.comparing) runs_.submit(i);
    }
}

void LiveTraining::wait() {
    Training* training = document_.training.run.get();
    if (training == nullptr || training->state() != Training::State::running) return;
    training->pause();
    document_.training.waits = true;
    kept_when_ = {};  // due
    keep(*training);
    messages_.tell(
        tr("The training waits at step {} until you come back to {}", training->step(), tr(document_.exhibit().title)));
}

void LiveTraining::go_on() {
    if (std::exchange(document_.training.waits, false) && document_.training.run) document_.training.run->resume();
}

/// Without waiting for the step under way.
void LiveTraining::stop() {
    if (!document_.training.run) return;
    document_.training.run->stop();
    ending_.push_back(std::move(document_.training.run));
}

/// One at a time; what went wrong is said when the next is due.
void LiveTraining::keep(const Training& training) {
    using namespace std::chrono;
    const std::string path = place_of(document_);
    if (path.empty()) return;
    if (keeping_.valid()) {
        if (!is_ready(keeping_)) return;
        if (const std::optional<Error> problem = keeping_.get())
            messages_.complain(
                Error(problem->code(), "the training goes on, but is not kept: " + problem->message(), problem->hint()));
    }
    const Index step = training.step();
    const bool due = steady_clock::now() - kept_when_ > 30s || !under_way(training);
    if (!due || step == kept_step_) return;
    kept_when_ = steady_clock::now();
    kept_step_ = step;
    keeping_ = std::async(std::launch::async, [&training, path]() -> std::optional<Error> {
        try {
            training.save_checkpoint(path);
        } catch (...) {
            return current_error();
        }
        return std::nullopt;
    });
}

std::string LiveTraining::place_of(const Document& document) const {
    return kept_at_ ? kept_at_(document.sides[0].request.exhibit) : std::string();
}

/// Of a training that is given up.
void LiveTraining::forget_kept() const {
    std::error_code none;
    if (const std::string path = place_of(document_); !path.empty()) std::filesystem::remove(path, none);
}

void LiveTraining::keep_all_now(const AppState& state) const noexcept {
    try {
        std::vector<std::pair<const Training*, std::string>> all;
        const auto add = [&](const Document& document) {
            const Training* training = document.training.run.get();
            const std::string path = place_of(document);
            if (training != nullptr && !path.empty()) all.emplace_back(training, path);
        };
        add(state.document);
        for (const auto& [id, document] : state.aside) add(document);
        if (all.empty()) return;
        if (keeping_all_.valid() && !is_ready(keeping_all_)) return;  // the disk has not taken the last ones yet
        keeping_all_ = std::async(std::launch::async, [all] {
            for (const auto& [training, path] : all) {
                try {
                    training->save_checkpoint(path);
                } catch (...) {
                    // The one before it is there.
                }
            }
        });
        // What takes longer goes on while the window ends, which waits for it as for all work, but not for ever.
        keeping_all_.wait_for(std::chrono::milliseconds(1200));
    } catch (...) {
        // No thread, no memory: what was kept before is what there is.
    }
}

void LiveTraining::end() {
    if (document_.training.run) document_.training.run->stop();
}

bool LiveTraining::ended() {
    const bool keeping = (keeping_.valid() && !is_ready(keeping_)) || (keeping_all_.valid() && !is_ready(keeping_all_));
    std::erase_if(given_up_, is_ready<TrainingState::Resumed>);
    if (!keeping) std::erase_if(ending_, [](const std::unique_ptr<Training>& training) { return !under_way(*training); });
    return !keeping && ending_.empty() && given_up_.empty();
}

void LiveTraining::poll() {
    take_resumed();
    ended();
    TrainingState& training = document_.training;
    if (!training.run) return;
    keep(*training.run);
    const std::vector<TrainPoint> points = training.run->points();
    if (points.size() != training.curve_points || !training.curves) {
        training.curve_points = points.size();
        training.curves = curves_of(points, training.run->headline());
    }
    const std::vector<Index> steps = training.run->snapshot_steps();
    if (steps.empty()) return;
    const Index wanted = training.snapshot_step < 0 ? steps.back() : training.snapshot_step;
    const std::size_t shown_on = document_.comparing ? training.side : 0;
    Side& side = document_.sides[shown_on];
    // One run at a time: the newest is taken when the last is drawn.
    if (wanted == training.shown_snapshot || side.running) return;
    training.shown_snapshot = wanted;
    side.request.model = training.run->snapshot(wanted);
    runs_.submit(shown_on);
}

void LiveTraining::set_snapshot(Index step) {
    document_.training.snapshot_step = step;
}

const Training& LiveTraining::training() const {
    if (!document_.training.run) throw Error(ErrorCode::not_found, "there is no training any more", "start one, then save it");
    return *document_.training.run;
}

void LiveTraining::save_model(const std::string& path) const {
    training().save_model(path);
    messages_.tell(tr("Model saved: {}", path));
}

void LiveTraining::save_checkpoint(const std::string& path) const {
    training().save_checkpoint(path);
    messages_.tell(tr("Checkpoint saved: {}", path));
}

}  // namespace saccade
