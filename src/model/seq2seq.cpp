#include "model/seq2seq.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "attention/mask.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "nn/rules.hpp"

// Reading the weights, and the encoder. The decoder is in seq2seq_decode.cpp.

namespace saccade {

PaddedSources PaddedSources::from(std::span<const Ids> sequences, Index pad) {
    PaddedSources p;
    p.size = static_cast<Index>(sequences.size());
    for (const Ids& sequence : sequences) {
        if (sequence.empty())
            throw Error(ErrorCode::invalid_input, "a source sequence is empty", "give at least one character");
        p.lengths.push_back(static_cast<Index>(sequence.size()));
        p.length = std::max(p.length, p.lengths.back());
    }
    p.ids.assign(static_cast<std::size_t>(p.size * p.length), pad);
    for (std::size_t b = 0; b < sequences.size(); ++b)
        for (std::size_t t = 0; t < sequences[b].size(); ++t) p.ids[t * sequences.size() + b] = sequences[b][t];
    return p;
}

template <class T>
Seq2Seq<T>::Seq2Seq(const Weights<T>& w, Seq2SeqDesign design) : design_(std::move(design)) {
    const auto matrix = [&](const std::string& name) {
        const Var<T> v = w.get(name);
        if (v.shape().rank() != 2 || v.shape().size() == 0)
            throw Error(ErrorCode::bad_format,
                        fmt::format("encoder-decoder: tensor '{}' has shape {} and must be a matrix", name, v.shape().str()),
                        "use a model that was trained by `saccade train`");
        return v;
    };
    if (w.has("encoder.embedding.weight")) source_table_ = matrix("encoder.embedding.weight");
    target_table_ = matrix("decoder.embedding.weight");
    const Var<T> initial = matrix("decoder.initial.weight");
    sizes_.source_vocabulary = source_table_.empty() ? 0 : source_table_.shape()[0];
    sizes_.target_vocabulary = target_table_.shape()[0];
    sizes_.embedding = target_table_.shape()[1];
    sizes_.input = source_table_.empty() ? matrix("encoder.forward.input_weight").shape()[1] : source_table_.shape()[1];
    sizes_.encoder = initial.shape()[1];
    sizes_.decoder = initial.shape()[0];
    auto& s = sizes_;
    if (s.target_vocabulary < 3)
        throw Error(ErrorCode::bad_format, "encoder-decoder: the target vocabulary has less than 3 tokens",
                    "it needs one to write, <end> and <start>");
    if (!source_table_.empty()) target_table_ = w.get("decoder.embedding.weight", {s.target_vocabulary, s.input});
    forward_ = {w, "encoder.forward", design_.cell, s.input, s.encoder};
    backward_ = {w, "encoder.backward", design_.cell, s.input, s.encoder};
    decoder_ = {w, "decoder", design_.cell, s.embedding, s.decoder};
    initial_ = laid_out(Linear<T>{initial, w.get("decoder.initial.bias", {s.decoder})});
    if (design_.cell == CellKind::lstm)
        initial_cell_ = {w.get("decoder.initial_cell.weight", {s.decoder, s.encoder}),
                         w.get("decoder.initial_cell.bias", {s.decoder})};
    load_readout(w);
    if (!design_.attention) return;
    load_score(w);
    load_align(w);
}

template <class T>
void Seq2Seq<T>::load_readout(const Weights<T>& w) {
    auto& s = sizes_;
    const Index annotation = 2 * s.encoder, classes = s.target_vocabulary - 1;
    const Var<T> bias = w.get("readout.bias", {classes});
    if (w.has("attentional.state_weight")) {
        s.readout = w.get("attentional.state_weight").shape()[0];
        attentional_state_ = laid_out(Linear<T>{w.get("attentional.state_weight", {s.readout, s.decoder}), {}});
        attentional_context_ = laid_out(Linear<T>{w.get("attentional.context_weight", {s.readout, annotation}), {}});
        readout_ = laid_out(Linear<T>{w.get("readout.weight", {classes, s.readout}), bias});
    } else {
        readout_ = laid_out(Linear<T>{w.get("readout.state_weight", {classes, s.decoder}), bias});
        readout_context_ = laid_out(Linear<T>{w.get("readout.context_weight", {classes, annotation}), {}});
    }
    if (design_.input_feeding && s.readout == 0)
        throw Error(ErrorCode::bad_format, "encoder-decoder: input feeding without an attentional vector",
                    "the design in the model card does not fit its weights");
    if (design_.input_feeding && design_.look_first)
        throw Error(ErrorCode::bad_format, "encoder-decoder: input feeding where the context already enters the cell",
                    "input feeding goes with look_first false (Luong 2015)");
    const Index gates = gate_count(design_.cell) * s.decoder;
    if (design_.look_first) fed_ = laid_out(Linear<T>{w.get("decoder.context_weight", {gates, annotation}), {}});
    if (design_.input_feeding) fed_ = laid_out(Linear<T>{w.get("decoder.feeding_weight", {gates, s.readout}), {}});
}

namespace {

/// A parameter that other score functions' parameters amount to: additive and concat differ in how their matrix is cut, and
/// cosine scores without a strength have strength 1. Empty if there is none.
template <class T>
Var<T> borrowed(const Weights<T>& w, const std::string& name) {
    const auto half = [&](bool annotation) {
        const Var<T> whole = w.get("attention.weight");
        const Index states = w.get("decoder.initial.weight").shape()[0];
        return annotation ? slice(whole, 1, states, whole.shape()[1] - states) : slice(whole, 1, 0, states);
    };
    if (name == "strength") return Tensor<T>(Shape{1}, T(1));
    if (name == "weight" && w.has("attention.query_weight") && w.has("attention.key_weight")) {
        const Var<T> both[] = {w.get("attention.query_weight"), w.get("attention.key_weight")};
        return concat<T>(both, 1);
    }
    if (name == "query_weight" && w.has("attention.weight")) return half(false);
    if (name == "key_weight" && w.has("attention.weight")) return half(true);
    return {};
}

}  // namespace

template <class T>
void Seq2Seq<T>::load_score(const Weights<T>& w) {
    auto& s = sizes_;
    function_ = score_function(design_.score);
    // Extents that only these parameters tell.
    if (w.has("attention.vector")) s.attention = w.get("attention.vector").shape()[0];
    if (w.has("attention.location")) s.longest = w.get("attention.location").shape()[0];
    if (function_.same_extent && s.decoder != 2 * s.encoder)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} scores need states and annotations of one size, and here they have {} and {}",
                                function_.title, s.decoder, 2 * s.encoder),
                    "choose general, additive, concat or location");
    for (const FunctionParameter& p : function_.parameters({s.decoder, 2 * s.encoder, s.attention, s.longest})) {
        Var<T> own = w.has("attention." + p.name) ? w.get("attention." + p.name, p.shape) : borrowed(w, p.name);
        if (own.empty())
            throw Error(ErrorCode::unsupported,
                        fmt::format("{} scores need the parameter {} (attention.{}), which these weights do not have",
                                    function_.title, p.symbol, p.name),
                        "choose the model that was trained with this score function");
        score_parameters_[p.name] = std::move(own);
    }
    score_ = make_score<T>(function_, [this](const std::string& name) { return score_parameters_.at(name); });
}

