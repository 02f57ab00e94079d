#include "checkpoint/rotary_config.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"

// How configs write rotary frequencies: a base, and how they are stretched for texts that are longer than those of the training
// (linear: Chen 2023; llama3: Grattafiori 2024; dynamic and yarn: Peng 2023, "YaRN: efficient context window extension of large
// language models").

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

/// As "yarn" stretches them (Peng 2023, section 3.2): units that turn less often than beta_slow times within the trained length
/// by the factor, those that turn more often than beta_fast times not at all, those between by a share of their place. What
/// multiplies queries and keys alike (section 3.3) comes out squared, as a factor of the scores.
double stretch_by_parts(Tensor<float>& theta, const JsonObject& config, const JsonObject& scaling, Index turned, double base,
                        double factor) {
    double fast = 32, slow = 1, trained = 0, all_scale = 0, scale = 0, given_factor = 0;
    bool truncate = true;
    config.number("max_position_embeddings", trained, 1, 1e9);
    if (given(scaling, "original_max_position_embeddings") != nullptr)
        scaling.number("original_max_position_embeddings", trained, 1, 1e9);
    if (given(scaling, "beta_fast") != nullptr) scaling.number("beta_fast", fast, 1e-6, 1e6);
    if (given(scaling, "beta_slow") != nullptr) scaling.number("beta_slow", slow, 1e-6, 1e6);
    if (given(scaling, "mscale") != nullptr) scaling.number("mscale", scale, 0, 1e6);
    if (given(scaling, "mscale_all_dim") != nullptr) scaling.number("mscale_all_dim", all_scale, 0, 1e6);
    if (given(scaling, "attention_factor") != nullptr) scaling.number("attention_factor", given_factor, 0, 1e6);
    scaling.toggle("truncate", truncate);
    if (trained == 0) scaling.needs({"original_max_position_embeddings"});
    const auto place = [&](double turns) {  // of the pair that turns so often within the trained length
        return static_cast<double>(turned) * std::log(trained / (turns * 2 * std::numbers::pi)) / (2 * std::log(base));
    };
    const double low = std::max(truncate ? std::floor(place(fast)) : place(fast), 0.0);
    double high = std::min(truncate ? std::ceil(place(slow)) : place(slow), static_cast<double>(turned - 1));
    if (high == low) high += 0.001;
    for (Index i = 0; i < turned / 2; ++i) {
        const double stretched = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
        const double plain = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(turned));
        theta.data()[i] = static_cast<float>(plain / factor * stretched + plain * (1 - stretched));
    }
    const auto magnitude = [&](double by) { return factor <= 1 ? 1.0 : 0.1 * by * std::log(factor) + 1; };
    const double both = given_factor > 0             ? given_factor
                        : scale > 0 && all_scale > 0 ? magnitude(scale) / magnitude(all_scale)
                                                     : magnitude(1);
    return both * both;
}

}  // namespace

Tensor<float> rotary_frequencies(Index units, Index turned, double base, double stretch) {
    Tensor<float> theta(Shape{units / 2});
    for (Index i = 0; i < turned / 2; ++i)
        theta.data()[i] =
            static_cast<float>(std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(turned)) / stretch);
    return theta;
}

Tensor<float> rotary_of(const JsonObject& config, Index units, Index turned, const std::string& where, const char* base_key,
                        double* score_factor) {
    double base = 10000;
    config.number(base_key, base, 1, 1e12);
    config.number("rope_theta", base, 1, 1e12);
    const nlohmann::json* all = given(config, "rope_parameters");
    const nlohmann::json* how = all != nullptr ? all : given(config, "rope_scaling");
    if (how == nullptr) return rotary_frequencies(units, turned, base);
    const JsonObject scaling(*how, where + ": config.json's " + (all != nullptr ? "rope_parameters" : "rope_scaling"));
    scaling.number("rope_theta", base, 1, 1e12);
    std::string kind = "default";
    std::string older;
    scaling.text("type", older, 64);
    scaling.text("rope_type", kind, 64);
    if (scaling.find("rope_type") == nullptr && !older.empty()) kind = older;
    if (!older.empty() && older != kind)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: rotary positions are of rope_type '{}' and of type '{}'", where, kind, older),
                    "keep one of both in config.json");
    // "dynamic" lets the base grow with a text that is longer than those of the training (Peng 2023, section 3.1); up to there,
    // where texts end here, it is what it was.
    double factor = 1;
    if (kind == "dynamic") scaling.needs({"factor"}).number("factor", factor, 1, 1e6);
    if (kind == "default" || kind == "dynamic") return rotary_frequencies(units, turned, base);
    const bool by_parts = kind == "yarn" && score_factor != nullptr;
    if (kind != "linear" && kind != "llama3" && !by_parts)
        throw Error(ErrorCode::unsupported, fmt::format("{}: rotary positions of type '{}' are not known", where, kind),
                    score_factor != nullptr ? "default, linear, llama3, dynamic and yarn are"
                                            : "default, linear, llama3 and dynamic are");
    scaling.needs({"factor"});
    scaling.number("factor", factor, 1, 1e6);
    if (kind == "linear") return rotary_frequencies(units, turned, base, factor);
    Tensor<float> theta = rotary_frequencies(units, turned, base);
    if (by_parts)
        *score_factor = stretch_by_parts(theta, config, scaling, turned, base, factor);
    else
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
