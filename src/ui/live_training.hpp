#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ui/app_state.hpp"
#include "ui/messages.hpp"
#include "ui/runs.hpp"

namespace saccade {

/// A training that is not done, of whichever exhibit.
struct TrainingUnderWay {
    std::string exhibit, title;
    Index step = 0, steps = 0;
    bool waits = false;  // until its exhibit is open again, or for the person who paused it
};
/// That of the open exhibit first.
std::vector<TrainingUnderWay> trainings_under_way(const AppState& state);

/// A training of the exhibit's model while its runs are shown: its newest snapshot is the model of the current sentence.
/// It belongs to the document.
class LiveTraining {
 public:
    LiveTraining(Document& document, Runs& runs, Messages& messages) : document_(document), runs_(runs), messages_(messages) {}

    /// From scratch at once, or from a checkpoint as soon as it is read (poll), in place of the one under way. What goes wrong
    /// becomes the banner; the one under way goes on.
    void start(const std::string& resume_from = {});
    /// Ends it and goes back to the bundled model.
    void close();
    /// Another exhibit is opened: pauses until this one is open again.
    void wait();
    void go_on();
    /// From now on the state of the training that is open is written to the path that `place` gives its exhibit, every 30 s,
    /// when it is left and when it has ended: it outlives the program. Off the UI thread; a disk that is full ends nothing.
    void keep_at(std::function<std::string(const std::string& exhibit)> place) { kept_at_ = std::move(place); }
    /// The same of all trainings that are under way, now. For what may be the last moment: it waits for 1.2 s at most.
    void keep_all_now(const AppState& state) const noexcept;
    /// The program ends: asks what is under way to stop, without waiting for its step.
    void end();
    /// Are all that were stopped at their end?
    bool ended();
    /// New curves, and the newest snapshot, unless the user has chosen an older one.
    void poll();
    void set_snapshot(Index step);  // -1: newest
    /// Error{io}, or {not_found} if there is no training.
    void save_model(const std::string& path) const;
    void save_checkpoint(const std::string& path) const;

 private:
    void begin(std::unique_ptr<Training> training);
    void resume(const std::string& task, const std::string& checkpoint);
    void give_up_reading();
    void take_resumed();
    void stop();
    void keep(const Training& training);
    void forget_kept() const;
    std::string place_of(const Document& document) const;
    const Training& training() const;

    Document& document_;
    Runs& runs_;
    Messages& messages_;
    std::vector<std::unique_ptr<Training>> ending_;           // stopped, in the middle of their last step
    std::function<std::string(const std::string&)> kept_at_;  // null: nowhere
    Index kept_step_ = 0;
    std::chrono::steady_clock::time_point kept_when_ = std::chrono::steady_clock::now();
    std::vector<std::future<TrainingState::Resumed>> given_up_;  // still read, for another that was chosen since
    // Last: they end before the trainings do.
    std::future<std::optional<Error>> keeping_;
    mutable std::future<void> keeping_all_;
};

}  // namespace saccade
