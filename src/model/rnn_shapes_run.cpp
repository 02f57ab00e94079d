#include "model/rnn_shapes_run.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/rnn_shapes_memory.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

Index largest(const Tensor<float>& row) {
    return std::ranges::max_element(row.values()) - row.values().begin();
}

/// What the readout reads.
struct ReadFrom {
    std::string state;  // in rules: "states[j,k]"
    std::string units;  // its axis
    std::string axis;   // of the rows; empty: there is one row, without an axis
    std::string letter;

    std::vector<std::string> axes() const {
        return axis.empty() ? std::vector<std::string>{"class"} : std::vector<std::string>{axis, "class"};
    }
    /// "logits[j,o]".
    std::string cell(const std::string& tensor) const { return tensor + (axis.empty() ? "[o]" : "[" + letter + ",o]"); }
};

/// What follows from a state [rows, units], or from one row of it.
Tensor<float> probabilities(const RnnShapes<float>& model, const Var<float>& state, const ReadFrom& from,
                            const Observer& observe) {
    const Var<float> logits = observe("logits", model.readout()(state), [&] {
        return Shown{.role = Role::logits,
                     .symbol = "o",
                     .title = "Logits",
                     .unit = "logit",
                     .axes = from.axes(),
                     .step = {"read out", "o = W_o h + b_o",
                              from.cell("@logits") + " = " +
                                  rules::linear('k', "@readout.weight[o,k]", "@" + from.state, "@readout.bias[o]"),
                              "softmax regression"},
                     .parameters = {{"@readout.weight", "W_o", {"class", from.units}, model.readout().weight.value()},
                                    {"@readout.bias", "b_o", {"class"}, model.readout().bias.value()}}};
    });
    return observe("probabilities", softmax(logits),
                   [&] {
                       return Shown{.role = Role::probabilities,
                                    .symbol = "p",
                                    .title = "Probabilities",
                                    .unit = "probability",
                                    .axes = from.axes(),
                                    .step = {"normalise", "p = softmax(o)",
                                             from.cell("@probabilities") + " = " + rules::softmax('o', from.cell("@logits")),
                                             "softmax regression"}};
                   })
        .value();
}

Shown chosen(const ReadFrom& from) {
    return {.role = Role::output,
            .symbol = "y",
            .title = "Chosen (ids)",
            .axes = {from.axis.empty() ? "output" : from.axis},
            .step = {"choose", "y = argmax_o p_o",
                     fmt::format("@output.id[{}] = argmax_o({})", from.axis.empty() ? "i" : from.letter,
                                 from.cell("@probabilities"))}};
}

Shown embedded(const RnnShapes<float>& model) {
    return {
        .role = Role::embedding,
        .symbol = "x",
        .title = "Embedded input",
        .axes = {"position", "feature"},
        .step = {"embed", "x_j = E[x_j]", "@embedding[j,m] = " + rules::embedding("@embedding.weight", "@source.id[j]", 'm')},
        .parameters = {{"@embedding.weight", "E", {"vocabulary", "feature"}, model.table().value()}}};
}

Shown joined(const RnnShapes<float>& model) {
    const bool both = model.design().both_directions;
    return {.role = Role::state,
            .symbol = "h",
            .title = "Hidden states",
            .axes = {"position", "state"},
            .step = {"join", both ? "h_j = [→h_j; ←h_j]" : "h_j",
                     both ? fmt::format("@states[j,k] = @forward.state[j,k] else @backward.state[j,k-{}]", model.sizes().hidden)
                          : "@states[j,k] = @forward.state[j,k]",
                     both ? "Schuster and Paliwal 1997" : ""}};
}

/// The states of the layer or of both, [length, state].
Tensor<float> run_layers(const RnnShapes<float>& model, const Var<float>& x, const Observer& observe,
                         const std::stop_token& stop) {
    const Index lengths[] = {x.shape()[0]};
    const auto run = [&](const RecurrentLayer& layer, const RecurrentCell<float>& cell) {
        std::vector<Var<float>> h;
        for (const CellState<float>& state : run_recurrent<float>(layer, cell, x, lengths, observe, stop)) h.push_back(state.h);
        return concat<float>(h, 0);
    };
    Var<float> states = run(rnn_forward_layer(model.design()), model.forward());
    if (model.design().both_directions) {
        const Var<float> both[] = {states, run(rnn_backward_layer(), model.backward())};
        states = concat<float>(both, 1);
    }
    return observe("states", states, [&] { return joined(model); }).value();
}

