#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ui/messages.hpp"
#include "ui/runs.hpp"

namespace saccade {

/// A training of the exhibit's model while its runs are shown: its newest snapshot is the model of the current sentence.
/// It belongs to the document.
class LiveTraining {
 public:
    LiveTraining(Document& document, Runs& runs, Messages& messages) : document_(document), runs_(runs), messages_(messages) {}

    /// From scratch, or from a checkpoint, in place of the one under way. What goes wrong becomes the banner.
    void start(const std::string& resume_from = {});
    /// Ends it and goes back to the bundled model.
    void close();
    /// Another exhibit is opened: pauses until this one is open again.
    void wait();
    void go_on();
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
    void stop();
    const Training& training() const;

    Document& document_;
    Runs& runs_;
    Messages& messages_;
    std::vector<std::unique_ptr<Training>> ending_;  // stopped, in the middle of their last step
};

}  // namespace saccade
