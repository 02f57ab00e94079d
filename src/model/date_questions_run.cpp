#include <fmt/core.h>

#include <algorithm>

#include "attention/context.hpp"
#include "attention/pooling_gate.hpp"
#include "attention/pooling_max.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/date_questions.hpp"
#include "nn/rules.hpp"

// One text with every tensor shown.

namespace saccade {

namespace {

const std::string bahdanau = "Bahdanau 2014, A.1.2; the query is the question's";
const std::string max_source = "Collobert 2011, section 3.3.2; Conneau 2017";
const std::string gate_source = "gates: Dauphin 2017, eq. 1; averaged";

/// Which token each feature takes, what it reads there, and the share of the features that each token wins.
struct WonByTokens {
    Tensor<float> pooled, saliency;
};

WonByTokens look_by_max(const Tensor<float>& annotations, const Observer& observe) {
    const Tensor<float> selection = observe("max.weights", max_selection(annotations), [&] {
        return Shown{.role = Role::weights,
                     .symbol = "s",
                     .title = "Max pooling: which token each feature takes",
                     .unit = "weight",
                     .axes = {"annotation", "source"},
                     .step = {"choose", "s_kj = 1 where j = argmax_j h_jk, else 0",
                              "@max.weights[k,j] = argmax_i(@annotations[i,k]) == j", max_source}};
    });
    const Tensor<float> pooled = observe("max.pooled", read_selection(selection, annotations), [&] {
        return Shown{.role = Role::context,
                     .symbol = "p",
                     .title = "Read by max pooling",
                     .axes = {"annotation"},
                     .step = {"read", "p_k = max_j h_jk = Σ_j s_kj h_jk",
                              "@max.pooled[k] = sum_j(@max.weights[k,j] * @annotations[j,k])", max_source}};
    });
    return {pooled, observe("max.saliency", selection_saliency(selection), [&] {
                return Shown{.role = Role::map,
                             .symbol = "s",
                             .title = "Max pooling: share of features won",
                             .unit = "share",
                             .axes = {"source"},
                             .step = {"count", "s_j = Σ_k s_kj / d", "@max.saliency[j] = mean_k(@max.weights[k,j])",
                                      "the share of the features that the token wins, as InferSent draws it (Conneau 2017)"}};
            })};
}

}  // namespace

template <>
DateQuestions<float>::Reading DateQuestions<float>::pool_by_focus(const Var<float>& h, const Var<float>& u,
                                                                  const Observer& observe) const {
    const Var<float> queries = observe("focus.queries", affine(u, query_weight_, {}), [&] {
        return Shown{
            .role = Role::query,
            .symbol = "q",
            .title = "Queries: the questions",
            .axes = {"question", "attention"},
            .step = {"project", "q_q = W_a u_q",
                     "@focus.queries[q,a] = " + rules::linear('u', "@focus.query_weight[a,u]", "@question.embedding[q,u]"),
                     bahdanau},
            .parameters = {{"@focus.query_weight", "W_a", {"attention", "question_feature"}, query_weight_.value()}}};
    });
    const Var<float> keys = observe("focus.keys", affine(h, key_weight_, {}), [&] {
        return Shown{
            .role = Role::key,
            .symbol = "k",
            .title = "Keys",
            .axes = {"source", "attention"},
            .step = {"project", "k_j = U_a h_j",
                     "@focus.keys[j,a] = " + rules::linear('k', "@focus.key_weight[a,k]", "@annotations[j,k]"), bahdanau},
            .parameters = {{"@focus.key_weight", "U_a", {"attention", "annotation"}, key_weight_.value()}}};
    });
    const Var<float> asked = reshape(queries, {1, sizes_.questions, sizes_.attention});
    const Var<float> scores = observe("focus.scores", additive_scores(asked, keys, score_vector_), [&] {
        return Shown{
            .role = Role::scores,
            .symbol = "e",
            .title = "Scores of focus",
            .axes = {"question", "source"},
            .step = {"score", "e_qj = v_a · tanh(W_a u_q + U_a h_j)",
                     "@focus.scores[q,j] = sum_a(@focus.vector[a] * tanh(@focus.queries[q,a] + @focus.keys[j,a]))", bahdanau},
            .parameters = {{"@focus.vector", "v_a", {"attention"}, score_vector_.value()}}};
    });
    const Var<float> alpha = observe("focus.weights", softmax(scores), [&] {
        return Shown{.role = Role::weights,
                     .symbol = "α",
                     .title = "Focus: weights by question",
                     .unit = "weight",
                     .axes = {"question", "source"},
                     .step = {"align", "α_qj = exp(e_qj) / Σ_k exp(e_qk)",
                              "@focus.weights[q,j] = " + rules::softmax('j', "@focus.scores[q,j]"), "Bahdanau 2014, eq. 6"}};
    });
    const Index d = 2 * sizes_.hidden, length = h.shape().size() / d;
    const Var<float> read = observe("focus.context", reshape(context(alpha, h), {sizes_.questions, d}), [&] {
        return Shown{.role = Role::context,
                     .symbol = "p",
                     .title = "Read by focus",
                     .axes = {"question", "annotation"},
                     .step = {"read", "p_q = Σ_j α_qj h_j",
                              "@focus.context[q,k] = sum_j(@focus.weights[q,j] * @annotations[j,k])", "Bahdanau 2014, eq. 5"}};
    });
    return {{read, observe.name("focus.context[q,k]"), "p_q"}, alpha.value().reshape({sizes_.questions, length})};
}

template <>
DateQuestions<float>::Reading DateQuestions<float>::pool_by_gate(const Var<float>& h, const Observer& observe) const {
    const Index d = 2 * sizes_.hidden, length = h.shape().size() / d;
    const Tensor<float> gates = observe("gate.gates", sigmoid(reshape(gate_(h), {length})).value(), [&] {
        return Shown{.role = Role::gate,
                     .symbol = "g",
                     .title = "Gates",
                     .unit = "gate",
                     .axes = {"source"},
                     .step = {"gate", "g_j = σ(v_g · h_j + b_g)",
                              "@gate.gates[j] = sigmoid(" +
                                  rules::linear('k', "@gate.vector[k]", "@annotations[j,k]", "@gate.bias[0]") + ")",
                              gate_source},
                     .parameters = {{"@gate.vector", "v_g", {"annotation"}, gate_.weight.value().reshape({d})},
                                    {"@gate.bias", "b_g", {"unit"}, gate_.bias.value()}}};
    });
    const Tensor<float> normalised = gate_weights<float>(gates.reshape({1, length})).value().reshape({length});
    const Tensor<float> share = observe("gate.weights", normalised, [&] {
        return Shown{.role = Role::weights,
                     .symbol = "w",
                     .title = "Gating: weights without a question",
                     .unit = "weight",
                     .axes = {"source"},
                     .step = {"normalise", "w_j = g_j / Σ_k g_k; 0 where every gate is shut",
                              "@gate.weights[j] = @gate.gates[j] / (sum_i(@gate.gates[i]) + (sum_i(@gate.gates[i]) == 0))",
                              gate_source}};
    });
    const Tensor<float> read = observe("gate.context", context<float>(share.reshape({1, length}), h).value().reshape({d}), [&] {
        return Shown{
            .role = Role::context,
            .symbol = "p",
            .title = "Read by gating",
            .axes = {"annotation"},
            .step = {"read", "p = Σ_j w_j h_j", "@gate.context[k] = sum_j(@gate.weights[j] * @annotations[j,k])", gate_source}};
    });
    return {{read.reshape({1, d}), observe.name("gate.context[k]"), "p"}, share};
}

template <>
Ids DateQuestions<float>::answers(const std::string& name, const Readout& readout, const Pooled& pooled,
                                  const Var<float>& questions, const Observer& run) const {
    const Observer observe = run.named(run.name(name + "."));
    const std::string asked = run.name("question.embedding[q,u]");
    const Var<float> read = observe("reading", reading(readout, pooled.values, questions), [&] {
        return Shown{.role = Role::state,
                     .symbol = "r",
                     .title = "What " + name + " read",
                     .axes = {"question", "reading"},
                     .step = {"read out", fmt::format("r = tanh(W_p {} + W_q u_q + b)", pooled.formula),
                              fmt::format("@reading[q,c] = tanh({} + {})",
                                          rules::linear('k', "@readout.pooled_weight[c,k]", pooled.rule),
                                          rules::linear('u', "@readout.question_weight[c,u]", asked, "@readout.bias[c]")),
                              "a layer of tanh over [p; u_q]"},
                     .parameters = {
                         {"@readout.pooled_weight", "W_p", {"reading", "annotation"}, readout.pooled_weight.value()},
                         {"@readout.question_weight", "W_q", {"reading", "question_feature"}, readout.question_weight.value()},
                         {"@readout.bias", "b", {"reading"}, readout.bias.value()}}};
    });
    const Var<float> logits = observe("logits", readout.answer(read), [&] {
        return Shown{.role = Role::logits,
                     .symbol = "o",
                     .title = "Logits of " + name,
                     .unit = "logit",
                     .axes = {"question", "answer"},
                     .step = {"read out", "o = W_o r + b_o",
                              "@logits[q,o] = " + rules::linear('c', "@answer.weight[o,c]", "@reading[q,c]", "@answer.bias[o]"),
                              "softmax regression"},
                     .parameters = {{"@answer.weight", "W_o", {"answer", "reading"}, readout.answer.weight.value()},
                                    {"@answer.bias", "b_o", {"answer"}, readout.answer.bias.value()}}};
    });
    const Tensor<float> p =
        observe("probabilities", softmax(logits), [&] {
            return Shown{.role = Role::probabilities,
                         .symbol = "p",
                         .title = "Answers of " + name,
                         .unit = "probability",
                         .axes = {"question", "answer"},
                         .step = {"normalise", "p(answer | text, question) = softmax(o)",
                                  "@probabilities[q,o] = " + rules::softmax('o', "@logits[q,o]"), "softmax regression"}};
        }).value();
    Ids best;
    for (Index q = 0; q < p.shape()[0]; ++q) {
        const Tensor<float> row = p.row(q);
        best.push_back(std::ranges::max_element(row.values()) - row.values().begin());
    }
    return observe.ids("answer", best, sizes_.answers, [&] {
        return Shown{
            .role = Role::output,
            .symbol = "a",
            .title = "Answers of " + name + " (ids)",
            .axes = {"question"},
            .step = {"choose", "the answer with the largest probability", "@answer[q] = argmax_o(@probabilities[q,o])"}};
    });
}

template <>
DateQuestions<float>::Answered DateQuestions<float>::run(const Ids& text, const Observer& observe,
                                                         const std::stop_token& stop) const {
    const Ids read = observe.ids("source.id", text, sizes_.vocabulary, [] {
        return Shown{.role = Role::input, .symbol = "x", .title = "Source characters (ids)", .axes = {"source"}};
    });
    const PaddedTexts texts{read, {static_cast<Index>(read.size())}};
    const Index length = texts.lengths[0], d = 2 * sizes_.hidden;
    const Var<float> h = annotations(texts, observe, stop);
    const Var<float> u = observe("question.embedding", question_table_, [&] {
        return Shown{
            .role = Role::embedding,
            .symbol = "u",
            .title = "Embedded questions",
            .axes = {"question", "question_feature"},
            .step = {"embed", "u_q: a learned row a question",
                     "@question.embedding[q,u] = " + rules::embedding("@question.embedding.weight", "q", 'u')},
            .parameters = {{"@question.embedding.weight", "E_q", {"question", "question_feature"}, question_table_.value()}}};
    });
    check_stop(stop);
    const Reading focus = pool_by_focus(h, u, observe), gate = pool_by_gate(h, observe);
    const WonByTokens max = look_by_max(h.value().reshape({length, d}), observe);
    const Pooled of_max{max.pooled.reshape({1, d}), observe.name("max.pooled[k]"), "p"};
    check_stop(stop);
    return {answers("focus", focus_, focus.pooled, u, observe),
            answers("max", max_, of_max, u, observe),
            answers("gate", gated_, gate.pooled, u, observe),
            {focus.map, max.saliency, gate.map}};
}

}  // namespace saccade
