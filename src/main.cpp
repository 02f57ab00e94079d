#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "cli/cli.hpp"
#include "tensor/storage.hpp"

#ifdef SACCADE_GUI
#include "bench/bench_start.hpp"
#include "bench/bench_window.hpp"
#include "ui/app.hpp"
#endif

namespace {

/// Where standard output or error is closed, the next file that is opened would take its number, and what is printed would be
/// written into it. This one refuses what is written.
void occupy_closed_descriptors() {
    int taken = open("/dev/null", O_RDONLY);
    while (taken >= 0 && taken <= STDERR_FILENO) taken = open("/dev/null", O_RDONLY);
    if (taken >= 0) close(taken);
}

}  // namespace

int main(int argc, char** argv) {
#ifdef SIGXFSZ
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow any more is an error of that file alone
#endif
    std::signal(SIGPIPE, [](int) {});  // so is a reader that left; unlike SIG_IGN, programs that are started do not inherit it
    occupy_closed_descriptors();
    saccade::keep_freed_memory();
    saccade::WindowHooks window;
#ifdef SACCADE_GUI
    window.open = [](const std::string& file) {
        saccade::WindowOptions options;
        options.file = file;
        return saccade::run_window(options);
    };
    window.bench = [] { return saccade::bench_window(60); };
    window.start_ms = saccade::start_ms;
#endif
    return saccade::run_cli(argc, argv, window);
}
