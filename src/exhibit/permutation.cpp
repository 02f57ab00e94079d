#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "attention/multi_head.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/permutation_lesson.hpp"
#include "nn/rules.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

constexpr Index most_tokens = 64, most_features = 32;
constexpr float largest_number = 1e6f;

/// What is the same for both orders.
struct Setting {
    MultiHeadProjections<float> weights;  // of MultiheadAttention(E, 1), [E, E] each; biases start at 0 in PyTorch: none
    bool posted = false;                  // (L=1, N=3, E=2): every token is a sequence of its own
    PositionCode<float> code;             // what it adds
    Index tokens = 0, features = 0;
};

Tensor<float> matrix_of(const Params& params, const char* name, const char* title, Index most_rows) {
    const Tensor<float>& matrix = params.matrix(name);
    if (matrix.shape().rank() != 2 || matrix.size() == 0)
        throw Error(ErrorCode::invalid_input, fmt::format("{} has shape {}, not that of a matrix", title, matrix.shape().str()),
                    "give rows of numbers, with a semicolon or a line break between them");
    if (matrix.shape()[0] > most_rows)
        throw Error(ErrorCode::invalid_input, fmt::format("{} has {} rows", title, matrix.shape()[0]),
                    fmt::format("use at most {}", most_rows));
    if (std::ranges::any_of(matrix.values(), [](float v) { return !(std::abs(v) <= largest_number); }))
        throw Error(ErrorCode::invalid_input, fmt::format("{} holds a number beyond ±{:.0e}", title, largest_number),
                    "use smaller numbers");
    return matrix;
}

Tensor<float> drawn(Index rows, Index columns, double bound, Rng& rng) {
    Tensor<float> values(Shape{rows, columns});
    for (float& v : values.values()) v = static_cast<float>((2 * rng.uniform() - 1) * bound);
    return values;
}

/// From the seed: in_proj_weight [3E, E] after Xavier (Glorot and Bengio 2010), out_proj.weight as a linear layer of PyTorch's.
MultiHeadProjections<float> projections(const Params& params, Index e, std::uint64_t seed) {
    Tensor<float> in, out;
    if (params.text("projections") == "own") {
        in = matrix_of(params, "in_proj", "W_in", 3 * most_features);
        out = matrix_of(params, "out_proj", "W_O", most_features);
        if (in.shape() != Shape{3 * e, e} || out.shape() != Shape{e, e})
            throw Error(
                ErrorCode::invalid_input, fmt::format("W_in has shape {} and W_O {}", in.shape().str(), out.shape().str()),
                fmt::format("inputs of {} numbers need [{}, {}], which is W_Q, W_K, W_V one below the other, and [{}, {}]", e,
                            3 * e, e, e, e));
    } else {
        Rng rng = Rng(seed).fork("permutation weights");
        in = drawn(3 * e, e, std::sqrt(6.0 / static_cast<double>(4 * e)), rng);
        out = drawn(e, e, 1 / std::sqrt(static_cast<double>(e)), rng);
    }
    return {{in.rows(0, e), {}}, {in.rows(e, e), {}}, {in.rows(2 * e, e), {}}, {out, {}}};
}

/// Places of the tokens in the second order, from 0: "1, 3, 2" is 0 2 1; nothing: the last two change places.
/// Error{invalid_input} if it is no permutation.
Ids second_order(const std::string& text, Index n) {
    Ids order;
    if (text.empty()) {
        order.resize(static_cast<std::size_t>(n));
        std::iota(order.begin(), order.end(), Index{0});
        if (n > 1) std::swap(order[order.size() - 1], order[order.size() - 2]);
        return order;
    }
    Index number = -1;
    const auto wrong = [&] {
        return Error(ErrorCode::invalid_input, fmt::format("Second order is '{}', no order of {} tokens", text, n),
                     "name each token once by its number, such as 1, 3, 2");
    };
    for (const char c : read_text_of(text) + ",") {
        if (c >= '0' && c <= '9') {
            number = std::max<Index>(number, 0) * 10 + (c - '0');
            if (number > n) throw wrong();
        } else if (c == ',' || c == ' ' || c == ';') {
            if (number >= 0) order.push_back(number - 1);
            number = -1;
        } else
            throw wrong();
    }
    Ids sorted = order, all(static_cast<std::size_t>(n));
    std::ranges::sort(sorted);
    std::iota(all.begin(), all.end(), Index{0});
    if (sorted != all) throw wrong();
    return order;
}