/// h_T, in both directions [forward h_T; backward h_1]: [1, state].
Tensor<float> keep_last(const RnnShapes<float>& model, const Tensor<float>& states, const Observer& observe) {
    const Index length = states.shape()[0], width = states.shape()[1], hidden = model.sizes().hidden;
    Tensor<float> last(Shape{width});
    for (Index k = 0; k < width; ++k) last.data()[k] = states.data()[(k < hidden ? length - 1 : 0) * width + k];
    last = observe("last", last, [&] {
        const bool both = model.design().both_directions;
        return Shown{.role = Role::state,
                     .symbol = "h",
                     .title = "What is kept of the whole input",
                     .axes = {"state"},
                     .step = {"keep", both ? "[→h_T; ←h_1]" : "h_T",
                              both ? fmt::format("@last[k] = where(k < {}, @states[{},k], @states[0,k])", hidden, length - 1)
                                   : fmt::format("@last[k] = @states[{},k]", length - 1),
                              "Cho 2014, section 2.2"}};
    });
    return last.reshape({1, width});
}

/// s_0 of the decoder.
CellState<float> begin(const RnnShapes<float>& model, const Tensor<float>& last, const Observer& observe) {
    CellState<float> state = model.decoder().zero(1);
    state.h = observe("decoder.initial", tanh(model.initial()(last)), [&] {
        return Shown{.role = Role::state,
                     .symbol = "s_0",
                     .title = "First state of the decoder",
                     .axes = {"decoder_unit"},
                     .step = {"begin", "s_0 = tanh(W_s h_T + b_s)",
                              "@decoder.initial[k] = tanh(" +
                                  rules::linear('l', "@initial.weight[k,l]", "@last[l]", "@initial.bias[k]") + ")",
                              "Cho 2014, section 2.2; Sutskever 2014 copies h_T"},
                     .parameters = {{"@initial.weight", "W_s", {"decoder_unit", "state"}, model.initial().weight.value()},
                                    {"@initial.bias", "b_s", {"decoder_unit"}, model.initial().bias.value()}}};
    });
    return state;
}

/// What the decoder is given at a step: [1, feature].
Var<float> given_to_decoder(const RnnShapes<float>& model, Index given, const Observer& observe) {
    const Index outputs = model.sizes().outputs;
    const Index ids[] = {observe.id("decoder.input", given, outputs + 1, [&] {
        return Shown{.role = Role::input,
                     .symbol = "y",
                     .title = "What the decoder is given (ids)",
                     .axes = {"output"},
                     .step = {"feed back", "y_(i−1), and <start> before the first",
                              "@decoder.input[i] = " + rules::feed_back("@output.id", std::to_string(outputs)),
                              "Sutskever 2014, eq. 1"}};
    })};
    return observe("decoder.embedding", embedding<float>(model.decoder_table(), ids), [&] {
        return Shown{
            .role = Role::embedding,
            .symbol = "y",
            .title = "Embedded outputs",
            .axes = {"output", "feature"},
            .step = {"embed", "y_(i−1) = E_y[y_(i−1)]",
                     "@decoder.embedding[i,m] = " + rules::embedding("@decoder.embedding.weight", "@decoder.input[i]", 'm')},
            .parameters = {{"@decoder.embedding.weight", "E_y", {"written", "feature"}, model.decoder_table().value()}}};
    });
}

/// Decoder steps from s_0 until the end.
Ids decode(const RnnShapes<float>& model, const Tensor<float>& last, const RnnInput& input, const Observer& observe,
           const std::stop_token& stop) {
    const RecurrentCell<float>& cell = model.decoder();
    const ReadFrom from{"decoder.state[i,k]", "decoder_unit", "output", "i"};
    const Observer within = observe.named(observe.name("decoder."));
    const auto reads = [&] {
        return CellReads{.title = "Decoder",
                         .state = "s",
                         .axis = "output",
                         .units = "decoder_unit",
                         .position = 'i',
                         .inputs = {{"@embedding[i,m]", "y_(i−1)", "feature", cell.parameters().input_weight.value()}},
                         .initial = "@initial",
                         .source = recurrent_source(cell.kind())};
    };
    CellState<float> state = begin(model, last, observe);
    Ids written;
    for (Index i = 0; i < input.most_steps && (written.empty() || written.back() != input.end); ++i) {
        check_stop(stop);
        const Index given = written.empty() ? model.sizes().outputs : written.back();
        const Var<float> x = given_to_decoder(model, given, observe.row(i));
        state = cell.step(cell.project(x), state, within.row(i), reads);
        const Index best = largest(probabilities(model, state.h, from, observe.row(i)));
        written.push_back(observe.row(i).id("output.id", best, model.sizes().outputs, [&] { return chosen(from); }));
    }
    return written;
}

