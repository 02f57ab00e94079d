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
    void dismiss();
    /// What went wrong is no more.
    void dismiss_error();
    /// What went well needs no answer and goes by itself; an error stays until it is dismissed.
    void poll();

 private:
    std::optional<Banner>& banner_;
};

}  // namespace saccade
