#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attention/function_parameter.hpp"
#include "base/rng.hpp"
#include "trace/observer.hpp"

namespace saccade {

// How scores become weights: a registry of functions, each in a file of its own (align_*.cpp) that computes, shows and
// explains.

/// What the user chooses.
struct AlignSettings {
    std::string function = "softmax";  // id of an AlignFunction
    double temperature = 1;            // scores are divided by it. 0: all weight on the largest; infinity: uniform
    double window = 5;                 // D of the local ones: keys within D of the centre. Infinity: all keys
    bool operator==(const AlignSettings&) const = default;
};

/// Extents that the parameters of an alignment function depend on.
struct AlignSizes {
    Index state = 0;    // of the state that makes the query
    Index hidden = 64;  // units of predicted centres, on the axis "centre"
};

/// What is to be aligned, a row each.
template <class T>
struct AlignCall {
    Var<T> scores;             // [B, n]
    Tensor<T> mask{};          // 0 or -inf (mask.hpp), broadcasts over leading axes; empty: none
    Var<T> state{};            // that asks, [B, state]. This, step and lengths: for the local ones
    Index step = 0;            // i
    Tensor<T> lengths{};       // number of keys, [B]
    Rng* rng = nullptr;        // for those that sample; without it they take the likeliest key
    bool expectation = false;  // in training, those that sample give their probabilities themselves (Xu 2015, section 4.1)
};

/// What the tensors of an alignment are called. In rules scores are "@scores", the letters i (queries) and j (keys).
struct AlignText {
    std::vector<std::string> axes{"output", "source"};
    std::string symbol = "α", title = "Attention weights", operation = "align";
    std::string softmax_source = "Bahdanau 2014, eq. 6";
    // What those that sample draw from, and by.
    std::string chances = "policy", chances_symbol = "π", chances_title = "Probability of each position";
    std::string draws_title = "Random numbers";
    std::string s = "s_i";                               // the state that asks, in formulas
    std::function<std::string(char letter)> state = {};  // and in rules
};

template <class T>
struct Aligned {
    Var<T> weights;    // [B, n]
    Var<T> chances{};  // of those that sample: what they drew from
};

/// An alignment function with its settings and parameters.
template <class T>
class Align {
 public:
    explicit Align(const AlignSettings& settings) : settings_(settings) {}
    virtual ~Align() = default;
    /// Scores to weights of the same shape, both below the observer's prefix; so is what the function has of its own ("mask",
    /// "centres"). A row that the mask leaves no key is 0 throughout.
    Aligned<T> operator()(const AlignCall<T>& call, const AlignText& text = {}, const Observer& observe = {}) const {
        Aligned<T> made = align(call, text, observe);
        made.weights = observe("weights", made.weights, [&] {
            return Shown{.role = Role::weights,
                         .symbol = text.symbol,
                         .title = text.title,
                         .unit = "weight",
                         .axes = text.axes,
                         .step = how(call, text)};
        });
        return made;
    }

 protected:
    /// Computes the weights, and shows everything before them.
    virtual Aligned<T> align(const AlignCall<T>& call, const AlignText& text, const Observer& observe) const = 0;
    /// How the weights follow from what is shown.
    virtual How how(const AlignCall<T>& call, const AlignText& text) const = 0;
    const AlignSettings& settings() const { return settings_; }

 private:
    AlignSettings settings_;
};

/// One way to align, as people choose it.
struct AlignFunction {
    std::string id, title;
    std::string equation, source;  // for tooltips
    std::unique_ptr<Align<float>> (*make)(const AlignSettings&, const FunctionParameters<float>&);
    std::unique_ptr<Align<double>> (*make_double)(const AlignSettings&, const FunctionParameters<double>&);
    std::vector<FunctionParameter> (*parameters)(const AlignSizes&) = [](const AlignSizes&) {
        return std::vector<FunctionParameter>{};
    };
    bool reads_temperature = true;
    bool samples = false;   // draws keys: needs random numbers, and REINFORCE to learn
    bool local = false;     // looks through a window, which needs to know the step
    bool trainable = true;  // false: no gradient and no draw, so that models are trained with another
    /// Does it need nothing but scores?
    bool scores_alone() const { return !local && parameters({}).empty(); }
};

/// All of them, in the order of the choices.
const std::vector<AlignFunction>& align_functions();
/// Error{usage} lists them.
const AlignFunction& align_function(const std::string& id);

/// The function that the settings name. Error{usage}.
template <class T>
std::unique_ptr<Align<T>> make_align(const AlignSettings& settings, const FunctionParameters<T>& parameters = {});

/// The alignment function of Bahdanau 2014, eq. 6: a_ij = exp(e_ij) / sum_k exp(e_ik), of scores / temperature (Hinton 2015).
/// scores [..., n_keys] -> weights of the same shape; every row sums to 1, or is 0 throughout if the mask leaves no key.
/// `mask`: 0 or -inf (mask.hpp), broadcasts over leading axes; empty: none. Temperature 0: the first largest gets all.
template <class T>
Var<T> align_softmax(const Var<T>& scores, const Tensor<T>& mask = {}, double temperature = 1);

/// Weight 1 on the first of the largest scores, 0 elsewhere: no gradient.
template <class T>
Tensor<T> align_hard_argmax(const Tensor<T>& scores, const Tensor<T>& mask = {});

/// Weight 1 on one key per row, drawn from align_softmax(scores) as a multinoulli (Xu 2015, eq. 8 and 9): no gradient.
template <class T>
Tensor<T> align_hard_sample(const Tensor<T>& scores, const Tensor<T>& mask, double temperature, Rng& rng);

/// The window of the local ones: centres [B] -> mask [B, n_keys], 0 where |j - p| <= window, -inf elsewhere (Luong 2015,
/// section 3.2). A window of 0 leaves the key nearest to the centre.
template <class T>
Tensor<T> local_mask(std::span<const T> centres, Index n_keys, double window);

/// Local-p, Luong 2015, eq. 10: softmax(scores) within the window, times exp(-(j - p)^2 / (2 sigma^2)), sigma = window / 2.
/// Not normalised again, as in the paper: a row sums to at most 1. centres p [B]; the mask holds the window too.
template <class T>
Var<T> align_local_p(const Var<T>& scores, const Var<T>& centres, const Tensor<T>& mask, double window, double temperature = 1);

/// Luong 2015, eq. 9: p = S sigmoid(v_p . tanh(W_p s)). state [B, d], weight [h, d], vector [h], lengths S [B] -> centres [B].
template <class T>
Var<T> predicted_centres(const Var<T>& state, const Var<T>& weight, const Var<T>& vector, const Tensor<T>& lengths);

}  // namespace saccade
