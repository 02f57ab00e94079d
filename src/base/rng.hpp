#pragma once

#include <cstdint>
#include <string_view>

namespace saccade {

/// Seeded random numbers, the same on every platform and standard library (std:: distributions are not).
/// The order of a call's arguments is the compiler's: draw each into a variable of its own where two would stand in one
/// expression. Generator: xoshiro256** (Blackman and Vigna 2018), state filled by splitmix64.
class Rng {
 public:
    explicit Rng(std::uint64_t seed);

    /// An independent stream for a named purpose or a worker, so that adding a draw in one place does not move another.
    Rng fork(std::string_view purpose, std::uint64_t index = 0) const;

    std::uint64_t next();
    /// Uniform in [0, 1), 53 bits.
    double uniform();
    /// Uniform integer in [0, n), unbiased; n > 0.
    std::uint64_t below(std::uint64_t n);
    /// Standard normal (Box-Muller, no cached half, so that the state alone determines the stream).
    double normal();

    /// The whole state, for checkpoints.
    struct State {
        std::uint64_t s[4];
    };
    State state() const { return state_; }
    void restore(const State& state) { state_ = state; }

 private:
    State state_;
};

}  // namespace saccade
