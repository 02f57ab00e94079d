#include "model/rnn_shapes.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"

namespace saccade {

namespace {

constexpr RnnShape all_shapes[] = {RnnShape::one_to_n, RnnShape::n_to_one, RnnShape::n_to_n, RnnShape::n_to_m};

Ids largest_of_rows(const Tensor<float>& rows) {
    Ids best;
    for (Index r = 0; r < rows.shape()[0]; ++r) {
        const float* row = rows.data() + r * rows.shape()[1];
        best.push_back(std::max_element(row, row + rows.shape()[1]) - row);
    }
    return best;
}

template <class T>
Ids chosen(const Var<T>& logits) {
    if constexpr (std::is_same_v<T, float>)
        return largest_of_rows(logits.value());
    else
        return largest_of_rows(logits.value().template cast<float>());
}

template <class T>
std::vector<Var<T>> hidden_states(const std::vector<CellState<T>>& states) {
    std::vector<Var<T>> h;
    for (const CellState<T>& state : states) h.push_back(state.h);
    return h;
}

}  // namespace

std::string to_string(RnnShape shape) {
    switch (shape) {
        case RnnShape::one_to_n:
            return "1-to-n";
        case RnnShape::n_to_one:
            return "n-to-1";
        case RnnShape::n_to_n:
            return "n-to-n";
        case RnnShape::n_to_m:
            break;
    }
    return "n-to-m";
}

std::string rnn_id(const RnnDesign& d) {
    return "rnn-" + to_string(d.shape) + "-" + to_string(d.cell) + (d.both_directions ? "-bi" : "");
}

nlohmann::json to_json(const RnnDesign& d) {
    return {{"shape", to_string(d.shape)}, {"cell", to_string(d.cell)}, {"direction", d.both_directions ? "bi" : "uni"}};
}

RnnDesign rnn_design_from(const nlohmann::json& card, const std::string& where) {
    const auto text = [&](const char* name) {
        const auto found = card.find(name);
        if (found == card.end() || !found->is_string())
            throw Error(ErrorCode::bad_format, where + ": its card does not say \"" + name + "\"",
                        "use a model that was trained by `saccade train rnn-...`, with its card");
        return found->template get<std::string>();
    };
    RnnDesign design;
    const std::string shape = text("shape"), direction = text("direction");
    const auto* found = std::ranges::find_if(all_shapes, [&](RnnShape s) { return to_string(s) == shape; });
    design.cell = recurrent_kind_from(text("cell"));
    design.both_directions = direction == "bi";
    if (found == std::end(all_shapes) || (direction != "uni" && direction != "bi") ||
        (*found == RnnShape::one_to_n && design.both_directions))
        throw Error(ErrorCode::bad_format, where + ": its card says shape " + shape + ", direction " + direction,
                    "shapes: 1-to-n, n-to-1, n-to-n, n-to-m; directions: uni, and bi but for 1-to-n");
    design.shape = *found;
    return design;
}

RecurrentLayer rnn_forward_layer(const RnnDesign& design) {
    return {"forward", design.both_directions ? "→" : "", "Left to right", "embedding", "position", "hidden", "feature", false};
}

RecurrentLayer rnn_backward_layer() {
    return {"backward", "←", "Right to left", "embedding", "position", "hidden", "feature", true};
}

template <class T>
RnnShapes<T>::RnnShapes(const Weights<T>& w, const RnnDesign& design) : design_(design) {
    const auto matrix = [&w](const std::string& name) {
        const Var<T> m = w.get(name);
        if (m.shape().rank() != 2 || m.shape().size() == 0)
            throw Error(ErrorCode::bad_format, "weights: " + name + " has shape " + m.shape().str() + " and must be a matrix",
                        "choose a file of this model");
        return m;
    };
    table_ = matrix("embedding.weight");
    forward_ = RecurrentCell<T>(w, "forward", design.cell);
    const Index directions = design.both_directions ? 2 : 1;
    sizes_.inputs = table_.shape()[0];
    sizes_.embedding = table_.shape()[1];
    sizes_.hidden = forward_.hidden_size();
    w.get("forward.input_weight", {recurrent_blocks(design.cell) * sizes_.hidden, sizes_.embedding});
    if (design.both_directions) {
        backward_ = RecurrentCell<T>(w, "backward", design.cell);
        w.get("backward.input_weight", forward_.parameters().input_weight.shape());
        w.get("backward.hidden_weight", forward_.parameters().hidden_weight.shape());
    }
    Index read = directions * sizes_.hidden;
    const Var<T> out = matrix("readout.weight");
    sizes_.outputs = out.shape()[0];
    sizes_.decoder = 0;
    if (design.shape == RnnShape::n_to_m) {
        decoder_ = RecurrentCell<T>(w, "decoder", design.cell);
        sizes_.decoder = decoder_.hidden_size();
        // One row more than outputs: what stands before the first character.
        decoder_table_ = w.get("decoder.embedding.weight", {sizes_.outputs + 1, decoder_.input_size()});
        initial_ = {w.get("initial.weight", {sizes_.decoder, read}), w.get("initial.bias", {sizes_.decoder})};
        read = sizes_.decoder;
    }
    readout_ = {w.get("readout.weight", {sizes_.outputs, read}), w.get("readout.bias", {sizes_.outputs})};
}

template <class T>
typename RnnShapes<T>::Encoded RnnShapes<T>::encode(const PaddedTexts& texts) const {
    const Var<T> x = embedding(table_, texts.ids);
    Encoded encoded;
    encoded.forward = run_recurrent<T>(rnn_forward_layer(design_), forward_, x, texts.lengths, {}, {});
    encoded.last = encoded.forward.back().h;
    if (design_.both_directions) {
        encoded.backward = run_recurrent<T>(rnn_backward_layer(), backward_, x, texts.lengths, {}, {});
        const Var<T> both[] = {encoded.last, encoded.backward.front().h};
        encoded.last = concat<T>(both, 1);
    }
    return encoded;
}

template <class T>
Var<T> RnnShapes<T>::classify(const PaddedTexts& texts) const {
    const Encoded encoded = encode(texts);
    if (design_.shape == RnnShape::n_to_one) return readout_(encoded.last);
    Var<T> states = concat<T>(hidden_states(encoded.forward), 0);
    if (design_.both_directions) {
        const Var<T> both[] = {states, concat<T>(hidden_states(encoded.backward), 0)};
        states = concat<T>(both, 1);
    }
    return readout_(states);
}

template <class T>
Var<T> RnnShapes<T>::write(const PaddedTexts& texts, const Ids& written) const {
    if (design_.shape == RnnShape::one_to_n) return readout_(concat<T>(hidden_states(encode(texts).forward), 0));
    const Index size = texts.count(), steps = static_cast<Index>(written.size()) / size;
    CellState<T> state = decoder_.zero(size);
    state.h = tanh(initial_(encode(texts).last));
    Ids given(static_cast<std::size_t>(size), sizes_.outputs);
    given.insert(given.end(), written.begin(), written.end() - size);
    const Var<T> projected = decoder_.project(embedding(decoder_table_, given));
    std::vector<Var<T>> states;
    for (Index i = 0; i < steps; ++i) {
        state = decoder_.step(slice(projected, 0, i * size, size), state);
        states.push_back(state.h);
    }
    return readout_(concat<T>(states, 0));
}

template <class T>
std::vector<Ids> RnnShapes<T>::decode(const PaddedTexts& texts, Index steps, Index first_written) const {
    const Index size = texts.count();
    const bool one = design_.shape == RnnShape::one_to_n;
    const RecurrentCell<T>& cell = one ? forward_ : decoder_;
    CellState<T> state = cell.zero(size);
    if (!one) state.h = tanh(initial_(encode(texts).last));
    Ids given = one ? texts.ids : Ids(static_cast<std::size_t>(size), sizes_.outputs);
    std::vector<Ids> written(static_cast<std::size_t>(size));
    for (Index i = 0; i < steps; ++i) {
        state = cell.step(cell.project(embedding(one ? table_ : decoder_table_, given)), state);
        given = chosen(readout_(state.h));
        for (std::size_t b = 0; b < written.size(); ++b) {
            written[b].push_back(given[b]);
            if (one) given[b] += first_written;
        }
    }
    return written;
}

template class RnnShapes<float>;
template class RnnShapes<double>;

WeightMap initial_rnn_weights(const RnnDesign& design, const RnnSizes& s, Rng& rng) {
    WeightMap weights;
    const auto fill = [&](const std::string& name, const Shape& shape, auto draw) {
        Tensor<float> w(shape);
        for (float& v : w.values()) v = static_cast<float>(draw());
        weights.emplace(name, std::move(w));
    };
    const auto normal = [&] { return rng.normal(); };
    const auto linear = [&](const std::string& name, Index out, Index in) {
        const double limit = 1 / std::sqrt(static_cast<double>(in));
        fill(name + ".weight", {out, in}, [&] { return limit * (2 * rng.uniform() - 1); });
        weights.emplace(name + ".bias", Tensor<float>(Shape{out}));
    };
    fill("embedding.weight", {s.inputs, s.embedding}, normal);
    init_recurrent(weights, "forward", design.cell, s.embedding, s.hidden, rng);
    if (design.both_directions) init_recurrent(weights, "backward", design.cell, s.embedding, s.hidden, rng);
    Index read = (design.both_directions ? 2 : 1) * s.hidden;
    if (design.shape == RnnShape::n_to_m) {
        fill("decoder.embedding.weight", {s.outputs + 1, s.embedding}, normal);
        init_recurrent(weights, "decoder", design.cell, s.embedding, s.decoder, rng);
        linear("initial", s.decoder, read);
        read = s.decoder;
    }
    linear("readout", s.outputs, read);
    return weights;
}

}  // namespace saccade