/// One pass of the module over the tokens in one order; names of its tensors begin with `name`.
struct Pass {
    const Setting& s;
    std::string name, title;  // "first", "[q1, q2, q3]"
    Probe& probe;

    Observer observe() const { return Observer(probe, name + "."); }
    std::string of(const char* what) const { return fmt::format("{} of {}", what, title); }
    Tensor<float> read_in(const Tensor<float>& tokens) const;
    Tensor<float> attend(const Tensor<float>& x) const;

 private:
    AttentionNames names() const;
};

/// The tokens, with the position code added where there is one. In the posted order of axes each is first in its sequence.
Tensor<float> Pass::read_in(const Tensor<float>& tokens) const {
    const std::vector<std::string> axes = {name, "feature"};
    const Tensor<float> input = observe()(
        "input", tokens, [&] { return Shown{.role = Role::input, .symbol = "x", .title = of("Inputs"), .axes = axes}; });
    if (!s.code.adds) return input;
    const Tensor<float> code = s.code.added(0, s.tokens).value();
    Tensor<float> positions(Shape{s.tokens, s.features});
    for (Index i = 0; i < s.tokens; ++i)
        std::ranges::copy(code.row(s.posted ? 0 : i).values(), positions.row(i).values().begin());
    const Tensor<float> added = observe()("position", positions, [&] {
        const PositionRule rule = s.code.adds->added_rule(s.posted ? "0 * i" : "i");
        return Shown{.role = Role::embedding,
                     .symbol = "p",
                     .title = of("Position code"),
                     .axes = axes,
                     .step = {"position",
                              s.posted ? "p_i = PE(0): each token is the first, and only, one of its sequence"
                                       : "p_i,2b = sin(i / 10000^(2b/d)), p_i,2b+1 = cos(…)",
                              "@position[i,k] = " + rule.rule, rule.source}};
    });
    return observe()("coded", add<float>(input, added).value(), [&] {
        return Shown{.role = Role::state,
                     .symbol = "x",
                     .title = of("Inputs with position"),
                     .axes = axes,
                     .step = {"add", "x_i + p_i", "@coded[i,k] = @input[i,k] + @position[i,k]", "Vaswani 2017, section 3.5"}};
    });
}

AttentionNames Pass::names() const {
    AttentionNames names;
    names.heads = false;
    names.queries = name;
    names.keys = name + ".key";
    names.x = names.y = [read = name + (s.code.adds ? ".coded" : ".input")](char token) {
        return fmt::format("{}[{},m]", read, token);
    };
    names.projection = [&](const char* what, Linear<float> MultiHeadProjections<float>::*which) {
        const std::string weight = fmt::format("weight.{}", what);
        const char letter = what[0] == 'q' ? 'Q' : what[0] == 'k' ? 'K' : 'V';
        return ProjectionNames{
            weight + "[u,m]", {}, {{weight, fmt::format("W_{}", letter), {"unit", "feature"}, (s.weights.*which).weight}}};
    };
    if (s.posted)
        names.mask = {"mask", "−∞ between tokens of different sequences: axis 1 counts sequences",
                      "@mask[i,j] = where(i == j, 0, -inf)", "PyTorch, MultiheadAttention: (L, N, E)"};
    else
        names.mask = {"mask", "0: all tokens are of one sequence", "@mask[i,j] = 0 * (i + j)",
                      "PyTorch, MultiheadAttention: (L, N, E)"};
    return names;
}

/// MultiheadAttention(E, 1). With the axes as posted, tokens are of different sequences and never meet: the mask says so.
Tensor<float> Pass::attend(const Tensor<float>& x) const {
    const MultiHeadAttention<float> attention(s.weights, 1);
    const AttentionNames own = names();
    const auto whose = [&](Shown& shown) {
        if (shown.role == Role::scores) {
            shown.title = "Scores";
            shown.step.formula = "e_ij = q_i · k_j / √d";
        }
        if (shown.role == Role::context) shown.title = "Contexts";
        if (shown.role == Role::mask) shown.title = "Tokens of another sequence of the batch";
        shown.title = of(shown.title.c_str());
        return true;
    };
    const AttentionView view{observe().redescribed(whose), &own};
    Tensor<float> mask;
    if (s.posted) {
        mask = Tensor<float>(Shape{s.tokens, s.tokens}, -std::numeric_limits<float>::infinity());
        for (Index i = 0; i < s.tokens; ++i) mask.data()[i * (s.tokens + 1)] = 0;
    }
    const Var<float> tokens = x.reshape({1, s.tokens, s.features});
    const auto seen = attention.heads(tokens, attention.keys_values(tokens, 0, view), mask, 0, view);
    const Linear<float>& output = attention.projections().output;
    const Tensor<float> y = output(MultiHeadAttention<float>::joined(seen.context)).value().reshape({s.tokens, s.features});
    return observe()("output", y, [&] {
        return Shown{
            .role = Role::state,
            .symbol = "y",
            .title = of("Outputs"),
            .axes = {name, "feature"},
            .step = {"output", "y_i = W_O z_i", "@output[i,k] = " + rules::linear('u', "weight.output[k,u]", "@context[i,u]"),
                     "Vaswani 2017, section 3.2.2"},
            .parameters = {{"weight.output", "W_O", {"feature", "unit"}, output.weight}}};
    });
}

