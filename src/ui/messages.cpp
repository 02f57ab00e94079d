#include "ui/messages.hpp"

#include "base/error_line.hpp"

namespace saccade {

using Clock = std::chrono::steady_clock;

namespace {

constexpr double seconds_a_message = 4;

}  // namespace

void Messages::complain(const Error& error) {
    banner_ = Banner{shown_line(error), true, Clock::now()};
}

void Messages::tell(const std::string& text) {
    banner_ = Banner{printable(text), false, Clock::now()};
}

void Messages::tell_until_edit(const std::string& text) {
    banner_ = Banner{printable(text), false, Clock::now(), true};
}

void Messages::dismiss() {
    banner_.reset();
}

void Messages::dismiss_error() {
    if (banner_ && banner_->error) banner_.reset();
}

void Messages::poll(Clock::time_point last_edit) {
    if (banner_ && (banner_->error || banner_->until_edit) && last_edit > banner_->since) banner_.reset();
    if (banner_ && !banner_->error && std::chrono::duration<double>(Clock::now() - banner_->since).count() > seconds_a_message)
        banner_.reset();
}

}  // namespace saccade
