#pragma once

#include "attention/align.hpp"

// What the alignment functions' files share; for attention/align*.cpp alone.

namespace saccade {

/// One line each, in the order of the choices: ID_align_function() of a file align_*.cpp.
// clang-format off
#define SACCADE_ALIGN_FUNCTIONS(each) \
    each(softmax) \
    each(hard_argmax) \
    each(hard_sample) \
    each(local_m) \
    each(local_p) \
    each(sparsemax) \
    each(entmax15)

// clang-format on

#define SACCADE_DECLARE(id) AlignFunction id##_align_function();
SACCADE_ALIGN_FUNCTIONS(SACCADE_DECLARE)
#undef SACCADE_DECLARE

template <template <class> class A, class T>
std::unique_ptr<Align<T>> make_align_of(const AlignSettings& settings, const FunctionParameters<T>& parameters) {
    if constexpr (std::is_constructible_v<A<T>, const AlignSettings&, const FunctionParameters<T>&>)
        return std::make_unique<A<T>>(settings, parameters);
    else
        return std::make_unique<A<T>>(settings);
}

/// Each row's scores less the largest of them, which no normalisation sees, over a temperature above 0; the mask is added. At
/// an infinite temperature 0, and -inf where there is no key. Error{invalid_input} if the temperature is invalid.
template <class T>
Var<T> below_largest(const Var<T>& scores, const Tensor<T>& mask, double temperature);

/// The same, divided by `over` too, and shown as "shifted": what thresholds are found among.
template <class T>
Var<T> shown_below_largest(const AlignCall<T>& call, const AlignText& text, double temperature, double over,
                           const Observer& observe);

// Right sides of rules over "@scores", and "@mask" where there is a window.

std::string softmax_rule(double temperature, bool windowed);
std::string argmax_rule(bool windowed);

/// How align_softmax makes the tensor `result` of scores, and align_hard_argmax.
How softmax_how(const AlignText& text, const std::string& result, const std::string& symbol, double temperature);
How argmax_how(const AlignText& text, const std::string& result, const std::string& symbol, const std::string& source);

}  // namespace saccade
