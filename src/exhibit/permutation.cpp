#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "attention/position.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/permutation_lesson.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

constexpr Index most_tokens = 64, most_features = 32;
constexpr float largest_number = 1e6f;

/// MultiheadAttention(E, 1) as PyTorch keeps its parameters, without biases, which PyTorch starts at 0.
struct Projections {
    Tensor<float> query, key, value, output;  // [E, E] each
};

/// What is the same for both orders.
struct Setting {
    Projections weights;
    bool posted = false;  // (L=1, N=3, E=2): every token is a sequence of its own
    Tensor<float> code;   // [tokens, E], or empty
    Index tokens = 0, features = 0;

    bool coded() const { return !code.empty(); }
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
Projections projections(const Params& params, Index e, std::uint64_t seed) {
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
    return {in.rows(0, e), in.rows(e, e), in.rows(2 * e, e), out};
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
    for (const char c : text + ",") {
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

    std::string part(const char* what) const { return name + "." + what; }
    Tensor<float> show(const char* what, Role role, const char* symbol, const char* meaning, std::vector<std::string> axes,
                       const Tensor<float>& values) const {
        return probe.whole({part(what), role, symbol, fmt::format("{} of {}", meaning, title), "", std::move(axes)}, values);
    }
    Tensor<float> project(const char* what, Role role, const char* symbol, const char* meaning, const char* weight,
                          const Tensor<float>& x, const Tensor<float>& w, const std::string& axis = {}) const {
        const Tensor<float> y = affine<float>(x, w, {}).value();
        const std::string formula = fmt::format("{}_i = W_{} x_i", symbol,
                                                weight[0] == 'q'   ? "Q"
                                                : weight[0] == 'k' ? "K"
                                                                   : "V");
        const Tensor<float> shown = show(what, role, symbol, meaning, {axis.empty() ? name : axis, "unit"}, y);
        probe.step(
            {"project", part(what), formula,
             fmt::format("{}[i,a] = sum_b(weight.{}[a,b] * {}[i,b])", part(what), weight, part(s.coded() ? "coded" : "input")),
             "Vaswani 2017, section 3.2.2"});
        return shown;
    }
    Tensor<float> read_in(const Tensor<float>& tokens) const;
    Tensor<float> attend(const Tensor<float>& x) const;
};

/// The tokens, with the position code added where there is one. In the posted order of axes each is first in its sequence.
Tensor<float> Pass::read_in(const Tensor<float>& tokens) const {
    const Tensor<float> input = show("input", Role::input, "x", "Inputs", {name, "feature"}, tokens);
    if (!s.coded()) return input;
    Tensor<float> positions(Shape{s.tokens, s.features});
    for (Index i = 0; i < s.tokens; ++i)
        std::ranges::copy(s.code.row(s.posted ? 0 : i).values(), positions.row(i).values().begin());
    const Tensor<float> added = show("position", Role::embedding, "p", "Position code", {name, "feature"}, positions);
    const std::string at = s.posted ? "0 * i" : "i";
    probe.step({"position", part("position"),
                s.posted ? "p_i = PE(0): each token is the first, and only, one of its sequence"
                         : "p_i,2b = sin(i / 10000^(2b/d)), p_i,2b+1 = cos(…)",
                fmt::format("{}[i,b] = sin({} / 10000 ^ (b // 2 * 2 / {}) + b % 2 * pi / 2)", part("position"), at, s.features),
                "Vaswani 2017, section 3.5"});
    const Tensor<float> coded =
        show("coded", Role::state, "x", "Inputs with position", {name, "feature"}, add<float>(input, added).value());
    probe.step({"add", part("coded"), "x_i + p_i", fmt::format("{0}.coded[i,b] = {0}.input[i,b] + {0}.position[i,b]", name),
                "Vaswani 2017, section 3.5"});
    return coded;
}

/// softmax(Q K^T / sqrt(E)) V W_O, one head (Vaswani 2017, eq. 1). With the axes as posted, tokens are of different sequences
/// and never meet: the mask says so.
Tensor<float> Pass::attend(const Tensor<float>& x) const {
    const std::string key = name + ".key";
    const Tensor<float> q = project("query", Role::query, "q", "Queries", "query", x, s.weights.query);
    const Tensor<float> k = project("key", Role::key, "k", "Keys", "key", x, s.weights.key, key);
    const Tensor<float> v = project("value", Role::value, "v", "Values", "value", x, s.weights.value, key);
    const auto root = static_cast<float>(std::sqrt(static_cast<double>(s.features)));
    const Tensor<float> scores =
        show("scores", Role::scores, "e", "Scores", {name, key}, scale<float>(matmul<float>(q, k, true), 1 / root).value());
    probe.step({"score", part("scores"), "e_ij = q_i · k_j / √d",
                fmt::format("{0}.scores[i,j] = sum_a({0}.query[i,a] * {0}.key[j,a]) / sqrt({1})", name, s.features),
                "Vaswani 2017, eq. 1"});
    Tensor<float> mask(scores.shape());
    if (s.posted)
        for (Index i = 0; i < mask.size(); ++i)
            if (i % (s.tokens + 1) != 0) mask.data()[i] = -std::numeric_limits<float>::infinity();
    mask = show("mask", Role::mask, "M", "Tokens of another sequence of the batch", {name, key}, mask);
    if (s.posted)
        probe.step({"mask", part("mask"), "−∞ between tokens of different sequences: axis 1 counts sequences",
                    fmt::format("{}[i,j] = where(i == j, 0, -inf)", part("mask")), "PyTorch, MultiheadAttention: (L, N, E)"});
    else
        probe.step({"mask", part("mask"), "0: all tokens are of one sequence",
                    fmt::format("{}[i,j] = 0 * (i + j)", part("mask")), "PyTorch, MultiheadAttention: (L, N, E)"});
    const Tensor<float> weights =
        show("weights", Role::weights, "α", "Attention weights", {name, key}, softmax<float>(scores, mask).value());
    probe.step({"attend", part("weights"), "α_ij = softmax_j(e_ij)",
                fmt::format("{0}.weights[i,j] = softmax_j({0}.scores[i,j] + {0}.mask[i,j])", name), "Vaswani 2017, eq. 1"});
    const Tensor<float> context =
        show("context", Role::context, "z", "Contexts", {name, "unit"}, matmul<float>(weights, v).value());
    probe.step({"read", part("context"), "z_i = Σ_j α_ij v_j",
                fmt::format("{0}.context[i,a] = sum_j({0}.weights[i,j] * {0}.value[j,a])", name), "Vaswani 2017, eq. 1"});
    const Tensor<float> y =
        show("output", Role::state, "y", "Outputs", {name, "feature"}, affine<float>(context, s.weights.output, {}).value());
    probe.step({"output", part("output"), "y_i = W_O z_i",
                fmt::format("{0}.output[i,b] = sum_a(weight.output[b,a] * {0}.context[i,a])", name),
                "Vaswani 2017, section 3.2.2"});
    return y;
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
    Tensor<float> shown_place(Shape{n});
    for (Index i = 0; i < n; ++i) shown_place.data()[i] = static_cast<float>(place[static_cast<std::size_t>(i)]);
    probe.whole({"place", Role::input, "π", "Where each token stands in the second order, from 0", "", {"first"}}, shown_place);
    const Tensor<float> back = probe.whole(
        {"sorted", Role::state, "y", "Second outputs, sorted back", "", {"first", "feature"}}, rows_in_order(second, place));
    probe.step({"sort", "sorted", "y′_π(i)", "sorted[i,b] = second.output[place[i],b]", ""});
    probe.whole({"difference", Role::state, "Δ", "What the order changed in each token's output", "", {"first", "feature"}},
                sub<float>(back, first).value());
    probe.step({"compare", "difference", "Δ_i = y′_π(i) − y_i", "difference[i,b] = sorted[i,b] - first.output[i,b]", ""});
}

std::string read_out(const Tensor<float>& rows, const std::vector<std::string>& names) {
    constexpr std::size_t most_shown = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(most_shown, names.size()); ++i) {
        text += fmt::format("{}{}:", i > 0 ? "; " : "", names[i]);
        const Tensor<float> row = rows.row(static_cast<Index>(i));
        for (Index b = 0; b < std::min<Index>(row.size(), 4); ++b) text += fmt::format(" {:.3f}", row.data()[b]);
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
    const Projections& w = s.weights;
    probe.parameter("weight.query", "W_Q", {"unit", "feature"}, w.query);
    probe.parameter("weight.key", "W_K", {"unit", "feature"}, w.key);
    probe.parameter("weight.value", "W_V", {"unit", "feature"}, w.value);
    probe.parameter("weight.output", "W_O", {"feature", "unit"}, w.output);
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
    if (params.text("position") == "sinusoidal") s.code = sinusoidal_code<float>(0, s.tokens, s.features);
    const Ids order = second_order(params.text("order"), s.tokens);
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
        matrix_param("q", "Inputs", "q1, q2, q3: one token a row, as many numbers each as E.", q, most_tokens),
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
        if (params.text("position") != "none" && params.text("axes") == "sequence") placed.back().tensor = "difference";
        return placed;
    };
    exhibit.output_text = "output";
    exhibit.run = run_permutation;
    exhibit.lesson = permutation_lesson();
    return exhibit;
}

}  // namespace saccade
