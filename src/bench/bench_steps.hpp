#pragma once

#include <chrono>
#include <vector>

#include "run/bench_value.hpp"
#include "ui/window.hpp"

namespace saccade {

// What the window's benchmarks are made of.

double ms_since(std::chrono::steady_clock::time_point start);
double time_quantile(std::vector<double> values, double q);
/// Frames until the last one shows the answer to all that was asked, drawn to the end.
void until_answered(Window& window);
void move_mouse(Window& window, float x, float y);
/// One frame with the left button down, as frame(): the real button is up, so it is pressed anew each time.
bool frame_held(Window& window);

/// From a move of the mouse that drags a shape of a scene, or the bar of a gate, to the finished picture that shows the
/// result: n moves at 128 px and n / 3 at 512 px.
std::vector<BenchValue> bench_pictures(Window& window, int n);

}  // namespace saccade
