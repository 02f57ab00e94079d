#include "exhibit/memory_read.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/align.hpp"
#include "attention/score.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"

namespace saccade {

namespace {

constexpr float largest_number = 1e9f;                // sums of squares of these still are floats
constexpr double smallest_temperature = 1e-9;         // but for 0: scores divided by less are no floats
constexpr Index most_contributions = Index{1} << 20;  // more of them say nothing to a person
constexpr const char* miller = "Miller 2016, eq. 1";

/// A matrix of two axes. Error{invalid_input} if it has more, or numbers that overflow when multiplied.
Tensor<float> rows_of(const Params& params, const char* name, const char* title) {
    const Tensor<float>& matrix = params.matrix(name);
    const Shape& shape = matrix.shape();
    if (shape.rank() > 2)
        throw Error(ErrorCode::invalid_input, fmt::format("{} has shape {}, not that of a matrix", title, shape.str()),
                    "give rows of numbers");
    const Tensor<float> rows = shape.rank() == 2 ? matrix : matrix.reshape(Shape{1, matrix.size()});
    const auto cells = rows.values();
    const auto large = std::ranges::find_if(cells, [](float v) { return std::abs(v) > largest_number; });
    if (large != cells.end()) {
        const Index at = large - cells.begin(), columns = rows.shape()[1];
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{} holds {} in row {}, column {}", title, *large, at / columns + 1, at % columns + 1),
                    fmt::format("use numbers from {} to {}", -largest_number, largest_number));
    }
    return rows;
}

/// One round of address, normalise, read. Names of its tensors begin with `prefix`.
struct Hop {
    const Memory& memory;
    std::string prefix;  // "", "hop2." ...
    Probe& probe;

