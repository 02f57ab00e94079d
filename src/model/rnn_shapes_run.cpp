#include "model/rnn_shapes_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/rnn_shapes_memory.hpp"

namespace saccade {

namespace {

using Model = RnnShapes<float>;

/// As the probe gave it back: an intervention may have put any number there.
Index id_of(float shown, const ProbeSite& site, Index limit) {
    if (std::isfinite(shown) && shown == std::floor(shown) && shown >= 0 && shown < static_cast<float>(limit))
        return static_cast<Index>(shown);
    throw Error(ErrorCode::invalid_input, site.name + " was set to a number that is no id",
                "set it to a whole number from 0 to " + std::to_string(limit - 1));
}

Index shown_id(Probe& probe, const ProbeSite& site, Index row, Index id, Index limit) {
    return id_of(probe.row(site, row, Tensor<float>::scalar(static_cast<float>(id))).item(), site, limit);
}

Ids shown_ids(Probe& probe, const ProbeSite& site, const Ids& ids, Index limit) {
    Tensor<float> values(Shape{static_cast<Index>(ids.size())});
    std::ranges::transform(ids, values.data(), [](Index id) { return static_cast<float>(id); });
    Ids result;
    const Tensor<float> shown = probe.whole(site, values);
    for (const float v : shown.values()) result.push_back(id_of(v, site, limit));
    return result;
}

Index largest(const Tensor<float>& row) {
    return std::ranges::max_element(row.values()) - row.values().begin();
}

/// What is the same for each row of outputs: logits, probabilities, the choice. `axis` empty: there is one row, without an
/// axis.
struct OutputSites {
    ProbeSite logits, probabilities, id;

