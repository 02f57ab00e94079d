#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/context.hpp"
#include "attention/pooling_gate.hpp"
#include "attention/pooling_max.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/date_questions.hpp"
#include "model/date_questions_layers.hpp"

// One text with every tensor shown, and what each of them follows from.

namespace saccade {

namespace {

/// Whole numbers below `limit`, as the probe gave them back: an intervention may have put any number there.
Ids shown_ids(Probe& probe, const ProbeSite& site, const Ids& ids, Index limit) {
    Tensor<float> values(Shape{static_cast<Index>(ids.size())});
    std::ranges::transform(ids, values.data(), [](Index id) { return static_cast<float>(id); });
    const Tensor<float> shown = probe.whole(site, values);
    Ids result;
    for (const float v : shown.values()) {
        if (!std::isfinite(v) || v != std::floor(v) || v < 0 || v >= static_cast<float>(limit))
            throw Error(ErrorCode::invalid_input, site.name + " was set to a number that is no id",
                        "set it to a whole number from 0 to " + std::to_string(limit - 1));
        result.push_back(static_cast<Index>(v));
    }
    return result;
}

ProbeSite weights_site(const std::string& mechanism, const std::string& symbol, const std::string& title,
                       std::vector<std::string> axes) {
    return {mechanism + ".weights", Role::weights, symbol, title, "weight", std::move(axes)};
}

/// The steps from a pooled vector to an answer. `pooled` as it stands in rules, with index k.
void readout_steps(Probe& probe, const std::string& name, const std::string& pooled, const std::string& p) {
    probe.step({"read out", name + ".reading", fmt::format("r = tanh(W_p {} + W_q u_q + b)", p),
                fmt::format("{0}.reading[q,c] = tanh(sum_k({0}.readout.pooled_weight[c,k] * {1}) + "
                            "sum_u({0}.readout.question_weight[c,u] * question.embedding[q,u]) + {0}.readout.bias[c])",
                            name, pooled),
                "a layer of tanh over [p; u_q]"});
    probe.step({"read out", name + ".logits", "o = W_o r + b_o",
                fmt::format("{0}.logits[q,o] = sum_c({0}.answer.weight[o,c] * {0}.reading[q,c]) + {0}.answer.bias[o]", name),
                "softmax regression"});
    probe.step({"normalise", name + ".probabilities", "p(answer | text, question) = softmax(o)",
                fmt::format("{0}.probabilities[q,o] = softmax_o({0}.logits[q,o])", name), "softmax regression"});
    probe.step({"choose", name + ".answer", "the answer with the largest probability",
                fmt::format("{0}.answer[q] = argmax_o({0}.probabilities[q,o])", name), ""});
}

void pooling_steps(Probe& probe) {
    const std::string bahdanau = "Bahdanau 2014, A.1.2; the query is the question's";
    probe.step({"embed", "question.embedding", "u_q: a learned row a question",
                "question.embedding[q,u] = question.embedding.weight[q,u]", ""});
    probe.step({"project", "focus.queries", "q_q = W_a u_q",
                "focus.queries[q,a] = sum_u(focus.query_weight[a,u] * question.embedding[q,u])", bahdanau});
    probe.step({"project", "focus.keys", "k_j = U_a h_j", "focus.keys[j,a] = sum_k(focus.key_weight[a,k] * annotations[j,k])",
                bahdanau});
    probe.step({"score", "focus.scores", "e_qj = v_a · tanh(W_a u_q + U_a h_j)",
                "focus.scores[q,j] = sum_a(focus.vector[a] * tanh(focus.queries[q,a] + focus.keys[j,a]))", bahdanau});
    probe.step({"align", "focus.weights", "α_qj = exp(e_qj) / Σ_k exp(e_qk)",
                "focus.weights[q,j] = softmax_j(focus.scores[q,j])", "Bahdanau 2014, eq. 6"});
    probe.step({"read", "focus.context", "p_q = Σ_j α_qj h_j",
                "focus.context[q,k] = sum_j(focus.weights[q,j] * annotations[j,k])", "Bahdanau 2014, eq. 5"});

    const std::string max_source = "Collobert 2011, section 3.3.2; Conneau 2017";
    probe.step({"choose", "max.weights", "s_kj = 1 where j = argmax_j h_jk, else 0",
                "max.weights[k,j] = argmax_i(annotations[i,k]) == j", max_source});
    probe.step({"read", "max.pooled", "p_k = max_j h_jk = Σ_j s_kj h_jk",
                "max.pooled[k] = sum_j(max.weights[k,j] * annotations[j,k])", max_source});
    probe.step({"count", "max.saliency", "s_j = Σ_k s_kj / d", "max.saliency[j] = mean_k(max.weights[k,j])",
                "the share of the features that the token wins, as InferSent draws it (Conneau 2017)"});

    const std::string gate_source = "gates: Dauphin 2017, eq. 1; averaged";
    probe.step({"gate", "gate.gates", "g_j = σ(v_g · h_j + b_g)",
                "gate.gates[j] = sigmoid(sum_k(gate.vector[k] * annotations[j,k]) + gate.bias[0])", gate_source});
    probe.step({"normalise", "gate.weights", "w_j = g_j / Σ_k g_k", "gate.weights[j] = gate.gates[j] / sum_i(gate.gates[i])",
                gate_source});
    probe.step({"read", "gate.context", "p = Σ_j w_j h_j", "gate.context[k] = sum_j(gate.weights[j] * annotations[j,k])",
                gate_source});
}

}  // namespace

template <>
Ids DateQuestions<float>::show_answers(const std::string& name, const Readout& readout, const Var<float>& pooled,
                                       const Var<float>& questions, Probe& probe) const {
    const Var<float> read =
        show(&probe, {name + ".reading", Role::state, "r", "What " + name + " read", "", {"question", "reading"}}, -1,
             reading(readout, pooled, questions));
    const Var<float> logits =
        show(&probe, {name + ".logits", Role::logits, "o", "Logits of " + name, "logit", {"question", "answer"}}, -1,
             readout.answer(read));
    const Tensor<float> p =
        show(&probe,
             {name + ".probabilities", Role::probabilities, "p", "Answers of " + name, "probability", {"question", "answer"}},
             -1, softmax(logits))
            .value();
    Ids best;
    for (Index q = 0; q < p.shape()[0]; ++q) {
        const Tensor<float> row = p.row(q);
        best.push_back(std::ranges::max_element(row.values()) - row.values().begin());
    }
    return shown_ids(probe, {name + ".answer", Role::output, "a", "Answers of " + name + " (ids)", "", {"question"}}, best,
                     sizes_.answers);
}

template <>
DateQuestions<float>::Shown DateQuestions<float>::run(const Ids& text, Probe& probe, const std::stop_token& stop) const {
    const Ids read =
        shown_ids(probe, {"source.id", Role::input, "x", "Source characters (ids)", "", {"source"}}, text, sizes_.vocabulary);
    const PaddedTexts texts{read, {static_cast<Index>(read.size())}};
    const Index length = texts.lengths[0], d = 2 * sizes_.hidden;
    const Var<float> h = annotations(texts, &probe, stop);
    const Var<float> u =
        show(&probe, {"question.embedding", Role::embedding, "u", "Embedded questions", "", {"question", "question_feature"}},
             -1, question_table_);
    check_stop(stop);

    const Var<float> queries =
        show(&probe, {"focus.queries", Role::query, "q", "Queries: the questions", "", {"question", "attention"}}, -1,
             affine(u, query_weight_, {}));
    const Var<float> keys =
        show(&probe, {"focus.keys", Role::key, "k", "Keys", "", {"source", "attention"}}, -1, affine(h, key_weight_, {}));
    const Var<float> scores =
        show(&probe, {"focus.scores", Role::scores, "e", "Scores of focus", "", {"question", "source"}}, -1,
             additive_scores(reshape(queries, {1, sizes_.questions, sizes_.attention}), keys, score_vector_));
    const Var<float> alpha =
        show(&probe, weights_site("focus", "α", "Focus: weights by question", {"question", "source"}), -1, softmax(scores));
    const Var<float> focused =
        show(&probe, {"focus.context", Role::context, "p", "Read by focus", "", {"question", "annotation"}}, -1,
             reshape(context(alpha, h), {sizes_.questions, d}));

    const Tensor<float> values = h.value().reshape({length, d});
    const Tensor<float> selection =
        probe.whole(weights_site("max", "s", "Max pooling: which token each feature takes", {"annotation", "source"}),
                    max_selection(values));
    const Tensor<float> pooled = probe.whole({"max.pooled", Role::context, "p", "Read by max pooling", "", {"annotation"}},
                                             read_selection(selection, values));
    const Tensor<float> saliency =
        probe.whole({"max.saliency", Role::map, "s", "Max pooling: share of features won", "share", {"source"}},
                    selection_saliency(selection));

    const Tensor<float> gates =
        probe.whole({"gate.gates", Role::gate, "g", "Gates", "gate", {"source"}}, sigmoid(reshape(gate_(h), {length})).value());
    const Tensor<float> share = probe.whole(weights_site("gate", "w", "Gating: weights without a question", {"source"}),
                                            gate_weights<float>(gates.reshape({1, length})).value().reshape({length}));
    const Tensor<float> passed = probe.whole({"gate.context", Role::context, "p", "Read by gating", "", {"annotation"}},
                                             context<float>(share.reshape({1, length}), h).value().reshape({d}));
    check_stop(stop);
    return {show_answers("focus", focus_, focused, u, probe),
            show_answers("max", max_, pooled.reshape({1, d}), u, probe),
            show_answers("gate", gated_, passed.reshape({1, d}), u, probe),
            {alpha.value().reshape({sizes_.questions, length}), saliency, share}};
}

template <>
void DateQuestions<float>::describe(Probe& probe) const {
    probe.parameter("encoder.embedding.weight", "E_x", {"vocabulary", "embedding"}, table_.value());
    probe.step({"embed", "encoder.embedding", "x_j = E_x[x_j]",
                "encoder.embedding[j,m] = encoder.embedding.weight[source.id[j],m]", ""});
    describe_layer(probe, forward_layer(), forward_);
    describe_layer(probe, backward_layer(), backward_);
    probe.step({"join", "annotations", "h_j = [→h_j; ←h_j]",
                fmt::format("annotations[j,k] = encoder.forward.state[j,k] else encoder.backward.state[j,k-{}]", sizes_.hidden),
                "Bahdanau 2014, section 3.2"});
    probe.parameter("question.embedding.weight", "E_q", {"question", "question_feature"}, question_table_.value());
    probe.parameter("focus.query_weight", "W_a", {"attention", "question_feature"}, query_weight_.value());
    probe.parameter("focus.key_weight", "U_a", {"attention", "annotation"}, key_weight_.value());
    probe.parameter("focus.vector", "v_a", {"attention"}, score_vector_.value());
    probe.parameter("gate.vector", "v_g", {"annotation"}, gate_.weight.value().reshape({2 * sizes_.hidden}));
    probe.parameter("gate.bias", "b_g", {"unit"}, gate_.bias.value());
    for (const auto& [name, readout] : {std::pair{"focus", &focus_}, std::pair{"max", &max_}, std::pair{"gate", &gated_}}) {
        const std::string at = name;
        probe.parameter(at + ".readout.pooled_weight", "W_p", {"reading", "annotation"}, readout->pooled_weight.value());
        probe.parameter(at + ".readout.question_weight", "W_q", {"reading", "question_feature"},
                        readout->question_weight.value());
        probe.parameter(at + ".readout.bias", "b", {"reading"}, readout->bias.value());
        probe.parameter(at + ".answer.weight", "W_o", {"answer", "reading"}, readout->answer.weight.value());
        probe.parameter(at + ".answer.bias", "b_o", {"answer"}, readout->answer.bias.value());
    }
    pooling_steps(probe);
    readout_steps(probe, "focus", "focus.context[q,k]", "p_q");
    readout_steps(probe, "max", "max.pooled[k]", "p");
    readout_steps(probe, "gate", "gate.context[k]", "p");
}

}  // namespace saccade