template <class T>
Seq2Seq<T> Seq2Seq<T>::with_attention(const Weights<T>& weights, const Seq2SeqDesign& design) const {
    Seq2Seq<T> other = *this;
    other.design_ = design;
    if (!design.attention) return other;
    other.score_parameters_.clear();
    other.load_score(weights);
    other.load_align(weights);
    return other;
}

template <class T>
void Seq2Seq<T>::load_align(const Weights<T>& w) {
    const AlignFunction& function = align_function(design_.align.function);
    samples_ = function.samples;
    std::map<std::string, Var<T>> own;
    AlignSizes extents{sizes_.decoder, 0};
    for (const FunctionParameter& p : function.parameters(extents)) {
        if (!w.has("attention." + p.name))
            throw Error(ErrorCode::unsupported,
                        fmt::format("{} needs the parameter {} (attention.{}), which these weights do not have", function.title,
                                    p.symbol, p.name),
                        "choose the model that was trained with this alignment function, or one without parameters");
        own[p.name] = w.get("attention." + p.name);
        // The hidden units, which only these parameters tell.
        if (own[p.name].shape().rank() > 0) extents.hidden = own[p.name].shape()[0];
    }
    align_parameters_ = function.parameters(extents);
    for (const FunctionParameter& p : align_parameters_) own[p.name] = w.get("attention." + p.name, p.shape);
    align_ = make_align<T>(design_.align, [&own](const std::string& name) { return own.at(name); });
    align_text_.s = design_.look_first ? "s_(i−1)" : "s_i";
    align_text_.state = [first = design_.look_first](char letter) {
        return first ? fmt::format("(decoder.state[i-1,{0}] else decoder.initial[{0}])", letter)
                     : fmt::format("decoder.state[i,{}]", letter);
    };
}

