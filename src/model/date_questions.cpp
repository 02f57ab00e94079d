#include "model/date_questions.hpp"

#include <fmt/core.h>

#include <cmath>

#include "attention/context.hpp"
#include "attention/mask.hpp"
#include "attention/pooling_gate.hpp"
#include "attention/pooling_max.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

/// The layers as they are named in weights and traces.
RecurrentLayer forward_layer() {
    return {"encoder.forward", "→", "Encoder, left to right", "encoder.embedding", "source", "hidden", "embedding", false};
}
RecurrentLayer backward_layer() {
    return {"encoder.backward", "←", "Encoder, right to left", "encoder.embedding", "source", "hidden", "embedding", true};
}

}  // namespace

template <class T>
DateQuestions<T>::DateQuestions(const Weights<T>& w) {
    table_ = w.get("encoder.embedding.weight");
    question_table_ = w.get("question.embedding.weight");
    key_weight_ = w.get("focus.key_weight");
    const Var<T> answer = w.get("focus.answer.weight");
    for (const Shape& shape : {table_.shape(), question_table_.shape(), key_weight_.shape(), answer.shape()})
        if (shape.rank() != 2 || shape.size() == 0)
            throw Error(ErrorCode::bad_format, "date questions: a weight has shape " + shape.str() + " and must be a matrix",
                        "use a model that was trained by `saccade train date-questions`");
    sizes_ = {table_.shape()[0],          question_table_.shape()[0], answer.shape()[0],          table_.shape()[1],
              key_weight_.shape()[1] / 2, key_weight_.shape()[0],     question_table_.shape()[1], answer.shape()[1]};
    const auto& s = sizes_;
    const Index annotation = 2 * s.hidden;
    forward_ = {w, forward_layer().name, RecurrentKind::gru};
    backward_ = {w, backward_layer().name, RecurrentKind::gru};
    for (const RecurrentCell<T>* cell : {&forward_, &backward_})
        if (cell->hidden_size() != s.hidden || cell->input_size() != s.embedding)
            throw Error(ErrorCode::bad_format, "date questions: the encoder does not fit the embedding and the keys",
                        "use a model that was trained by `saccade train date-questions`");
    query_weight_ = w.get("focus.query_weight", {s.attention, s.question});
    key_weight_ = w.get("focus.key_weight", {s.attention, annotation});
    score_vector_ = w.get("focus.vector", {s.attention});
    gate_ = {w.get("gate.vector", {annotation}), w.get("gate.bias", {1})};
    gate_.weight = reshape(gate_.weight, {1, annotation});
    focus_ = readout_of(w, "focus");
    max_ = readout_of(w, "max");
    gated_ = readout_of(w, "gate");
}

template <class T>
typename DateQuestions<T>::Readout DateQuestions<T>::readout_of(const Weights<T>& w, const std::string& name) const {
    const auto& s = sizes_;
    return {w.get(name + ".readout.pooled_weight", {s.reading, 2 * s.hidden}),
            w.get(name + ".readout.question_weight", {s.reading, s.question}),
            w.get(name + ".readout.bias", {s.reading}),
            {w.get(name + ".answer.weight", {s.answers, s.reading}), w.get(name + ".answer.bias", {s.answers})}};
}

template <class T>
Var<T> DateQuestions<T>::annotations(const PaddedTexts& texts, const Observer& observe, const std::stop_token& stop) const {
    const Var<T> embedded = observe("encoder.embedding", embedding(table_, texts.ids), [&] {
        return Shown{
            .role = Role::embedding,
            .symbol = "x",
            .title = "Embedded source",
            .axes = {"source", "embedding"},
            .step = {"embed", "x_j = E_x[x_j]",
                     "@encoder.embedding[j,m] = " + rules::embedding("@encoder.embedding.weight", "@source.id[j]", 'm')},
            .parameters = {{"@encoder.embedding.weight", "E_x", {"vocabulary", "embedding"}, declared_values(table_)}}};
    });
    const auto read = [&](const RecurrentLayer& layer, const RecurrentCell<T>& cell) {
        std::vector<Var<T>> states;
        for (const CellState<T>& state : run_recurrent(layer, cell, embedded, texts.lengths, observe, stop))
            states.push_back(state.h);
        return stack<T>(states);
    };
    const Var<T> forward = read(forward_layer(), forward_);
    const Var<T> both[] = {forward, read(backward_layer(), backward_)};
    return observe("annotations", transpose(concat<T>(both, 2), 0, 1), [&] {
        return Shown{.role = Role::value,
                     .symbol = "h",
                     .title = "Annotations",
                     .axes = {"source", "annotation"},
                     .step = {"join", "h_j = [→h_j; ←h_j]",
                              fmt::format("@annotations[j,k] = @encoder.forward.state[j,k] else "
                                          "@encoder.backward.state[j,k-{}]",
                                          sizes_.hidden),
                              "Bahdanau 2014, section 3.2"}};
    });
}

