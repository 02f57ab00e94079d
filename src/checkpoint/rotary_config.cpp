#include "checkpoint/rotary_config.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"

// How configs write rotary frequencies: a base, and how they are stretched for texts that are longer than those of the training
// (linear: Chen 2023; llama3: Grattafiori 2024).

namespace saccade {

namespace {

/// The object under a key, if there is one that is not null.
const nlohmann::json* given(const JsonObject& config, const char* key) {
    const nlohmann::json* value = config.find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
}

/// As "llama3" stretches them: slow turns by the factor, fast ones not at all, those between by a share.
void stretch_slow(Tensor<float>& theta, const JsonObject& scaling, double factor) {
    double low = 0, high = 0, trained = 0;
    scaling.needs({"low_freq_factor", "high_freq_factor", "original_max_position_embeddings"});
    scaling.number("low_freq_factor", low, 1e-6, 1e6);
    scaling.number("high_freq_factor", high, low + 1e-6, 1e6);
    scaling.number("original_max_position_embeddings", trained, 1, 1e9);
    for (float& value : theta.values()) {
        const double turns = trained * static_cast<double>(value) / (2 * std::numbers::pi);  // within the trained length
        const double kept = std::clamp((turns - low) / (high - low), 0.0, 1.0);
        value = static_cast<float>(static_cast<double>(value) * (kept + (1 - kept) / factor));
    }
}

}  // namespace

Tensor<float> rotary_frequencies(Index units, Index turned, double base, double stretch) {
    Tensor<float> theta(Shape{units / 2});
    for (Index i = 0; i < turned / 2; ++i)
        theta.data()[i] =
            static_cast<float>(std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(turned)) / stretch);
    return theta;
}

Tensor<float> rotary_of(const JsonObject& config, Index units, Index turned, const std::string& where, const char* base_key) {
    double base = 10000;
    config.number(base_key, base, 1, 1e12);
    config.number("rope_theta", base, 1, 1e12);
    const nlohmann::json* all = given(config, "rope_parameters");
    const nlohmann::json* how = all != nullptr ? all : given(config, "rope_scaling");
    if (how == nullptr) return rotary_frequencies(units, turned, base);
    const JsonObject scaling(*how, where + ": config.json's " + (all != nullptr ? "rope_parameters" : "rope_scaling"));
    scaling.number("rope_theta", base, 1, 1e12);
    std::string kind = "default";
    scaling.text("type", kind, 64);
    scaling.text("rope_type", kind, 64);
    if (kind == "default") return rotary_frequencies(units, turned, base);
    if (kind != "linear" && kind != "llama3")
        throw Error(ErrorCode::unsupported, fmt::format("{}: rotary positions of type '{}' are not known", where, kind),
                    "default, linear and llama3 are");
    double factor = 1;
    scaling.needs({"factor"});
    scaling.number("factor", factor, 1, 1e6);
    if (kind == "linear") return rotary_frequencies(units, turned, base, factor);
    Tensor<float> theta = rotary_frequencies(units, turned, base);
    stretch_slow(theta, scaling, factor);
    return theta;
}

double rotary_share_of(const JsonObject& config, const char* key, double otherwise) {
    double share = otherwise;
    config.number(key, share, 0, 1);
    config.number("partial_rotary_factor", share, 0, 1);
    if (const nlohmann::json* all = given(config, "rope_parameters"))
        JsonObject(*all, "config.json's rope_parameters").number("partial_rotary_factor", share, 0, 1);
    return share;
}

void whole_or_null(const JsonObject& config, const char* key, Index& target, Index least, Index most) {
    if (given(config, key) != nullptr) config.whole(key, target, least, most);
}

}  // namespace saccade