Shown input_ids() {
    return {.role = Role::input, .symbol = "x", .title = "Input (ids)", .axes = {"position"}};
}

/// one_to_n: what it read, the one input and what it wrote, and what it wrote.
struct Spelled {
    Ids read, written;
};

Spelled spell(const RnnShapes<float>& model, const RnnInput& input, const Observer& observe, const std::stop_token& stop) {
    const Index outputs = model.sizes().outputs, first = model.sizes().inputs - outputs;
    const ReadFrom from{"states[j,k]", "state", "position", "j"};
    const RecurrentLayer layer = rnn_forward_layer(model.design());
    const Observer within = observe.named(observe.name(layer.name + "."));
    const auto fed_back = [&] {
        Shown says = input_ids();
        says.step = {"feed back", "x_1 is the input, then x_j = y_(j−1)",
                     fmt::format("@source.id[j] = (@output.id[j-1] + {}) else {}", first, input.ids.front()),
                     "Sutskever 2014, eq. 1"};
        return says;
    };
    Spelled spelled;
    Index given = input.ids.front();
    CellState<float> state = model.forward().zero(1);
    for (Index i = 0; i < input.most_steps && (spelled.written.empty() || spelled.written.back() != input.end); ++i) {
        check_stop(stop);
        const Observer here = observe.row(i);
        spelled.read.push_back(here.id("source.id", given, model.sizes().inputs, fed_back));
        const Index ids[] = {spelled.read.back()};
        const Var<float> x = here("embedding", embedding<float>(model.table(), ids), [&] { return embedded(model); });
        state = model.forward().step(model.forward().project(x), state, within.row(i),
                                     [&] { return layer_reads(layer, model.forward()); });
        const Var<float> h = here("states", state.h, [&] { return joined(model); });
        const Index best = largest(probabilities(model, h, from, here));
        spelled.written.push_back(here.id("output.id", best, outputs, [&] { return chosen(from); }));
        given = first + spelled.written.back();
    }
    return spelled;
}

void declare_axes(const RnnShapes<float>& model, const RnnInput& input, const Ids& output,
                  const std::vector<std::string>& labels, Probe& probe) {
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

}  // namespace

Ids run_rnn_shape(const RnnShapes<float>& model, const RnnInput& input, std::span<const MemoryOf> memories, Probe& probe,
                  const std::stop_token& stop) {
    const RnnShape shape = model.design().shape;
    const Observer observe(probe);
    Ids read, output;
    if (shape == RnnShape::one_to_n) {
        Spelled spelled = spell(model, input, observe, stop);
        read = std::move(spelled.read);
        output = std::move(spelled.written);
    } else {
        read = observe.ids("source.id", input.ids, model.sizes().inputs, input_ids);
        const Var<float> x = observe("embedding", embedding<float>(model.table(), read), [&] { return embedded(model); });
        const Tensor<float> states = run_layers(model, x, observe, stop);
        check_stop(stop);
        if (shape == RnnShape::n_to_m) {
            output = decode(model, keep_last(model, states, observe), input, observe, stop);
        } else {
            const bool one = shape == RnnShape::n_to_one;
            const ReadFrom from =
                one ? ReadFrom{"last[k]", "state", "", ""} : ReadFrom{"states[j,k]", "state", "position", "j"};
            const Tensor<float> p = probabilities(model, one ? keep_last(model, states, observe) : states, from, observe);
            const Tensor<float> rows = p.reshape({one ? 1 : p.shape()[0], model.sizes().outputs});
            for (Index j = 0; j < rows.shape()[0]; ++j) output.push_back(largest(rows.row(j)));
            output = observe.ids("output.id", output, model.sizes().outputs, [&] { return chosen(from); });
        }
    }
    declare_axes(model, input, output, input.labels, probe);
    show_memory(memories, read, probe, stop);
    return output;
}

}  // namespace saccade