/// pooled [B, questions or 1, 2 * hidden] and the embedded questions -> [B, questions, reading].
template <class T>
Var<T> DateQuestions<T>::reading(const Readout& readout, const Var<T>& pooled, const Var<T>& questions) const {
    return tanh(add(affine(pooled, readout.pooled_weight, {}), affine(questions, readout.question_weight, readout.bias)));
}

template <class T>
typename DateQuestions<T>::Result DateQuestions<T>::answer(const PaddedTexts& texts) const {
    const auto size = static_cast<Index>(texts.lengths.size());
    const Var<T> h = annotations(texts, {}, {});
    const Index length = h.shape()[1];
    const auto pooled_once = [&](const Var<T>& pooled) { return reshape(pooled, {size, 1, 2 * sizes_.hidden}); };
    const auto answered = [&](const Readout& readout, const Var<T>& pooled) {
        return readout.answer(reading(readout, pooled, question_table_));
    };

    // The same queries for every text: q [questions, attention], repeated for each.
    const Var<T> queries = add(reshape(affine(question_table_, query_weight_, {}), {1, sizes_.questions, sizes_.attention}),
                               Var<T>(Tensor<T>(Shape{size, 1, 1})));
    Result result;
    const Tensor<T> mask = padding_mask<T>(texts.lengths, length).reshape({size, 1, length});
    result.focus_weights = softmax(additive_scores(queries, affine(h, key_weight_, {}), score_vector_), mask);
    result.focus = answered(focus_, context(result.focus_weights, h));
    result.max = answered(max_, pooled_once(pool_max(h, std::span<const Index>(texts.lengths)).pooled));
    const Var<T> gates = sigmoid(reshape(gate_(h), {size, length}));
    result.gate = answered(gated_, pooled_once(context(gate_weights(gates, std::span<const Index>(texts.lengths)), h)));
    return result;
}

template class DateQuestions<float>;
template class DateQuestions<double>;

WeightMap initial_date_questions_weights(const DateQuestionsSizes& s, Rng& rng) {
    WeightMap weights;
    const auto fill = [&](const std::string& name, const Shape& shape, auto draw) {
        Tensor<float> w(shape);
        for (float& v : w.values()) v = static_cast<float>(draw());
        weights.emplace(name, std::move(w));
    };
    const auto uniform = [&](const std::string& name, const Shape& shape) {
        const double limit = 1 / std::sqrt(static_cast<double>(shape[-1]));
        fill(name, shape, [&] { return limit * (2 * rng.uniform() - 1); });
    };
    const auto bias = [&](const std::string& name, Index n) { weights.emplace(name, Tensor<float>(Shape{n})); };
    const auto normal = [&] { return rng.normal(); };
    const Index annotation = 2 * s.hidden;
    fill("encoder.embedding.weight", {s.vocabulary, s.embedding}, normal);
    for (const std::string& name : {forward_layer().name, backward_layer().name})
        init_recurrent(weights, name, RecurrentKind::gru, s.embedding, s.hidden, rng);
    fill("question.embedding.weight", {s.questions, s.question}, normal);
    uniform("focus.query_weight", {s.attention, s.question});
    uniform("focus.key_weight", {s.attention, annotation});
    uniform("focus.vector", {s.attention});
    uniform("gate.vector", {annotation});
    bias("gate.bias", 1);
    for (const std::string name : {"focus", "max", "gate"}) {
        uniform(name + ".readout.pooled_weight", {s.reading, annotation});
        uniform(name + ".readout.question_weight", {s.reading, s.question});
        bias(name + ".readout.bias", s.reading);
        uniform(name + ".answer.weight", {s.answers, s.reading});
        bias(name + ".answer.bias", s.answers);
    }
    return weights;
}

}  // namespace saccade