    std::string name(const char* part) const { return prefix + part; }
    Tensor<float> whole(const char* part, Role role, const char* symbol, const char* title, const char* unit,
                        std::vector<std::string> axes, const Tensor<float>& values) const {
        const std::string which = prefix.empty() ? "" : ", hop " + prefix.substr(3, prefix.size() - 4);
        return probe.whole({name(part), role, symbol, title + which, unit, std::move(axes)}, values);
    }
};

/// How well each query fits each key, [queries, slots].
Tensor<float> address(const Hop& hop, const Tensor<float>& queries, const std::stop_token& stop) {
    const Memory& m = hop.memory;
    const Var<float> keys = m.keys.reshape({1, m.slots(), m.width()});
    const Var<float> strength = Tensor<float>(Shape{1}, static_cast<float>(m.strength));
    std::vector<Var<float>> rows;
    for (Index i = 0; i < m.query_count(); ++i) {
        check_stop(stop);
        const Var<float> query = queries.rows(i, 1);
        rows.push_back(m.score == "dot"          ? dot_scores(query, keys)
                       : m.score == "scaled_dot" ? scaled_dot_scores(query, keys)
                                                 : cosine_scores(query, keys, strength));
    }
    return hop.whole("scores", Role::scores, "e", "Scores: how well each key fits", "", {"query", "slot"},
                     concat<float>(rows, 0).value());
}

/// One slot a query: the first up to which the chances exceed the number drawn.
Tensor<float> drawn_slots(const Tensor<float>& chances, const Tensor<float>& draws) {
    Tensor<float> weights(chances.shape());
    const Index slots = chances.shape()[1];
    for (Index i = 0; i < draws.size(); ++i) {
        double reached = 0;
        Index chosen = 0;
        for (; chosen < slots - 1; ++chosen) {
            reached += static_cast<double>(chances.data()[i * slots + chosen]);
            if (reached > static_cast<double>(draws.data()[i])) break;
        }
        weights.data()[i * slots + chosen] = 1;
    }
    return weights;
}

/// Scores to the weights of the read, [queries, slots].
Tensor<float> normalise(const Hop& hop, const Tensor<float>& scores, Rng rng) {
    const Memory& m = hop.memory;
    const auto weights = [&](const Tensor<float>& values) {
        return hop.whole("weights", Role::weights, "p", "Weights", "weight", {"query", "slot"}, values);
    };
    if (m.read == "hard") return weights(align_hard_argmax(scores));
    const Tensor<float> soft = align_softmax(Var<float>(scores), {}, m.temperature).value();
    if (m.read == "soft") return weights(soft);
    const Tensor<float> chances =
        hop.whole("probabilities", Role::probabilities, "p", "Chances of each slot", "probability", {"query", "slot"}, soft);
    Tensor<float> draws(Shape{m.query_count()});
    for (float& draw : draws.values()) draw = static_cast<float>(rng.uniform());
    return weights(drawn_slots(chances, hop.whole("draws", Role::input, "u", "Drawn numbers", "", {"query"}, draws)));
}

bool shows_contributions(const Memory& m) {
    return m.query_count() * m.values.size() <= most_contributions;
}

/// The weighted sum of the values, [queries, value].
Tensor<float> read(const Hop& hop, const Tensor<float>& weights) {
    const Memory& m = hop.memory;
    const auto context = [&](const Var<float>& values) {
        return hop.whole("context", Role::context, "o", "Read-out", "", {"query", m.value_axis()}, values.value());
    };
    if (!shows_contributions(m)) return context(matmul(Var<float>(weights), Var<float>(m.values)));
    const Index slots = m.slots(), columns = m.values.shape()[1];
    const Var<float> parts =
        mul(Var<float>(weights.reshape({m.query_count(), slots, 1})), Var<float>(m.values.reshape({1, slots, columns})));
    return context(sum(Var<float>(hop.whole("contributions", Role::map, "p v", "What each slot contributes", "",
                                            {"query", "slot", m.value_axis()}, parts.value())),
                       1));
}

void require_finite(const Tensor<float>& values, const char* what) {
    if (std::ranges::any_of(values.values(), [](float v) { return !std::isfinite(v); }))
        throw Error(ErrorCode::numeric, fmt::format("the {} are not finite numbers", what),
                    "use smaller numbers, or a larger temperature");
}

void score_step(const Hop& hop) {
    const Memory& m = hop.memory;
    const std::string left = hop.name("scores") + "[i,j] = ", query = hop.name("queries") + "[i,a]";
    const std::string dot = "sum_a(" + query + " * keys[j,a])";
    if (m.score == "dot")
        hop.probe.step({"address", hop.name("scores"), "e_ij = q_i · k_j", left + dot, miller});
    else if (m.score == "scaled_dot")
        hop.probe.step({"address", hop.name("scores"), "e_ij = q_i · k_j / √d",
                        fmt::format("{}{} / sqrt({})", left, dot, m.width()), "Vaswani 2017, eq. 1"});
    else
        hop.probe.step({"address", hop.name("scores"), "e_ij = β q_i · k_j / (|q_i| |k_j|)",
                        fmt::format("{}{} * {} / sqrt((sum_a(square({})) + 1e-12) * (sum_a(square(keys[j,a])) + 1e-12))", left,
                                    m.strength, dot, query),
                        "Graves 2014, section 3.3.1, eq. 5 and 6"});
}

/// How scores become `result` by softmax at this temperature.
void softmax_step(const Hop& hop, const char* result) {
    const double t = hop.memory.temperature;
    const std::string name = hop.name(result), left = name + "[i,j] = ", scores = hop.name("scores");
    if (t == 0)
        hop.probe.step({"normalise", name, "p_ij = 1 where e_ij is the largest (the first of equals), else 0: T → 0",
                        fmt::format("{}argmax_l({}[i,l]) == j", left, scores), miller});
    else if (std::isinf(t))
        hop.probe.step(
            {"normalise", name, "p_ij = 1 / n: T → ∞", fmt::format("{}softmax_j({}[i,j] * 0)", left, scores), miller});
    else if (t == 1)
        hop.probe.step(
            {"normalise", name, "p_ij = exp(e_ij) / Σ_l exp(e_il)", fmt::format("{}softmax_j({}[i,j])", left, scores), miller});
    else
        hop.probe.step({"normalise", name, "p_ij = exp(e_ij / T) / Σ_l exp(e_il / T)",
                        fmt::format("{}softmax_j({}[i,j] / {})", left, scores, t), std::string(miller) + "; T: Hinton 2015"});
}

void weight_steps(const Hop& hop) {
    const Memory& m = hop.memory;
    const std::string weights = hop.name("weights");
    if (m.read == "soft") softmax_step(hop, "weights");
    if (m.read == "hard")
        hop.probe.step({"normalise", weights, "p_ij = 1 where e_ij is the largest (the first of equals), else 0",
                        fmt::format("{}[i,j] = argmax_l({}[i,l]) == j", weights, hop.name("scores")),
                        "hard attention: Xu 2015, section 4.1"});
    if (m.read != "sample") return;
    softmax_step(hop, "probabilities");
    hop.probe.step({"draw", hop.name("draws"), "u_i uniform in [0, 1), from the seed", "", ""});
    hop.probe.step({"normalise", weights, "p_ij = 1 at the first slot up to which the chances exceed u_i, else 0",
                    fmt::format("{0}[i,j] = where(j < {1}, sum_l(where(l <= j, {2}[i,l], 0)) > {3}[i], 1) * "
                                "(sum_l(where(l < j, {2}[i,l], 0)) <= {3}[i])",
                                weights, m.slots() - 1, hop.name("probabilities"), hop.name("draws")),
                    "hard attention, sampled: Xu 2015, eq. 8 and 9"});
}

void read_steps(const Hop& hop) {
    const std::string source = "Miller 2016, eq. 2; Graves 2014, eq. 2", context = hop.name("context");
    const std::string weighted = hop.name("weights") + "[i,j] * values[j,c]";
    if (!shows_contributions(hop.memory)) {
        hop.probe.step({"read", context, "o_i = Σ_j p_ij v_j", fmt::format("{}[i,c] = sum_j({})", context, weighted), source});
        return;
    }
    const std::string parts = hop.name("contributions") + "[i,j,c]";
    hop.probe.step({"weigh", hop.name("contributions"), "p_ij v_j", parts + " = " + weighted, source});
    hop.probe.step({"read", context, "o_i = Σ_j p_ij v_j", fmt::format("{}[i,c] = sum_j({})", context, parts), source});
}

}  // namespace