namespace {

template <class T>
CellReads encoder_reads(const GatedCell<T>& cell, bool embeds, bool backward) {
    const std::string arrow = backward ? "←" : "→";
    return {.title = backward ? "Encoder, right to left" : "Encoder, left to right",
            .state = arrow + "h",
            .arrow = arrow,
            .axis = "source",
            .units = "hidden",
            .backward = backward,
            .inputs = {{"encoder.embedding[j,m]", "x_j", embeds ? "embedding" : "input",
                        declared_values(cell.parameters().input_weight)}},
            .source = "Bahdanau 2014, A.2.1 (PyTorch's gates)"};
}

template <class T>
Var<T> dropped(const Var<T>& v, const Noise& noise) {
    return noise.dropout > 0 ? dropout(v, static_cast<T>(noise.dropout), *noise.rng) : v;
}

template <class T>
std::vector<Var<T>> visible_states(const std::vector<CellState<T>>& states) {
    std::vector<Var<T>> all;
    for (const CellState<T>& state : states) all.push_back(state.h);
    return all;
}

}  // namespace

template <class T>
std::vector<CellState<T>> Seq2Seq<T>::run_direction(const GatedCell<T>& cell, const Var<T>& embedded,
                                                    const PaddedSources& sources, bool backward, const Observer& observe,
                                                    const std::stop_token& stop) const {
    const Index size = sources.size, length = sources.length;  // clang 14 captures no structured bindings
    const bool padded = std::ranges::any_of(sources.lengths, [&](Index n) { return n < length; });
    const Observer within = observe.named(backward ? "encoder.backward." : "encoder.forward.");
    const auto reads = [&] { return encoder_reads(cell, sizes_.source_vocabulary > 0, backward); };
    const Var<T> projected = cell.project(embedded);  // [length * B, gates * H]
    std::vector<CellState<T>> states(static_cast<std::size_t>(length));
    CellState<T> state = cell.zero(size);
    for (Index n = 0; n < length; ++n) {
        check_stop(stop);
        const Index t = backward ? length - 1 - n : n;
        const Var<T> gates = slice(projected, 0, t * size, size);
        if (observe) {
            state = cell.step(gates, state, within.row(t), reads);
        } else {
            // Through padding the state is carried: backward it waits for the text, forward it is the last when the text has
            // ended.
            const Tensor<T> inside = padded ? step_mask<T>(sources.lengths, t) : Tensor<T>{};
            state = cell.step(gates, state, std::span<const T>(inside.values()));
        }
        states[static_cast<std::size_t>(t)] = state;
    }
    return states;
}

template <class T>
Var<T> Seq2Seq<T>::embedded_source(const PaddedSources& sources, const Observer& observe) const {
    return observe("encoder.embedding", embedding(source_table_, sources.ids), [&] {
        return Shown{.role = Role::embedding,
                     .symbol = "x",
                     .title = "Embedded source",
                     .axes = {"source", "embedding"},
                     .step = {"embed", "x_j = E_x[x_j]",
                              "encoder.embedding[j,m] = " + rules::embedding("encoder.embedding.weight", "source.id[j]", 'm'),
                              "Bahdanau 2014, A.2.1"},
                     .parameters = {{"encoder.embedding.weight", "E_x", {"source_vocabulary", "embedding"}, source_table_}}};
    });
}

template <class T>
CellState<T> Seq2Seq<T>::initial_cell_state(const CellState<T>& backward, const Observer& observe) const {
    CellState<T> initial;
    initial.h = observe("decoder.initial", tanh(initial_(backward.h)), [&] {
        return Shown{.role = Role::state,
                     .symbol = "s₀",
                     .title = "Decoder: initial state",
                     .axes = {"state"},
                     .step = {"initialise", "s_0 = tanh(W_s ←h_1 + b_s)",
                              "decoder.initial[k] = tanh(" +
                                  rules::linear('l', "decoder.initial.weight[k,l]", "encoder.backward.state[0,l]",
                                                "decoder.initial.bias[k]") +
                                  ")",
                              "Bahdanau 2014, A.2.2"},
                     .parameters = {{"decoder.initial.weight", "W_s", {"state", "hidden"}, initial_.weight},
                                    {"decoder.initial.bias", "b_s", {"state"}, initial_.bias}}};
    });
    if (design_.cell != CellKind::lstm) return initial;
    initial.c = observe("decoder.initial_cell", initial_cell_(backward.c), [&] {
        return Shown{
            .role = Role::state,
            .symbol = "c₀",
            .title = "Decoder: initial cell",
            .axes = {"state"},
            .step = {"initialise", "c_0 = W_c ←c_1 + b_c",
                     "decoder.initial_cell[k] = " + rules::linear('l', "decoder.initial_cell.weight[k,l]",
                                                                  "encoder.backward.cell[0,l]", "decoder.initial_cell.bias[k]"),
                     "as s_0"},
            .parameters = {{"decoder.initial_cell.weight", "W_c", {"state", "hidden"}, initial_cell_.weight},
                           {"decoder.initial_cell.bias", "b_c", {"state"}, initial_cell_.bias}}};
    });
    return initial;
}

