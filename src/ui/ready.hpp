#pragma once

#include <chrono>
#include <future>

namespace saccade {

/// Has what is computed elsewhere come?
template <class T>
bool is_ready(const std::future<T>& coming) {
    return coming.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace saccade