    explicit OutputSites(const std::string& axis) {
        const std::vector<std::string> axes =
            axis.empty() ? std::vector<std::string>{"class"} : std::vector<std::string>{axis, "class"};
        logits = {"logits", Role::logits, "o", "Logits", "logit", axes};
        probabilities = {"probabilities", Role::probabilities, "p", "Probabilities", "probability", axes};
        id = {"output.id", Role::output, "y", "Chosen (ids)", "", {axis.empty() ? "output" : axis}};
    }
};

/// Row `row` of what follows from a state [1, units]; -1: all rows at once, the choice left out.
Tensor<float> shown_probabilities(const Model& model, const Var<float>& state, Probe& probe, const OutputSites& sites,
                                  Index row) {
    const Var<float> logits = show(&probe, sites.logits, row, model.readout()(state));
    return show(&probe, sites.probabilities, row, softmax(logits)).value();
}

const ProbeSite input_site = {"source.id", Role::input, "x", "Input (ids)", "", {"position"}};
const ProbeSite embedding_site = {"embedding", Role::embedding, "x", "Embedded input", "", {"position", "feature"}};
const ProbeSite states_site = {"states", Role::state, "h", "Hidden states", "", {"position", "state"}};
const ProbeSite last_site = {"last", Role::state, "h", "What is kept of the whole input", "", {"state"}};

/// The states of the layer or of both, [length, state].
Tensor<float> shown_states(const Model& model, const Var<float>& x, Probe& probe, const std::stop_token& stop) {
    const Index length = x.shape()[0];
    const Index lengths[] = {length};
    const auto run = [&](const RecurrentLayer& layer, const RecurrentCell<float>& cell) {
        std::vector<Var<float>> h;
        for (const CellState<float>& state : run_recurrent<float>(layer, cell, x, lengths, &probe, stop)) h.push_back(state.h);
        return concat<float>(h, 0);
    };
    Var<float> states = run(rnn_forward_layer(model.design()), model.forward());
    if (model.design().both_directions) {
        const Var<float> both[] = {states, run(rnn_backward_layer(), model.backward())};
        states = concat<float>(both, 1);
    }
    return show(&probe, states_site, -1, states).value();
}

/// h_T, in both directions [forward h_T; backward h_1]: [1, state].
Tensor<float> shown_last(const Model& model, const Tensor<float>& states, Probe& probe) {
    const Index length = states.shape()[0], width = states.shape()[1], hidden = model.sizes().hidden;
    Tensor<float> last(Shape{width});
    for (Index k = 0; k < width; ++k) last.data()[k] = states.data()[(k < hidden ? length - 1 : 0) * width + k];
    return probe.whole(last_site, last).reshape({1, width});
}

/// Decoder steps from s_0 until the end.
Ids decode(const Model& model, const Tensor<float>& last, const RnnInput& input, Probe& probe, const std::stop_token& stop) {
    const Index outputs = model.sizes().outputs;
    const ProbeSite given_site = {"decoder.input", Role::input, "y", "What the decoder is given (ids)", "", {"output"}};
    const ProbeSite x_site = {"decoder.embedding", Role::embedding, "y", "Embedded outputs", "", {"output", "feature"}};
    const CellSites sites = recurrent_sites(model.design().cell, "decoder", "", "s", "Decoder", {"output", "decoder_unit"});
    const OutputSites out("output");
    CellState<float> state = model.decoder().zero(1);
    state.h = show(&probe, {"decoder.initial", Role::state, "s_0", "First state of the decoder", "", {"decoder_unit"}}, -1,
                   tanh(model.initial()(last)));
    Ids written;
    Index given = outputs;
    for (Index i = 0; i < input.most_steps && (written.empty() || written.back() != input.end); ++i) {
        check_stop(stop);
        given = shown_id(probe, given_site, i, given, outputs + 1);
        const Index ids[] = {given};
        const Var<float> x = show(&probe, x_site, i, embedding<float>(model.decoder_table(), ids));
        state = model.decoder().shown_step(model.decoder().project(x), state, probe, sites, i);
        written.push_back(shown_id(probe, out.id, i, largest(shown_probabilities(model, state.h, probe, out, i)), outputs));
        given = written.back();
    }
    return written;
}

/// one_to_n: what it read, the one input and what it wrote, and what it wrote.
struct Spelled {
    Ids read, written;
};

Spelled spell(const Model& model, const RnnInput& input, Probe& probe, const std::stop_token& stop) {
    const Index outputs = model.sizes().outputs, first = model.sizes().inputs - outputs;
    const OutputSites out("position");
    const RecurrentLayer layer = rnn_forward_layer(model.design());
    const CellSites sites = recurrent_sites(model.design().cell, layer.name, layer.arrow, layer.arrow + "h", layer.title,
                                            {layer.axis, layer.units});
    Spelled spelled;
    Index given = input.ids.front();
    CellState<float> state = model.forward().zero(1);
    for (Index i = 0; i < input.most_steps && (spelled.written.empty() || spelled.written.back() != input.end); ++i) {
        check_stop(stop);
        spelled.read.push_back(shown_id(probe, input_site, i, given, model.sizes().inputs));
        const Index ids[] = {spelled.read.back()};
        const Var<float> x = show(&probe, embedding_site, i, embedding<float>(model.table(), ids));
        state = model.forward().shown_step(model.forward().project(x), state, probe, sites, i);
        const Var<float> h = show(&probe, states_site, i, state.h);
        spelled.written.push_back(shown_id(probe, out.id, i, largest(shown_probabilities(model, h, probe, out, i)), outputs));
        given = first + spelled.written.back();
    }
    return spelled;
}

// --- axes, parameters, steps ---

void declare_axes(const Model& model, const RnnInput& input, const Ids& output, const std::vector<std::string>& labels,
                  Probe& probe) {
    const RnnSizes& s = model.sizes();
    const RnnDesign& design = model.design();
    std::vector<std::string> written;
    for (const Index id : output) written.push_back(input.outputs[static_cast<std::size_t>(id)]);
    const bool spelled = design.shape == RnnShape::one_to_n;
    const std::vector<std::string>& positions = spelled ? written : labels;
    probe.axis({"position", AxisKind::query, static_cast<Index>(positions.size()), positions, "j"});
    if (design.shape == RnnShape::n_to_m || design.shape == RnnShape::n_to_one)
        probe.axis({"output", AxisKind::query, static_cast<Index>(written.size()), written, "i"});
    probe.axis({"class", AxisKind::class_, s.outputs, input.outputs, "o"});
    probe.axis({"vocabulary", AxisKind::class_, s.inputs, input.inputs, "v"});
    probe.axis({"feature", AxisKind::feature, s.embedding, {}, "m"});
    probe.axis({"hidden", AxisKind::feature, s.hidden, {}, "k"});
    probe.axis({"state", AxisKind::feature, s.hidden * (design.both_directions ? 2 : 1), {}, "k"});
    if (design.shape != RnnShape::n_to_m) return;
    std::vector<std::string> given = input.outputs;
    given.emplace_back("<start>");
    probe.axis({"written", AxisKind::class_, s.outputs + 1, given, "v"});
    probe.axis({"decoder_unit", AxisKind::feature, s.decoder, {}, "k"});
}

void describe_decoder(const Model& model, Probe& probe) {
    const RnnSizes& s = model.sizes();
    probe.parameter("initial.weight", "W_s", {"decoder_unit", "state"}, model.initial().weight.value());
    probe.parameter("initial.bias", "b_s", {"decoder_unit"}, model.initial().bias.value());
    probe.parameter("decoder.embedding.weight", "E_y", {"written", "feature"}, model.decoder_table().value());
    probe.step({"begin", "decoder.initial", "s_0 = tanh(W_s h_T + b_s)",
                "decoder.initial[k] = tanh(sum_l(initial.weight[k,l] * last[l]) + initial.bias[k])",
                "Cho 2014, section 2.2; Sutskever 2014 copies h_T"});
    probe.step({"feed back", "decoder.input", "y_(i-1), and <start> before the first",
                fmt::format("decoder.input[i] = output.id[i-1] else {}", s.outputs), "Sutskever 2014, eq. 1"});
    probe.step({"embed", "decoder.embedding", "y_(i-1) = E_y[y_(i-1)]",
                "decoder.embedding[i,m] = decoder.embedding.weight[decoder.input[i],m]", ""});
    CellText text;
    text.name = "decoder";
    text.position = 'i';
    text.unit_axis = "decoder_unit";
    text.input = [](const std::string& gate) {
        return fmt::format("sum_m(decoder.input_weight{}[k,m] * decoder.embedding[i,m])", gate.empty() ? "" : "." + gate);
    };
    text.input_formula = "W_? y_(i-1)";
    text.previous_state = [](char unit) { return fmt::format("(decoder.state[i-1,{0}] else decoder.initial[{0}])", unit); };
    text.previous_cell = [](char unit) { return fmt::format("(decoder.cell[i-1,{}] else 0)", unit); };
    text.h = "s_i";
    text.h_previous = "s_(i-1)";
    text.source = recurrent_source(model.design().cell);
    describe_recurrent(probe, model.decoder(), text, "feature");
}

/// `state` is what the readout reads, with unit k; `row` "" or "j," or "i,".
void describe_readout(const Model& model, const std::string& units, const std::string& state, const std::string& row,
                      Probe& probe) {
    probe.parameter("readout.weight", "W_o", {"class", units}, model.readout().weight.value());
    probe.parameter("readout.bias", "b_o", {"class"}, model.readout().bias.value());
    probe.step({"read out", "logits", "o = W_o h + b_o",
                fmt::format("logits[{}o] = sum_k(readout.weight[o,k] * {}) + readout.bias[o]", row, state),
                "softmax regression"});
    probe.step({"normalise", "probabilities", "p = softmax(o)",
                fmt::format("probabilities[{0}o] = softmax_o(logits[{0}o])", row), "softmax regression"});
    const std::string index = row.empty() ? "i" : row.substr(0, 1);
    probe.step({"choose", "output.id", "y = argmax_o p_o",
                row.empty() ? "output.id[i] = argmax_o(probabilities[o])"
                            : fmt::format("output.id[{0}] = argmax_o(probabilities[{0},o])", index),
                ""});
}

void describe(const Model& model, const RnnInput& input, Index length, Probe& probe) {
    const RnnDesign& design = model.design();
    const RnnSizes& s = model.sizes();
    probe.parameter("embedding.weight", "E", {"vocabulary", "feature"}, model.table().value());
    probe.step({"embed", "embedding", "x_j = E[x_j]", "embedding[j,m] = embedding.weight[source.id[j],m]", ""});
    describe_layer(probe, rnn_forward_layer(design), model.forward());
    if (design.both_directions) describe_layer(probe, rnn_backward_layer(), model.backward());
    probe.step({"join", "states", design.both_directions ? "h_j = [→h_j; ←h_j]" : "h_j",
                design.both_directions ? fmt::format("states[j,k] = forward.state[j,k] else backward.state[j,k-{}]", s.hidden)
                                       : "states[j,k] = forward.state[j,k]",
                design.both_directions ? "Schuster and Paliwal 1997" : ""});
    const bool keeps_last = design.shape == RnnShape::n_to_one || design.shape == RnnShape::n_to_m;
    if (keeps_last)
        probe.step({"keep", "last", design.both_directions ? "[→h_T; ←h_1]" : "h_T",
                    design.both_directions
                        ? fmt::format("last[k] = where(k < {}, states[{},k], states[0,k])", s.hidden, length - 1)
                        : fmt::format("last[k] = states[{},k]", length - 1),
                    "Cho 2014, section 2.2"});
    switch (design.shape) {
        case RnnShape::one_to_n:
            probe.step({"feed back", "source.id", "x_1 is the input, then x_j = y_(j-1)",
                        fmt::format("source.id[j] = (output.id[j-1] + {}) else {}", s.inputs - s.outputs, input.ids.front()),
                        "Sutskever 2014, eq. 1"});
            [[fallthrough]];
        case RnnShape::n_to_n:
            return describe_readout(model, "state", "states[j,k]", "j,", probe);
        case RnnShape::n_to_one:
            return describe_readout(model, "state", "last[k]", "", probe);
        case RnnShape::n_to_m:
            break;
    }
    describe_decoder(model, probe);
    describe_readout(model, "decoder_unit", "decoder.state[i,k]", "i,", probe);
}

}  // namespace

Ids run_rnn_shape(const RnnShapes<float>& model, const RnnInput& input, std::span<const MemoryOf> memories, Probe& probe,
                  const std::stop_token& stop) {
    const RnnDesign& design = model.design();
    Ids read = input.ids, output;
    if (design.shape == RnnShape::one_to_n) {
        const Spelled spelled = spell(model, input, probe, stop);
        read = spelled.read;
        output = spelled.written;
    } else {
        read = shown_ids(probe, input_site, input.ids, model.sizes().inputs);
        const Var<float> x = show(&probe, embedding_site, -1, embedding<float>(model.table(), read));
        const Tensor<float> states = shown_states(model, x, probe, stop);
        check_stop(stop);
        if (design.shape == RnnShape::n_to_n) {
            const OutputSites out("position");
            const Tensor<float> p = shown_probabilities(model, states, probe, out, -1);
            Ids best;
            for (Index j = 0; j < p.shape()[0]; ++j) best.push_back(largest(p.row(j)));
            output = shown_ids(probe, out.id, best, model.sizes().outputs);
        } else {
            const Tensor<float> last = shown_last(model, states, probe);
            if (design.shape == RnnShape::n_to_m) {
                output = decode(model, last, input, probe, stop);
            } else {
                const OutputSites out("");
                output = shown_ids(probe, out.id, {largest(shown_probabilities(model, last, probe, out, -1))},
                                   model.sizes().outputs);
            }
        }
    }
    declare_axes(model, input, output, input.labels, probe);
    describe(model, input, static_cast<Index>(read.size()), probe);
    show_memory(memories, read, probe, stop);
    return output;
}

}  // namespace saccade
