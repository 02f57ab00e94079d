#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "run/bench_value.hpp"
#include "ui/window.hpp"

namespace saccade {

// What the window's benchmarks are made of.

/// Of what was done many times: to its finished picture, of that the engine, and one more frame of the same picture; in ms, and
/// in page faults (a page of memory touched for the first time, or anew since it was given back).
struct StepTimes {
    std::vector<double> pictures, engine, frames, picture_faults, frame_faults;
};
/// Figures NAME_engine_p50, NAME_frame_p50, NAME_page_faults, NAME_frame_page_faults.
std::vector<BenchValue> parts_of(const std::string& name, const StepTimes& times);
/// Of this process until now.
double page_faults();

double ms_since(std::chrono::steady_clock::time_point start);
double time_quantile(std::vector<double> values, double q);
/// Frames until the last one shows the answer to all that was asked, drawn to the end.
void until_answered(Window& window);
void move_mouse(Window& window, float x, float y);
/// One frame with the left button down, as frame(): the real button is up, so it is pressed anew each time.
bool frame_held(Window& window);

/// From a move of the mouse that drags a shape of a scene, the bar of a gate, or a fixation, to the finished picture that shows
/// the result: n moves at 128 px and n / 3 at 512 px.
std::vector<BenchValue> bench_pictures(Window& window, int n);

/// The frames of a row that is played number by number in Present (P): from one to the next, each swapped and finished.
std::vector<BenchValue> bench_slow_play(Window& window);

/// From a notch of the wheel over a large capture, or a move that drags its part, to the finished picture: n times each.
std::vector<BenchValue> bench_capture(Window& window, int n);

}  // namespace saccade
