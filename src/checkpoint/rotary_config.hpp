#pragma once

#include <string>

#include "io/json_text.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// 1 / base^(2i/turned) for each pair that is turned, divided by `stretch`, then 0: [units / 2].
Tensor<float> rotary_frequencies(Index units, Index turned, double base, double stretch = 1);
/// Rotary frequencies as a config gives them, of `turned` units of a head: "rope_theta" (or `base_key`) and "rope_scaling", or
/// both in "rope_parameters"; [units / 2]. `score_factor`: by what scores are multiplied besides (YaRN, where all units turn);
/// null: such ways are refused. Error{unsupported} for ways to stretch them that are not known, {bad_format} where a number is
/// missing.
Tensor<float> rotary_of(const JsonObject& config, Index units, Index turned, const std::string& where,
                        const char* base_key = "rope_theta", double* score_factor = nullptr);
/// A share of each head that is turned: config["partial_rotary_factor"] or `key`, or what "rope_parameters" says.
double rotary_share_of(const JsonObject& config, const char* key, double otherwise);
/// A whole number that may be null, or missing: then the target stays.
void whole_or_null(const JsonObject& config, const char* key, Index& target, Index least, Index most);

}  // namespace saccade
