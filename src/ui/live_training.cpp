#include "ui/live_training.hpp"

#include <algorithm>

namespace saccade {

namespace {

bool under_way(const Training& training) {
    const Training::State now = training.state();
    return now == Training::State::running || now == Training::State::paused;
}

}  // namespace

void LiveTraining::start(const std::string& resume_from) {
    const Exhibit& e = document_.exhibit();
    if (e.training_task.empty()) return messages_.tell("This exhibit has no model to train");
    try {
        const std::string task = e.training_task == "*" ? model_of(e, document_.side().request.params) : e.training_task;
        stop();
        document_.training = {};
        document_.training.side = document_.focus;
        document_.training.run = std::make_unique<Training>(task, TrainOptions{}, resume_from);
    } catch (const Error& error) {
        messages_.complain(error);
    }
}

void LiveTraining::close() {
    stop();
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
    messages_.tell("The training waits at step " + std::to_string(training->step()) + " until you come back to " +
                   document_.exhibit().title);
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

void LiveTraining::end() {
    if (document_.training.run) document_.training.run->stop();
}

bool LiveTraining::ended() {
    std::erase_if(ending_, [](const std::unique_ptr<Training>& training) { return !under_way(*training); });
    return ending_.empty();
}

void LiveTraining::poll() {
    ended();
    TrainingState& training = document_.training;
    if (!training.run) return;
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
    messages_.tell("Model saved: " + path);
}

void LiveTraining::save_checkpoint(const std::string& path) const {
    training().save_checkpoint(path);
    messages_.tell("Checkpoint saved: " + path);
}

}  // namespace saccade
