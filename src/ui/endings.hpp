#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace saccade {

/// SIGTERM, SIGINT and SIGHUP ask the window to end. Those that were ignored when the program started stay ignored (nohup).
/// One at a time.
class EndingSignals {
 public:
    /// `wake`: the window's loop looks at received(). If it has not ended 2 s later, `last` is called and the program ends as
    /// it is: both on a thread of this object's own.
    EndingSignals(std::function<void()> wake, std::function<void()> last);
    ~EndingSignals();
    EndingSignals(const EndingSignals&) = delete;
    EndingSignals& operator=(const EndingSignals&) = delete;

    /// The signal that came, or 0. A program that ends by it has the status 128 + signal.
    int received() const { return received_; }

 private:
    void watch(const std::function<void()>& wake, const std::function<void()>& last);

    std::atomic<int> received_ = 0;
    std::jthread watcher_;
};

/// When the X server goes away, Xlib ends the program from within whatever asked it for something. `last` is called first, on
/// that thread; then the program ends with status 1 and a line on stderr. Elsewhere than on X this does nothing. One at a time.
class LostDisplay {
 public:
    explicit LostDisplay(std::function<void()> last);
    ~LostDisplay();
    LostDisplay(const LostDisplay&) = delete;
    LostDisplay& operator=(const LostDisplay&) = delete;
};

}  // namespace saccade
