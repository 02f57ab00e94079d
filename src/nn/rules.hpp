#pragma once

#include <functional>
#include <string>

// Right sides of rules (trace/formula.hpp) that many layers share, each written once. Operands are given as they stand in the
// rule, with their indices: "encoder.norm1[l,i,m]". x_of(letter) is an operand with its innermost index replaced.

namespace saccade::rules {

using Operand = std::function<std::string(char letter)>;

/// y = W x + b: "sum_m(W * x) + b", `over` the letter m of the inputs. `bias` empty: none.
std::string linear(char over, const std::string& weight, const std::string& x, const std::string& bias = {});
/// Row `id` of a table: "table[id,m]".
std::string embedding(const std::string& table, const std::string& id, char feature);
/// "softmax_j(x)".
std::string softmax(char over, const std::string& x);
/// Ba 2016, eq. 4, over the letter `unit` of the result; m and n are taken by the two means. Gain and bias with their indices.
std::string layer_norm(const Operand& x_of, char unit, const std::string& gain, const std::string& bias, double epsilon = 1e-5);
/// Zhang and Sennrich 2019, eq. 4: as above, m is taken.
std::string rms_norm(const Operand& x_of, char unit, const std::string& gain, double epsilon);
inline constexpr const char* rms_norm_formula = "RMS(x) = x / sqrt(mean(x²)) ⊙ γ";
inline constexpr const char* rms_norm_source = "Zhang and Sennrich 2019, eq. 4";
inline constexpr const char* layer_norm_formula = "LN(x) = (x − μ) / σ ⊙ γ + β";
inline constexpr const char* layer_norm_source = "Ba 2016, eq. 4";
/// q · k, over their units, letter u.
std::string dot(const std::string& query, const std::string& key);
/// q · k / sqrt(d).
std::string scaled_dot(const std::string& query, const std::string& key, long d);
/// What a decoder reads at step i: what it wrote at i - 1, and `first` before the first.
std::string feed_back(const std::string& written, const std::string& first);
/// `at` where it lies on the axis, `otherwise` before or after it: "(decoder.state[i-1,k] else 0)".
std::string or_else(const std::string& at, const std::string& otherwise);

}  // namespace saccade::rules