std::vector<std::string> names_of(const Ids& order) {
    std::vector<std::string> names;
    for (const Index i : order) names.push_back(fmt::format("q{}", i + 1));
    return names;
}

Tensor<float> rows_in_order(const Tensor<float>& rows, const Ids& order) {
    return embedding<float>(rows, order).value();
}

/// The second outputs in the order of the first tokens, and how far they are from the first.
void compare(Probe& probe, const Tensor<float>& first, const Tensor<float>& second, const Ids& order) {
    const auto n = static_cast<Index>(order.size());
    Ids place(order.size());
    for (Index i = 0; i < n; ++i) place[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = i;
    const Observer observe(probe);
    place = observe.ids("place", place, n, [] {
        return Shown{.role = Role::input,
                     .symbol = "π",
                     .title = "Where each token stands in the second order, from 0",
                     .axes = {"first"}};
    });
    const Tensor<float> back = observe("sorted", rows_in_order(second, place), [] {
        return Shown{.role = Role::state,
                     .symbol = "y",
                     .title = "Second outputs, sorted back",
                     .axes = {"first", "feature"},
                     .step = {"sort", "y′_π(i)", "sorted[i,b] = second.output[place[i],b]", ""}};
    });
    observe("difference", sub<float>(back, first).value(), [] {
        return Shown{.role = Role::state,
                     .symbol = "Δ",
                     .title = "What the order changed in each token's output",
                     .axes = {"first", "feature"},
                     .step = {"compare", "Δ_i = y′_π(i) − y_i", "difference[i,b] = sorted[i,b] - first.output[i,b]", ""}};
    });
}

std::string read_out(const Tensor<float>& rows, const std::vector<std::string>& names) {
    constexpr std::size_t most_shown = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(most_shown, names.size()); ++i) {
        text += fmt::format("{}{}:", i > 0 ? "; " : "", names[i]);
        const Tensor<float> row = rows.row(static_cast<Index>(i));
        for (Index b = 0; b < std::min<Index>(row.size(), 4); ++b) {
            const float shown = std::round(row.data()[b] * 1000) / 1000;
            text += fmt::format(" {}{:.3f}", shown < 0 ? "−" : "", std::abs(shown));
        }
    }
    return text + (names.size() > most_shown ? "; …" : "");
}

void declare_axes(Probe& probe, const Setting& s, const std::vector<std::string>& first,
                  const std::vector<std::string>& second) {
    probe.axis({"first", AxisKind::query, s.tokens, first, "i"});
    probe.axis({"first.key", AxisKind::key, s.tokens, first, "j"});
    probe.axis({"second", AxisKind::query, s.tokens, second, "i"});
    probe.axis({"second.key", AxisKind::key, s.tokens, second, "j"});
    probe.axis({"feature", AxisKind::feature, s.features, {}, "b"});
    probe.axis({"unit", AxisKind::feature, s.features, {}, "a"});
}

