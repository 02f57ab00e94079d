#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace saccade {

/// Is there a program of that name that can be run (PATH)?
bool has_program(const std::string& name);

struct HelperAnswer {
    int status = 0;      // that it ended with; -1: it was ended, or killed
    std::string output;  // what it wrote
};

/// Runs another program of the desktop with these words, the first of which is its name, and this as its input, and waits for
/// it: off the UI thread. `stop` ends it. What it leaves running, to hold a clipboard, is not waited for. Error{io}: it cannot
/// be started.
HelperAnswer run_program(const std::vector<std::string>& words, const std::string& input = {},
                         const std::stop_token& stop = {});

}  // namespace saccade
