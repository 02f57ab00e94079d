#pragma once

#include <functional>
#include <string>
#include <vector>

#include "run/bench_value.hpp"

namespace saccade {

/// What the window offers to the command line; both empty in a program built without it.
struct WindowHooks {
    std::function<int(const std::string& file)> open;         // file: empty, or a session, picture or weights to open
    std::function<std::vector<BenchValue>()> bench;           // Error if there is no display
    std::function<double(const std::string& what)> start_ms;  // bench/bench_start.hpp
};

/// The whole program: `saccade [FILE]` or a subcommand. Returns the exit status: 0 did what was asked, 1 could not, 2 usage.
/// Errors are one line on stderr.
int run_cli(int argc, char** argv, const WindowHooks& window);

}  // namespace saccade
