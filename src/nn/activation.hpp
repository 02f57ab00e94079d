#pragma once

#include <string>
#include <vector>

#include "autograd/ops.hpp"

namespace saccade {

/// What stands between the two maps of a feed-forward network. `id` is what cards say, and its function in rules
/// (trace/formula.hpp).
struct Activation {
    std::string id;
    std::string symbol;  // "gelu(x)", for formulas
    Var<float> (*of)(const Var<float>&);
    Var<double> (*of_double)(const Var<double>&);

    Var<float> operator()(const Var<float>& x) const { return of(x); }
    Var<double> operator()(const Var<double>& x) const { return of_double(x); }
};

/// relu; gelu (exact) and gelu_tanh (Hendrycks and Gimpel 2016); silu (Elfwing 2017); hard_swish (Howard 2019).
const std::vector<Activation>& activations();
/// Error{invalid_input} lists them.
const Activation& activation(const std::string& id);

}  // namespace saccade
