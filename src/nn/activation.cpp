#include "nn/activation.hpp"

#include <algorithm>

#include "autograd/ops_hard.hpp"
#include "base/error.hpp"

namespace saccade {

const std::vector<Activation>& activations() {
    static const std::vector<Activation> all = {{"relu", "max(0, x)", relu<float>, relu<double>},
                                                {"gelu", "gelu(x)", gelu<float>, gelu<double>},
                                                {"gelu_tanh", "gelu(x)", gelu_tanh<float>, gelu_tanh<double>},
                                                {"silu", "silu(x)", silu<float>, silu<double>},
                                                {"hard_swish", "hardswish(x)", hard_swish<float>, hard_swish<double>}};
    return all;
}

const Activation& activation(const std::string& id) {
    const auto found = std::ranges::find(activations(), id, &Activation::id);
    if (found != activations().end()) return *found;
    std::string ids;
    for (const Activation& a : activations()) ids += (ids.empty() ? "" : ", ") + a.id;
    throw Error(ErrorCode::invalid_input, "there is no activation '" + id + "'", "choose one of: " + ids);
}

}  // namespace saccade
