#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "base/rng.hpp"
#include "model/recurrent_layer.hpp"
#include "model/weights.hpp"
#include "nn/linear.hpp"
#include "trace/observer.hpp"

namespace saccade {

struct DateQuestionsSizes {
    Index vocabulary = 0;
    Index questions = 3;  // year, month, day
    Index answers = 0;
    Index embedding = 24;
    Index hidden = 32;     // units per direction
    Index attention = 32;  // of the additive scores
    Index question = 16;   // features of an embedded question
    Index reading = 64;    // units between pooled vector and answer
};

/// Answers questions about a short text from one vector, pooled in three ways from the same annotations:
///
///   h_j = [forward h_j; backward h_j], two GRUs over the embedded characters      u_q: the embedded question
///   focus  e_qj = v_a . tanh(W_a u_q + U_a h_j)    alpha_q = softmax(e_q)    p_q = sum_j alpha_qj h_j     (Bahdanau 2014,
///   A.1.2) max    p_k = max_j h_jk                                                            (attention/pooling_max.hpp) gate
///   g_j = sigmoid(v_g . h_j + b_g)    p = sum_j g_j h_j / sum_j g_j              (attention/pooling_gate.hpp)
///
/// Each has its own readout: r = tanh(W_p p + W_q u_q + b), answer = softmax(W_o r + b_o), so max and gate too know what is
/// asked, but only after they have pooled.
template <class T>
class DateQuestions {
 public:
    /// Sizes are read from the shapes. Error{bad_format} if tensors are missing or do not fit.
    explicit DateQuestions(const Weights<T>& weights);
    const DateQuestionsSizes& sizes() const { return sizes_; }

    /// What each mechanism answers to every question, and where it looked.
    struct Result {
        Var<T> focus, max, gate;  // logits [B, questions, answers]
        Var<T> focus_weights;     // [B, questions, length]
    };
    Result answer(const PaddedTexts& texts) const;

    /// Where each looked: focus [questions, length], max and gate [length].
    struct Maps {
        Tensor<float> focus, max, gate;
    };
    /// Answer ids of each, questions in all, and the maps.
    struct Answered {
        Ids focus, max, gate;
        Maps maps;
    };
    /// One text, every tensor shown. Error{cancelled}.
    Answered run(const Ids& text, const Observer& observe, const std::stop_token& stop) const;

 private:
    struct Readout {
        Var<T> pooled_weight;
        Var<T> question_weight;
        Var<T> bias;
        Linear<T> answer;
    };
    Readout readout_of(const Weights<T>& weights, const std::string& name) const;
    Var<T> annotations(const PaddedTexts& texts, const Observer& observe, const std::stop_token& stop) const;
    Var<T> reading(const Readout& readout, const Var<T>& pooled, const Var<T>& questions) const;
    /// `pooled` [questions or 1, 2 * hidden]; as it stands in rules, with index k, and in formulas.
    struct Pooled {
        Var<T> values;
        std::string rule, formula;
    };
    Ids answers(const std::string& name, const Readout& readout, const Pooled& pooled, const Var<T>& questions,
                const Observer& observe) const;
    /// What one mechanism read, and where.
    struct Reading {
        Pooled pooled;
        Tensor<float> map;
    };
    Reading pool_by_focus(const Var<T>& annotations, const Var<T>& questions, const Observer& observe) const;
    Reading pool_by_gate(const Var<T>& annotations, const Observer& observe) const;

    DateQuestionsSizes sizes_;
    Var<T> table_, question_table_;
    RecurrentCell<T> forward_, backward_;
    Var<T> query_weight_, key_weight_, score_vector_;
    Linear<T> gate_;
    Readout focus_, max_, gated_;
};

template <>
typename DateQuestions<float>::Reading DateQuestions<float>::pool_by_focus(const Var<float>& annotations,
                                                                           const Var<float>& questions,
                                                                           const Observer& observe) const;
template <>
typename DateQuestions<float>::Reading DateQuestions<float>::pool_by_gate(const Var<float>& annotations,
                                                                          const Observer& observe) const;
template <>
Ids DateQuestions<float>::answers(const std::string& name, const Readout& readout, const Pooled& pooled,
                                  const Var<float>& questions, const Observer& observe) const;
template <>
typename DateQuestions<float>::Answered DateQuestions<float>::run(const Ids& text, const Observer& observe,
                                                                  const std::stop_token& stop) const;

/// Embeddings standard normal, matrices uniform in +-1 / sqrt(fan in), biases 0.
WeightMap initial_date_questions_weights(const DateQuestionsSizes& sizes, Rng& rng);

}  // namespace saccade
