#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "ui/controller.hpp"

namespace saccade {

/// A controller over the real exhibit and engine, no window. Waiting has no time limit of its own: ctest's is the limit.
class ControllerTest : public testing::Test {
 protected:
    ControllerTest() : act_(state_, runner_, second_runner_) {
        act_.choose_exhibit("alignment");
        settle();
    }

    void settle() {
        while (act_.files().opening() || state_.document.running() || runner_.busy()) {
            act_.poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        for (int frame = 0; frame < 2; ++frame) act_.poll();  // the picture is drawn first, then its claims are checked
    }
    /// Opens a file, and waits until it is used or asks.
    void open(const std::string& path) {
        act_.files().open(path);
        while (act_.files().opening() && !state_.asking.open) {
            act_.poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    void set_source(const std::string& text) {
        act_.inputs().set_param("source", text);
        state_.history.coalescing.clear();  // as if the person had paused
        settle();
    }
    std::string output() const { return state_.document.trace()->texts().at("output"); }
    double weight(Index i, Index j) const {
        return static_cast<double>(state_.document.trace()->tensor("weights").values.at({i, j}));
    }
    static double row_sum(const Trace& trace, Index i) {
        const Tensor<float> row = trace.tensor("weights").values.row(i);
        double sum = 0;
        for (const float w : row.values()) sum += static_cast<double>(w);
        return sum;
    }

    AppState state_;
    Runner runner_, second_runner_;
    Controller act_;
};

}  // namespace saccade
