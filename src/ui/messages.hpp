#pragma once

#include <optional>
#include <string>

#include "ui/app_state.hpp"

namespace saccade {

/// The one line under the inputs that says what happened.
class Messages {
 public:
    explicit Messages(std::optional<Banner>& banner) : banner_(banner) {}

    void complain(const Error& error);
    void tell(const std::string& text);
    /// Of what the next change makes untrue.
    void tell_until_edit(const std::string& text);
    void dismiss();
    /// The problem no longer exists.
    void dismiss_error();
    /// A success message disappears by itself; an error stays until it is dismissed, or the run is edited after it.
    void poll(std::chrono::steady_clock::time_point last_edit);

 private:
    std::optional<Banner>& banner_;
};

}  // namespace saccade
