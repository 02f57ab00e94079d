#include "attention/decoder_query.hpp"

#include <fmt/core.h>

#include "autograd/ops.hpp"

namespace saccade {

template <class T>
Var<T> DecoderQuery<T>::operator()(const Var<T>& state, const Var<T>& word) const {
    const Var<T> query = affine(state, state_weight, bias);
    return word_weight.empty() ? query : add(query, affine(word, word_weight, Var<T>()));
}

template <class T>
How DecoderQuery<T>::how(const std::string& result, char unit, const Names& names, const DecoderReads& reads,
                         const std::string& source) const {
    std::string formula = fmt::format("q_i = {} h_(i−1)", names.state_symbol);
    std::string rule = fmt::format("@{}[i,{}] = sum_k({}[{},k] * {})", result, unit, names.state_weight, unit, reads.state);
    if (!bias.empty()) formula += " + " + names.bias_symbol;
    if (!word_weight.empty()) {
        formula += " + W_y E y_(i−1)";
        rule += fmt::format(" + sum_m({}[{},m] * {})", names.word_weight, unit, reads.word);
    }
    if (!bias.empty()) rule += fmt::format(" + {}[{}]", names.bias, unit);
    return {"ask", formula, rule, source};
}

template <class T>
std::vector<Parameter> DecoderQuery<T>::parameters(const std::string& units, const Names& names) const {
    std::vector<Parameter> all = {{names.state_weight, names.state_symbol, {units, "state"}, state_weight}};
    if (!bias.empty()) all.push_back({names.bias, names.bias_symbol, {units}, bias});
    if (!word_weight.empty()) all.push_back({names.word_weight, "W_y", {units, "embedding"}, word_weight});
    return all;
}

template struct DecoderQuery<float>;
template struct DecoderQuery<double>;

}  // namespace saccade
