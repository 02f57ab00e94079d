// Milliseconds per training step of a task, the median over steps of its first epoch:
//
//     training_step TASK [DATA] [STEPS]
//
// As `saccade train` does it: forward, backward, clipping, Adam, on all cores. For comparisons with a peer:
// compare_translation.sh.

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "train/task.hpp"
#include "train/trainer.hpp"

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "training_step TASK [DATA] [STEPS]\n");
        return 2;
    }
    try {
        saccade::TrainOptions options;
        if (argc > 2) options.data_path = argv[2];
        const int steps = argc > 3 ? std::max(1, std::atoi(argv[3])) : 60;
        fmt::print("{:.3f}\n", saccade::measure_training_step_ms(*saccade::make_task(argv[1], options), steps));
    } catch (const saccade::Error& error) {
        fmt::print(stderr, "training_step: {}\n", error.line());
        return 1;
    }
    return 0;
}
