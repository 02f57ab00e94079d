#include "nn/rules.hpp"

#include <fmt/core.h>

namespace saccade::rules {

std::string linear(char over, const std::string& weight, const std::string& x, const std::string& bias) {
    return fmt::format("sum_{}({} * {}){}", over, weight, x, bias.empty() ? "" : " + " + bias);
}

std::string embedding(const std::string& table, const std::string& id, char feature) {
    return fmt::format("{}[{},{}]", table, id, feature);
}

std::string softmax(char over, const std::string& x) {
    return fmt::format("softmax_{}({})", over, x);
}

std::string layer_norm(const Operand& x_of, char unit, const std::string& gain, const std::string& bias, double epsilon) {
    return fmt::format("({0} - mean_m({1})) / sqrt(mean_m(square({1} - mean_n({2}))) + {5}) * {3} + {4}", x_of(unit), x_of('m'),
                       x_of('n'), gain, bias, epsilon);
}

std::string rms_norm(const Operand& x_of, char unit, const std::string& gain, double epsilon) {
    return fmt::format("{} / sqrt(mean_m(square({})) + {}) * {}", x_of(unit), x_of('m'), epsilon, gain);
}

std::string dot(const std::string& query, const std::string& key) {
    return fmt::format("sum_u({} * {})", query, key);
}

std::string scaled_dot(const std::string& query, const std::string& key, long d) {
    return fmt::format("{} / sqrt({})", dot(query, key), d);
}

std::string feed_back(const std::string& written, const std::string& first) {
    return fmt::format("{}[i-1] else {}", written, first);
}

std::string or_else(const std::string& at, const std::string& otherwise) {
    return fmt::format("({} else {})", at, otherwise);
}

}  // namespace saccade::rules
