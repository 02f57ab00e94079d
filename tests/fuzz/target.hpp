#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "base/error.hpp"
#include "memory_file.hpp"

namespace saccade::fuzz {

/// A reader says what is wrong by an Error of one line; whatever else it throws is a finding, and ends the program.
template <class Read>
int refuses_or_reads(const Read& read) {
    try {
        read();
    } catch (const Error& error) {
        if (error.line().find('\n') != std::string::npos) throw std::logic_error("an Error of several lines: " + error.line());
    }
    return 0;
}

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// What must hold of what was read.
inline void require(bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
}

}  // namespace saccade::fuzz

/// One target a file: int FUZZ_TARGET(name of the file) { ... data, size ... }. libFuzzer knows one name for all; replay.cpp
/// holds them all.
#ifdef SACCADE_REPLAY
#define FUZZ_TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size)
#else
#define FUZZ_TARGET(name) extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
#endif
