#include "base/rng.hpp"

#include <bit>
#include <cmath>
#include <numbers>

namespace saccade {

namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/// FNV-1a, so that a stream's name decides its seed on every platform (std::hash does not promise that).
std::uint64_t hash_bytes(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

}  // namespace

Rng::Rng(std::uint64_t seed) {
    for (auto& word : state_.s) word = splitmix64(seed);
}

Rng Rng::fork(std::string_view purpose, std::uint64_t index) const {
    std::uint64_t seed = hash_bytes(purpose);
    // Every word of the state, the name and the index pass through the mixer one after another: neighbours share nothing.
    for (const std::uint64_t word : state_.s) {
        std::uint64_t mixed = seed ^ word;
        seed = splitmix64(mixed);
    }
    std::uint64_t mixed = seed ^ index;
    return Rng(splitmix64(mixed));
}

std::uint64_t Rng::next() {
    auto& s = state_.s;
    const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
    const std::uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    return result;
}

double Rng::uniform() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t Rng::below(std::uint64_t n) {
    // The lowest (2^64 mod n) values would make small results more likely: they are drawn again.
    const std::uint64_t threshold = (0 - n) % n;
    for (;;) {
        const std::uint64_t draw = next();
        if (draw >= threshold) return draw % n;
    }
}

double Rng::normal() {
    const double u = 1.0 - uniform();  // in (0, 1]: its logarithm is finite
    const double v = uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

}  // namespace saccade
