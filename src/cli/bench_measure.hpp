#pragma once

#include <functional>
#include <string>
#include <vector>

namespace saccade {

double milliseconds(const std::function<void()>& work);
double quantile(std::vector<double> values, double q);
/// What a command printed; empty if it failed.
std::string output_of(const std::string& command);

}  // namespace saccade
