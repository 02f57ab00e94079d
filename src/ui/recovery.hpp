#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "run/session.hpp"
#include "ui/app_state.hpp"
#include "ui/recovery_folder.hpp"

namespace saccade {

/// What is open, the exhibits put aside included, written to a file of its own while it is worked on, so that it outlives the
/// program however that ends; and what an earlier program left. The file is a session, with those of the other exhibits under
/// "others"; of those one has "training" whose model was being trained, and the checkpoint stands beside the file. Written by a
/// thread of its own: nothing here waits for the disk but what says so.
class Recovery {
 public:
    explicit Recovery(const AppState& state) : state_(state) {}
    ~Recovery();  // what is written stays, unless finish() was called
    Recovery(const Recovery&) = delete;
    Recovery& operator=(const Recovery&) = delete;

    /// From now on work is kept. Before it nothing here does anything.
    void start();
    /// Each frame: hands over what is open, if that was edited. It is on the disk within a second of the edit.
    void keep();
    /// What is open now is on the disk when it returns; the file's path, or empty if it could not be written (in 2 s), or if
    /// nothing was edited. For what may be the last moment: an exception, a signal, a lost display. On the thread of the
    /// window.
    std::string keep_now() noexcept;
    /// The same of what was handed over last; on any thread.
    std::string flush() noexcept;
    /// The program was quit by hand: nothing is to be recovered.
    void finish();
    /// Why the last write failed; the next may succeed.
    std::optional<Error> problem() const;

    /// Where the checkpoint of the training of an exhibit's model goes; empty: nowhere.
    std::string training_path(const std::string& exhibit) const;

    /// What an earlier program left, until it is discarded or open here.
    const std::optional<RecoveryFile>& left() const { return left_; }
    void discard_left();
    /// The checkpoint of a training of its, as this window's own: its path, or empty if there is none.
    std::string left_training(const std::string& exhibit) const;
    /// It is open here: deleted as soon as this window's own file holds it.
    void left_is_open();
    /// Part of it is open here, and the rest cannot be: it stays, under the name that is returned, and is not offered again.
    std::string left_is_open_in_part();
    /// It could not be opened; it stays on offer.
    void left_failed(Error problem) { left_problem_ = std::move(problem); }
    const std::optional<Error>& left_problem() const { return left_problem_; }

 private:
    using Clock = std::chrono::steady_clock;
    using Work = std::vector<Session>;  // the open one first

    bool edited();
    Work work_now();
    void hand_over(Work work);
    void work(const std::stop_token& quit);
    void write(const Work& work);

    const AppState& state_;
    std::optional<RecoveryFile> left_;
    std::optional<Error> left_problem_;
    bool edited_ = false;
    Clock::time_point looked_at_, edit_seen_;
    std::string open_id_;  // the exhibit that was open when `others_` was made
    Work others_;

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<RecoveryFile> own_;  // the rest: guarded by the mutex
    std::optional<RecoveryFile> taken_over_;
    std::optional<Work> waiting_;
    bool urgent_ = false, writing_ = false;
    std::string written_;
    std::optional<Error> problem_;
    std::jthread writer_;  // last: joins before the rest goes
};

}  // namespace saccade
