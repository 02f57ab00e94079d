#include "base/sha256.hpp"

#include <fmt/core.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace saccade {

namespace {

using Word = std::uint32_t;

constexpr std::array<int, 64> primes = {2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,  47,  53,
                                        59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103, 107, 109, 113, 127, 131,
                                        137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223,
                                        227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311};

/// The first 32 bits behind the point of the square (power 2) or cube root of p (sections 4.2.2 and 5.3.3). A long double holds
/// them exactly: a root below 2^5 and 32 bits behind it are 37 of its 64 bits, and no prime's root ends in so many zeros.
Word root_bits(int p, int power) {
    const long double root = power == 2 ? std::sqrt(static_cast<long double>(p)) : std::cbrt(static_cast<long double>(p));
    return static_cast<Word>(static_cast<std::uint64_t>(std::floor(std::ldexp(root, 32))) & 0xffffffffu);
}

struct Constants {
    std::array<Word, 64> k{};
    std::array<Word, 8> start{};

    Constants() {
        for (std::size_t i = 0; i < k.size(); ++i) k[i] = root_bits(primes[i], 3);
        for (std::size_t i = 0; i < start.size(); ++i) start[i] = root_bits(primes[i], 2);
    }
};

void take_block(const unsigned char* block, const std::array<Word, 64>& k, std::array<Word, 8>& hash) {
    std::array<Word, 64> w{};
    for (std::size_t t = 0; t < 16; ++t)
        for (std::size_t b = 0; b < 4; ++b) w[t] = w[t] << 8 | block[4 * t + b];
    for (std::size_t t = 16; t < 64; ++t) {
        const Word s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
        const Word s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = hash;
    for (std::size_t t = 0; t < 64; ++t) {
        const Word s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25), chosen = (e & f) ^ (~e & g);
        const Word s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22), most = (a & b) ^ (a & c) ^ (b & c);
        const Word t1 = h + s1 + chosen + k[t] + w[t], t2 = s0 + most;
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const std::array<Word, 8> more = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < hash.size(); ++i) hash[i] += more[i];
}

}  // namespace

std::string sha256(std::string_view bytes) {
    static const Constants constants;
    std::array<Word, 8> hash = constants.start;
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t at = 0;
    for (; at + 64 <= bytes.size(); at += 64) take_block(data + at, constants.k, hash);
    std::string rest(bytes.substr(at));
    rest += static_cast<char>(0x80);
    rest.resize((rest.size() + 8 + 63) / 64 * 64, '\0');
    const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
    for (std::size_t i = 0; i < 8; ++i) rest[rest.size() - 1 - i] = static_cast<char>(bits >> (8 * i));
    for (std::size_t b = 0; b < rest.size(); b += 64)
        take_block(reinterpret_cast<const unsigned char*>(rest.data()) + b, constants.k, hash);
    std::string text;
    for (const Word word : hash) text += fmt::format("{:08x}", word);
    return text;
}

}  // namespace saccade