void run_permutation(RunContext& context) {
    const Params& params = context.params;
    const Tensor<float> x = matrix_of(params, "q", "Inputs", most_tokens);
    Setting s;
    s.tokens = x.shape()[0];
    s.features = x.shape()[1];
    if (s.features > most_features)
        throw Error(ErrorCode::invalid_input, fmt::format("Inputs has {} columns", s.features),
                    fmt::format("use at most {}", most_features));
    s.weights = projections(params, s.features, context.seed);
    s.posted = params.text("axes") == "posted";
    s.code = make_position_code<float>(position_code(params.text("position")), {.d_model = s.features}, nullptr);
    const Ids order = second_order(params.text("order"), s.tokens);
    note_dropped(read_typed(params.text("order")).dropped, "order", context.probe);
    Ids same(order.size());
    std::iota(same.begin(), same.end(), Index{0});
    const std::vector<std::string> first_names = names_of(same), second_names = names_of(order);
    declare_axes(context.probe, s, first_names, second_names);
    const Pass first{s, "first", fmt::format("[{}]", fmt::join(first_names, ", ")), context.probe};
    const Pass second{s, "second", fmt::format("[{}]", fmt::join(second_names, ", ")), context.probe};
    const Tensor<float> y = first.attend(first.read_in(x));
    check_stop(context.stop);
    const Tensor<float> y2 = second.attend(second.read_in(rows_in_order(x, order)));
    compare(context.probe, y, y2, order);
    context.probe.text("output", read_out(y, first_names) + "  |  " + read_out(y2, second_names));
}

ParamSpec matrix_param(const char* name, const char* title, const char* help, Tensor<float> fallback, double most) {
    ParamSpec spec = make_param(ParamType::matrix, name, title, help, std::move(fallback));
    spec.max = most;
    return spec;
}

std::vector<ParamSpec> permutation_params() {
    const Tensor<float> q = Tensor<float>::from({3, 2}, {1, 0.5f, -0.5f, 1, 0.25f, -1.5f});
    const Tensor<float> in = Tensor<float>::from({6, 2}, {1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1});
    return {
        matrix_param("q", "Inputs", "q1, q2, q3: one token per row, E numbers each.", q, most_tokens),
        optional_text_param("order", "Second order", "The same tokens once more, in this order: 1, 3, 2 or any other.",
                            "last two swapped", 512),
        choice_param("axes", "Axes",
                     "How the three tokens reach MultiheadAttention, which reads (L, N, E): sequence position, sequence of the "
                     "batch, feature. As often posted, torch.stack([q1, q2, q3]).unsqueeze(0), they are three sequences of one "
                     "token; as one sequence they attend to each other.",
                     {{"sequence", "L=3, N=1: one sequence"}, {"posted", "L=1, N=3: as often posted"}}),
        choice_param("position", "Position code",
                     "Sinusoidal: sin and cos of the position are added to each token before attention.",
                     {{"none", "None"}, {"sinusoidal", "Sinusoidal"}}),
        choice_param("projections", "Weights",
                     "From the seed, as PyTorch initialises MultiheadAttention: W_Q, W_K, W_V uniform within ±√(6 / 4E) "
                     "(Xavier), W_O within ±1/√E, biases 0. Own: the two matrices below.",
                     {{"seed", "From the seed"}, {"own", "Own"}}),
        matrix_param("in_proj", "Own W_in", "Own weights, in_proj_weight [3E, E]: W_Q, W_K, W_V one below the other.", in,
                     3 * most_features),
        matrix_param("out_proj", "Own W_O", "Own weights, out_proj.weight [E, E].", Tensor<float>::from({2, 2}, {1, 0, 0, 1}),
                     most_features)};
}

}  // namespace

Exhibit permutation_exhibit() {
    Exhibit exhibit;
    exhibit.id = "permutation";
    exhibit.title = "Permutation";
    exhibit.group = "Transformer";
    exhibit.summary =
        "MultiheadAttention(2, 1) on [q1, q2, q3] and [q1, q3, q2]: the outputs only change places, until a position code is "
        "added.";
    exhibit.source = "Vaswani 2017, sections 3.2 and 3.5; Lee 2019, section 2.1; PyTorch, MultiheadAttention";
    exhibit.params = permutation_params();
    exhibit.views = {{"heatmap", "first.weights", 0, 0.5f, 0.5f},
                     {"heatmap", "second.weights", 0, 0.5f, 0.5f},
                     {"heatmap", "first.output", 1, 0.33f, 0.5f},
                     {"heatmap", "second.output", 1, 0.33f, 0.5f},
                     {"heatmap", "sorted", 1, 0.34f, 0.5f}};
    // Where nothing differs but by rounding, a map of the difference would paint the rounding.
    exhibit.place = [views = exhibit.views](const Params& params) {
        std::vector<ViewPlacement> placed = views;
        if (position_code(params.text("position")).tells_distance && params.text("axes") == "sequence")
            placed.back().tensor = "difference";
        return placed;
    };
    exhibit.output_text = "output";
    exhibit.run = run_permutation;
    exhibit.lesson = permutation_lesson();
    return exhibit;
}

}  // namespace saccade
