#pragma once

#include <string>
#include <thread>

namespace saccade {

bool stderr_is_terminal();

/// "12 s", "3 min 05 s".
std::string duration(double seconds);

/// Says on stderr what takes longer than a second, and for how long it has by now, until it is destroyed: a line that is
/// written over on a terminal and goes at the end, else one now and then. For work that cannot tell how far it is.
class WaitingLine {
 public:
    explicit WaitingLine(std::string what);

 private:
    std::jthread thread_;
};

}  // namespace saccade
