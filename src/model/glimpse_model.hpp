#pragma once

#include <nlohmann/json_fwd.hpp>

#include "attention/glimpse.hpp"
#include "attention/retina.hpp"
#include "model/weights.hpp"

namespace saccade {

/// Recurrent visual attention (Mnih 2014, "Recurrent models of visual attention"): a picture is read by a few glimpses, one
/// after another, and each state says where the next one falls.
struct GlimpseDesign {
    Retina retina;
    Index glimpses = 6;             // as trained; it can look more or less often
    Index sensed = 128;             // units of h_g and of h_l
    Index units = 256;              // of the glimpse and of the core
    Index height = 28, width = 28;  // px of the pictures that it learned from; it reads others
    double deviation = 0.15;        // of the policy, in half sides of the picture
};
/// Error{invalid_input}, one line.
void require_valid(const GlimpseDesign& design);
/// As a model's card has it, under "glimpses". Error{bad_format} names `where`.
nlohmann::json to_json(const GlimpseDesign& design);
GlimpseDesign glimpse_design_from_json(const nlohmann::json& card, const std::string& where);
/// Fresh weights: He's for what a rectifier follows, an orthogonal-like recurrence scaled to keep a state's length, a policy
/// that at first looks near the middle.
WeightMap initial_glimpse_weights(const GlimpseDesign& design, Index classes, Rng& rng);

/// Weights by name: what.weight, what.bias, where.weight, where.bias, vector.what, vector.where, vector.bias, core.state,
/// core.glimpse, core.bias, policy.weight, policy.bias, baseline.weight, baseline.bias, classifier.weight, classifier.bias.
template <class T>
class GlimpseModel {
 public:
    /// Error{bad_format}; Error{invalid_input} as require_valid.
    GlimpseModel(const Weights<T>& weights, GlimpseDesign design);

    const GlimpseDesign& design() const { return design_; }
    Index classes() const { return classifier_.weight.shape()[0]; }
    const GlimpseNetwork<T>& network() const { return network_; }

    /// h_{-1} of n paths.
    Tensor<T> blank(Index n) const { return Tensor<T>(Shape{n, design_.units}); }
    /// One look: h_{t-1} [n, units], what the retina saw [n, values] at `place` [n, 2] -> h_t [n, units]. Shows what, where,
    /// vector, state.
    Var<T> read(const Var<T>& state, const Var<T>& seen, const Var<T>& place, const Observer& observe) const {
        return core_(state, network_(seen, place, observe), observe);
    }
    /// Class scores after this look [n, classes]. Shows logits.
    Var<T> logits(const Var<T>& state, const Observer& observe) const;
    /// μ of the next place [n, 2]. Shows policy.
    Var<T> aim(const Var<T>& state, const Observer& observe) const { return location_(state, observe); }
    /// The reward that is expected from here [n] (Mnih 2014, eq. 4: b_t). Shows baseline.
    Var<T> baseline(const Var<T>& state, const Observer& observe) const;

    /// Multiply-adds of one glimpse: no length of the picture's side stands in it.
    Index multiply_adds() const;

 private:
    GlimpseDesign design_;
    GlimpseNetwork<T> network_;
    GlimpseCore<T> core_;
    LocationNetwork<T> location_;
    Linear<T> baseline_, classifier_;
};

/// Paths of fixations over pictures, many at once and with nothing shown: for measuring, and for a fan of samples.
struct GlimpsePaths {
    Tensor<float> places;  // [glimpses, n, 2]
    Tensor<float> logits;  // [glimpses, n, classes]
};
/// pictures [n, height, width], first [n, 2]. `deviation` 0: every next place is the policy's mean; else a sample, by `rng`,
/// or, with `anywhere`, one that is uniform over the picture, whatever the policy says.
GlimpsePaths follow_paths(const GlimpseModel<float>& model, const Tensor<float>& pictures, const Tensor<float>& first,
                          Index glimpses, double deviation, bool anywhere, Rng& rng);

}  // namespace saccade
