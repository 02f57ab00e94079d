#include "ui/endings.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

namespace saccade {

namespace {

constexpr std::array ending_signals = {SIGTERM, SIGINT, SIGHUP};
constexpr int patience_ms = 2000;

// A signal handler and Xlib's callback can reach nothing else.
std::array<int, 2> signal_pipe = {-1, -1};
std::function<void()>& last_of_display() {
    static std::function<void()> last;
    return last;
}

extern "C" void tell_watcher(int signal) {
    const int before = errno;
    const auto byte = static_cast<unsigned char>(signal);
    (void)!write(signal_pipe[1], &byte, 1);
    errno = before;
}

/// A byte that has come, or -1 after so long (-1: however long).
int next_byte(int patience) {
    pollfd end{signal_pipe[0], POLLIN, 0};
    for (;;) {
        const int ready = poll(&end, 1, patience);
        if (ready < 0 && errno == EINTR) continue;
        unsigned char byte = 0;
        return ready > 0 && read(signal_pipe[0], &byte, 1) == 1 ? byte : -1;
    }
}

void set_handler(void (*handler)(int)) {
    struct sigaction action {
    }, before{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int signal : ending_signals)
        if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
}

struct Xlib {
    using Handler = int (*)(void* display);
    using SetHandler = Handler (*)(Handler);

    /// The one that GLFW has loaded, if it has: this program is linked to none.
    static SetHandler set_io_error_handler() {
        void* library = dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD);
        void* found = library != nullptr ? dlsym(library, "XSetIOErrorHandler") : nullptr;
        return reinterpret_cast<SetHandler>(found);
    }
};

int display_is_gone(void* /*display*/) {
    const std::function<void()> last = std::exchange(last_of_display(), nullptr);
    if (last) last();
    std::fputs("saccade: the display is gone; what was open is kept, and the next start offers it\n", stderr);
    _exit(1);  // to return would do the same, but through the destructors of what needs the display
}

}  // namespace

EndingSignals::EndingSignals(std::function<void()> wake, std::function<void()> last) {
    if (pipe2(signal_pipe.data(), O_CLOEXEC) != 0) return;  // signals then end the program at once, as without this
    watcher_ = std::jthread([this, wake = std::move(wake), last = std::move(last)] { watch(wake, last); });
    set_handler(tell_watcher);
}

EndingSignals::~EndingSignals() {
    if (!watcher_.joinable()) return;
    set_handler(SIG_DFL);
    const unsigned char end = 0;
    (void)!write(signal_pipe[1], &end, 1);
    watcher_.join();
    for (int& side : signal_pipe) close(std::exchange(side, -1));
}

void EndingSignals::watch(const std::function<void()>& wake, const std::function<void()>& last) {
    const int signal = next_byte(-1);
    if (signal <= 0) return;
    received_ = signal;
    wake();
    // The same again, by somebody who does not want to wait, or no end by then.
    if (next_byte(patience_ms) == 0) return;
    last();
    _exit(128 + signal);
}

LostDisplay::LostDisplay(std::function<void()> last) {
    last_of_display() = std::move(last);
    if (const auto set = Xlib::set_io_error_handler()) set(display_is_gone);
}

LostDisplay::~LostDisplay() {
    last_of_display() = nullptr;
    if (const auto set = Xlib::set_io_error_handler()) set(nullptr);
}

}  // namespace saccade