template <class T>
ScoreRules Seq2Seq<T>::score_rules() const {
    return function_.rules(align_text_.state, align_text_.s);
}

template <class T>
std::vector<Parameter> Seq2Seq<T>::shown_score_parameters() const {
    std::vector<Parameter> shown;
    const ScoreSizes extents{sizes_.decoder, 2 * sizes_.encoder, sizes_.attention, sizes_.longest};
    const auto own = [this](const std::string& name) { return score_parameters_.at(name); };
    if constexpr (std::is_same_v<T, float>) {
        if (function_.shown != nullptr) {
            for (const ShownScoreParameter& p : function_.shown(own, extents))
                shown.emplace_back("attention." + p.name, p.symbol, p.axes, p.values);
            return shown;
        }
    }
    for (const FunctionParameter& p : function_.parameters(extents))
        shown.emplace_back("attention." + p.name, p.symbol, p.axes, own(p.name));
    return shown;
}

template <class T>
Var<T> Seq2Seq<T>::keys_of(const Var<T>& annotations, const Observer& observe) const {
    const Var<T> keys = score_->keys(annotations);
    if (function_.key_axis.empty()) return keys;
    return observe("keys", keys, [&] {
        const ScoreRules rules = score_rules();
        return Shown{.role = Role::key,
                     .symbol = "k",
                     .title = "Keys",
                     .axes = {"source", function_.key_axis},
                     .step = {"project", rules.key_formula, rules.key_rule, function_.source}};
    });
}

template <class T>
typename Seq2Seq<T>::Encoded Seq2Seq<T>::encode(const PaddedSources& sources, const Observer& observe, std::stop_token stop,
                                                Noise noise) const {
    return encode_read(dropped(embedded_source(sources, observe), noise), sources, observe, std::move(stop));
}

template <class T>
typename Seq2Seq<T>::Encoded Seq2Seq<T>::encode_read(const Var<T>& read, const PaddedSources& sources, const Observer& observe,
                                                     std::stop_token stop) const {
    const std::vector<CellState<T>> forward = run_direction(forward_, read, sources, false, observe, stop);
    const std::vector<CellState<T>> backward = run_direction(backward_, read, sources, true, observe, stop);
    const Var<T> both[] = {stack<T>(visible_states(forward)), stack<T>(visible_states(backward))};
    Encoded e;
    e.annotations = observe("annotations", transpose(concat<T>(both, 2), 0, 1), [&] {
        return Shown{.role = Role::value,
                     .symbol = "h",
                     .title = "Annotations",
                     .axes = {"source", "annotation"},
                     .step = {"join", "h_j = [→h_j; ←h_j]",
                              fmt::format("annotations[j,k] = encoder.forward.state[j,k] else encoder.backward.state[j,k-{}]",
                                          sizes_.encoder),
                              "Bahdanau 2014, section 3.2"}};
    });
    e.lengths = Tensor<T>(Shape{sources.size});
    std::ranges::transform(sources.lengths, e.lengths.data(), [](Index n) { return static_cast<T>(n); });
    if (design_.attention) {
        e.keys = keys_of(e.annotations, observe);
    } else {
        const Var<T> ends[] = {forward.back().h, backward.front().h};
        e.fixed = observe("encoder.fixed", concat<T>(ends, 1), [&] {
            return Shown{
                .role = Role::context,
                .symbol = "c",
                .title = "Fixed context",
                .axes = {"annotation"},
                .step = {"join", "c = [→h_n; ←h_1]",
                         fmt::format("encoder.fixed[k] = encoder.forward.state[{},k] else encoder.backward.state[0,k-{}]",
                                     sources.length - 1, sizes_.encoder),
                         "Cho 2014, section 2.2"}};
        });
    }
    e.initial = initial_cell_state(backward.front(), observe);
    const bool padded = std::ranges::any_of(sources.lengths, [&](Index n) { return n < sources.length; });
    if (padded) e.mask = padding_mask<T>(sources.lengths, sources.length);
    return e;
}

template class Seq2Seq<float>;
template class Seq2Seq<double>;

}  // namespace saccade
