#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "autograd/var.hpp"
#include "base/rng.hpp"

namespace saccade {

/// How scores become weights. One file each (align_*.cpp).
enum class Alignment {
    softmax,      // global, soft: every key gets some weight
    hard_argmax,  // the best key gets all
    hard_sample,  // one key, drawn with its softmax weight as probability
    local_m,      // softmax within a window about p_i = i
    local_p,      // softmax within a window about a predicted p_i, under a Gaussian
};

struct AlignmentFunction {
    Alignment kind;
    std::string id, title, equation, source;
};
/// All of them, in the order of the choices.
const std::vector<AlignmentFunction>& alignment_functions();
const AlignmentFunction& alignment_function(Alignment kind);
/// Error{usage} lists them.
const AlignmentFunction& alignment_function(const std::string& id);

struct AlignSettings {
    Alignment function = Alignment::softmax;
    double temperature = 1;  // scores are divided by it. 0: all weight on the largest; infinity: uniform
    double window = 5;       // D of the local ones: keys within D of the centre. Infinity: all keys
    bool operator==(const AlignSettings&) const = default;
};

/// The alignment function of Bahdanau 2014, eq. 6: a_ij = exp(e_ij) / sum_k exp(e_ik), of scores / temperature (Hinton 2015).
/// scores [..., n_keys] -> weights of the same shape; every row sums to 1, or is 0 throughout if the mask leaves no key.
/// `mask`: 0 or -inf (mask.hpp), broadcasts over leading axes; empty: none. Temperature 0: the first largest gets all.
template <class T>
Var<T> align_softmax(const Var<T>& scores, const Tensor<T>& mask = {}, double temperature = 1);

/// Weight 1 on the first of the largest scores, 0 elsewhere: no gradient.
template <class T>
Tensor<T> align_hard_argmax(const Tensor<T>& scores, const Tensor<T>& mask = {});

/// Weight 1 on one key a row, drawn from align_softmax(scores) as a multinoulli (Xu 2015, eq. 8 and 9): no gradient.
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
