#include <csignal>

#include "cli/cli.hpp"
#include "tensor/storage.hpp"

#ifdef SACCADE_GUI
#include "bench/bench_window.hpp"
#include "ui/app.hpp"
#endif

int main(int argc, char** argv) {
#ifdef SIGXFSZ
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow any more is an error of that file alone
#endif
    saccade::keep_freed_memory();
    saccade::WindowHooks window;
#ifdef SACCADE_GUI
    window.open = [](const std::string& file) {
        saccade::WindowOptions options;
        options.file = file;
        return saccade::run_window(options);
    };
    window.bench = [] { return saccade::bench_window(60); };
#endif
    return saccade::run_cli(argc, argv, window);
}
