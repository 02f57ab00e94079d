#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/printable.hpp"

namespace saccade {

/// What kind of thing went wrong. `usage` is the caller's wording (exit status 2 on the command line), all else is "could not"
/// (1).
enum class ErrorCode { usage, invalid_input, not_found, io, bad_format, out_of_range, numeric, cancelled, unsupported };

/// The one exception of the project: thrown inside, caught at the run, file and UI boundary.
/// `message` says what and where ("weights.safetensors: header says 8 GB, file has 1 kB"), `hint` says what to do about it.
/// Both are one line, whatever the names in them hold (base/printable.hpp); `line()` is what the terminal and the banner show.
class Error : public std::runtime_error {
 public:
    Error(ErrorCode code, const std::string& message, const std::string& hint = {})
        : std::runtime_error(printable(message)), code_(code), hint_(printable(hint)) {}

    ErrorCode code() const { return code_; }
    std::string message() const { return what(); }
    const std::string& hint() const { return hint_; }

    /// A number that is in itself right, and beyond what this model or array has: `param`, counted from 1 to `most`.
    struct Limit {
        std::string param;
        std::int64_t most;
    };
    Error& beyond(std::string param, std::int64_t most) {
        limit_ = Limit{std::move(param), most};
        return *this;
    }
    const std::optional<Limit>& limit() const { return limit_; }
    std::string line() const { return hint_.empty() ? message() : message() + ": " + hint_; }

 private:
    ErrorCode code_;
    std::string hint_;
    std::optional<Limit> limit_;
};

}  // namespace saccade
