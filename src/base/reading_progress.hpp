#pragma once

#include <functional>
#include <utility>

namespace saccade {

/// While it lives, readings in this thread that take longer than a moment tell it how far they are, 0 to 1. Who waits for a
/// file and what reads it stand many calls apart, and most of those between know nothing of a file.
class HearsReading {
 public:
    explicit HearsReading(std::function<void(double)> hear)
        : hear_(std::move(hear)), outer_(std::exchange(innermost(), this)) {}
    ~HearsReading() { innermost() = outer_; }
    HearsReading(const HearsReading&) = delete;
    HearsReading& operator=(const HearsReading&) = delete;

    static void tell(double fraction) {
        if (innermost() != nullptr) innermost()->hear_(fraction);
    }

 private:
    static HearsReading*& innermost() {
        thread_local HearsReading* one = nullptr;
        return one;
    }
    std::function<void(double)> hear_;
    HearsReading* outer_;
};

}  // namespace saccade