Memory memory_of(const Params& params) {
    Memory m;
    m.queries = rows_of(params, "q", "Q");
    m.keys = rows_of(params, "k", "K");
    m.tied = params.toggle("tie");
    m.values = m.tied ? m.keys : rows_of(params, "v", "V");
    m.score = params.text("score");
    m.read = params.text("read");
    m.strength = params.number("strength");
    m.temperature = params.number("temperature");
    m.hops = params.integer("hops");
    if (m.queries.shape()[1] != m.width())
        throw Error(ErrorCode::invalid_input, fmt::format("Q has {} columns and K has {}", m.queries.shape()[1], m.width()),
                    "give each query as many numbers as a key has");
    if (m.values.shape()[0] != m.slots())
        throw Error(
            ErrorCode::invalid_input,
            fmt::format("V has {} row{} and K has {}", m.values.shape()[0], m.values.shape()[0] == 1 ? "" : "s", m.slots()),
            "give one value for each key, or tie V to K");
    if (m.hops > 1 && m.values.shape()[1] != m.width())
        throw Error(ErrorCode::invalid_input,
                    fmt::format("Hops is {}, but V has {} columns and K has {}", m.hops, m.values.shape()[1], m.width()),
                    "what is read can be added to a query only if it is as long; or tie V to K");
    if (m.temperature > 0 && m.temperature < smallest_temperature)
        throw Error(ErrorCode::invalid_input, fmt::format("Temperature is {}", m.temperature),
                    fmt::format("give 0, which is hard, or a value from {} on", smallest_temperature));
    return m;
}

Tensor<float> read_memory(Memory m, std::uint64_t seed, Probe& probe, const std::stop_token& stop) {
    m.queries = probe.whole({"queries", Role::query, "q", "Q: queries, a row each", "", {"query", "feature"}}, m.queries);
    m.keys = probe.whole({"keys", Role::key, "k", "K: keys, a column each", "", {"slot", "feature"}}, m.keys);
    if (m.tied) {
        m.values = m.keys;
        probe.step({"tie", "values", "v_j = k_j", "values[j,a] = keys[j,a]", "Weston 2015: one memory, to find and to read"});
    }
    m.values = probe.whole({"values",
                            Role::value,
                            "v",
                            m.tied ? "V = K: values, a column each" : "V: values, a column each",
                            "",
                            {"slot", m.value_axis()}},
                           m.values);
    Tensor<float> queries = m.queries, context;
    std::string before;
    for (std::int64_t h = 1; h <= m.hops; ++h) {
        const Hop hop{m, h == 1 ? "" : fmt::format("hop{}.", h), probe};
        if (h > 1) {
            queries = hop.whole("queries", Role::query, "q", "Queries", "", {"query", "feature"},
                                add(Var<float>(queries), Var<float>(context)).value());
            probe.step({"update", hop.name("queries"), "q_i ← q_i + o_i",
                        fmt::format("{0}queries[i,a] = {1}queries[i,a] + {1}context[i,a]", hop.prefix, before),
                        "Miller 2016, section 3.1, with R = 1"});
        }
        const Tensor<float> scores = address(hop, queries, stop);
        require_finite(scores, "scores");
        const Tensor<float> weights = normalise(hop, scores, Rng(seed).fork("memory read", static_cast<std::uint64_t>(h)));
        check_stop(stop);
        context = read(hop, weights);
        require_finite(context, "numbers read");
        score_step(hop);
        weight_steps(hop);
        read_steps(hop);
        before = hop.prefix;
    }
    return context;
}

}  // namespace saccade
