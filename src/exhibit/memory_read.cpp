#include "exhibit/memory_read.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/score.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "tensor/finite.hpp"

namespace saccade {

namespace {

constexpr float largest_number = 1e9f;                // sums of squares of these still are floats
constexpr double smallest_temperature = 1e-9;         // but for 0: scores divided by less are no floats
constexpr Index most_contributions = Index{1} << 20;  // more of them say nothing to a person
constexpr const char* miller = "Miller 2016, eq. 1";
constexpr const char* read_source = "Miller 2016, eq. 2; Graves 2014, eq. 2";

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

/// How well a key fits a query, in the words of a memory; the functions are those of attention/score.hpp.
struct Fit {
    const char *id, *title;
    Var<float> (*scores)(const Memory&, const Var<float>& query, const Var<float>& keys);
    /// `dot`: the dot product as a rule.
    How (*how)(const Memory&, const std::string& dot);
};

constexpr Fit fits[] = {
    {"dot", "Dot", [](const Memory&, const Var<float>& query, const Var<float>& keys) { return dot_scores(query, keys); },
     [](const Memory&, const std::string& dot) {
         return How{"address", "e_ij = q_i · k_j", "@scores[i,j] = " + dot, miller};
     }},
    {"scaled_dot", "Scaled dot",
     [](const Memory&, const Var<float>& query, const Var<float>& keys) { return scaled_dot_scores(query, keys); },
     [](const Memory& m, const std::string& dot) {
         return How{"address", "e_ij = q_i · k_j / √d", fmt::format("@scores[i,j] = {} / sqrt({})", dot, m.width()),
                    "Vaswani 2017, eq. 1"};
     }},
    {"cosine", "Cosine",
     [](const Memory& m, const Var<float>& query, const Var<float>& keys) {
         return cosine_scores(query, keys, Var<float>(Tensor<float>(Shape{1}, static_cast<float>(m.strength))));
     },
     [](const Memory& m, const std::string& dot) {
         return How{"address", "e_ij = β q_i · k_j / (|q_i| |k_j|)",
                    fmt::format("@scores[i,j] = {} * {} / sqrt((sum_a(square(@queries[i,a])) + 1e-12) * "
                                "(sum_a(square(keys[j,a])) + 1e-12))",
                                m.strength, dot),
                    "Graves 2014, section 3.3.1, eq. 5 and 6"};
     }},
};

/// One round of address, normalise, read. Names of its tensors begin with the observer's prefix: "", "hop2." ...
struct Hop {
    const Memory& memory;
    Observer observe;

    /// "Scores, hop 2".
    std::string title(const char* of) const {
        const std::string& prefix = observe.prefix();
        return prefix.empty() ? of : of + (", hop " + prefix.substr(3, prefix.size() - 4));
    }
};

/// How well each query fits each key, [queries, slots].
Tensor<float> address(const Hop& hop, const Tensor<float>& queries, const std::stop_token& stop) {
    const Memory& m = hop.memory;
    const Fit& fit = *std::ranges::find(fits, m.score, &Fit::id);
    const Var<float> keys = m.keys.reshape({1, m.slots(), m.width()});
    std::vector<Var<float>> rows;
    for (Index i = 0; i < m.query_count(); ++i) {
        check_stop(stop);
        rows.push_back(fit.scores(m, queries.rows(i, 1), keys));
    }
    return hop.observe("scores", concat<float>(rows, 0).value(), [&] {
        return Shown{.role = Role::scores,
                     .symbol = "e",
                     .title = hop.title("Scores: how well each key fits"),
                     .axes = {"query", "slot"},
                     .step = fit.how(m, "sum_a(@queries[i,a] * keys[j,a])")};
    });
}

/// Scores to the weights of the read, [queries, slots].
Tensor<float> normalise(const Hop& hop, const Align<float>& align, const Tensor<float>& scores, Rng rng) {
    const AlignText text{.axes = {"query", "slot"},
                         .symbol = "p",
                         .title = hop.title("Weights"),
                         .operation = "normalise",
                         .softmax_source = miller,
                         .chances = "probabilities",
                         .chances_symbol = "p",
                         .chances_title = hop.title("Probability of each slot"),
                         .draws_title = hop.title("Random numbers")};
    return align({.scores = scores, .rng = &rng}, text, hop.observe).weights.value();
}

/// The weighted sum of the values, [queries, value].
Tensor<float> read(const Hop& hop, const Tensor<float>& weights) {
    const Memory& m = hop.memory;
    const Index slots = m.slots(), columns = m.values.shape()[1];
    const bool apart = m.query_count() * m.values.size() <= most_contributions;
    Tensor<float> context;
    if (apart) {
        const Var<float> parts =
            mul(Var<float>(weights.reshape({m.query_count(), slots, 1})), Var<float>(m.values.reshape({1, slots, columns})));
        const Var<float> shown = hop.observe("contributions", parts, [&] {
            return Shown{.role = Role::map,
                         .symbol = "p v",
                         .title = hop.title("What each slot contributes"),
                         .axes = {"query", "slot", m.value_axis()},
                         .step = {"weigh", "p_ij v_j", "@contributions[i,j,c] = @weights[i,j] * values[j,c]", read_source}};
        });
        context = sum(shown, 1).value();
    } else {
        context = matmul(Var<float>(weights), Var<float>(m.values)).value();
    }
    return hop.observe("context", context, [&] {
        const char* const parts = apart ? "@contributions[i,j,c]" : "@weights[i,j] * values[j,c]";
        return Shown{.role = Role::context,
                     .symbol = "o",
                     .title = hop.title("Read-out"),
                     .axes = {"query", m.value_axis()},
                     .step = {"read", "o_i = Σ_j p_ij v_j", fmt::format("@context[i,c] = sum_j({})", parts), read_source}};
    });
}

/// What was read joins the query, which asks again.
Tensor<float> asked_again(const Hop& hop, const Hop& before, const Tensor<float>& queries, const Tensor<float>& context) {
    return hop.observe("queries", add(Var<float>(queries), Var<float>(context)).value(), [&] {
        return Shown{.role = Role::query,
                     .symbol = "q",
                     .title = hop.title("Queries"),
                     .axes = {"query", "feature"},
                     .step = {"update", "q_i ← q_i + o_i",
                              fmt::format("@queries[i,a] = {0}queries[i,a] + {0}context[i,a]", before.observe.prefix()),
                              "Miller 2016, section 3.1, with R = 1"}};
    });
}

void require_finite(const Tensor<float>& values, const char* what) {
    if (!all_finite(values))
        throw Error(ErrorCode::numeric, fmt::format("the {} are not finite numbers", what),
                    "use smaller numbers, or a larger temperature");
}

/// Q, K and V as the run goes on with them.
void show_memory(Memory& m, const Observer& observe) {
    m.queries = observe("queries", m.queries, [] {
        return Shown{.role = Role::query, .symbol = "q", .title = "Q: queries, one per row", .axes = {"query", "feature"}};
    });
    m.keys = observe("keys", m.keys, [] {
        return Shown{.role = Role::key, .symbol = "k", .title = "K: keys, one per column", .axes = {"slot", "feature"}};
    });
    m.values = observe("values", m.tied ? m.keys : m.values, [&m] {
        Shown shown{.role = Role::value,
                    .symbol = "v",
                    .title = m.tied ? "V = K: values, one per column" : "V: values, one per column",
                    .axes = {"slot", m.value_axis()}};
        if (m.tied)
            shown.step = {"tie", "v_j = k_j", "values[j,a] = keys[j,a]", "Weston 2015: one memory, to find and to read"};
        return shown;
    });
}

/// The reads that have names of their own here, with the alignment function that each is; the others go by its id.
constexpr struct {
    const char *id, *title, *function;
} named_reads[] = {{"soft", "Soft", "softmax"}, {"hard", "Hard", "hard_argmax"}, {"sample", "Sample", "hard_sample"}};

}  // namespace

Memory memory_of(const Params& params) {
    Memory m;
    m.queries = rows_of(params, "q", "Q");
    m.keys = rows_of(params, "k", "K");
    m.tied = params.toggle("tie");
    m.values = m.tied ? m.keys : rows_of(params, "v", "V");
    m.score = params.text("score");
    const auto read = std::ranges::find_if(named_reads, [&](const auto& r) { return r.id == params.text("read"); });
    m.align.function = read == std::end(named_reads) ? params.text("read") : read->function;
    m.strength = params.number("strength");
    m.align.temperature = params.number("temperature");
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
                    "what is read is added to the query, so V must be as wide as K; or tie V to K");
    if (m.align.temperature > 0 && m.align.temperature < smallest_temperature)
        throw Error(ErrorCode::invalid_input, fmt::format("Temperature is {}", m.align.temperature),
                    fmt::format("give 0, which is hard, or at least {}", smallest_temperature));
    return m;
}

std::vector<Choice> memory_scores() {
    std::vector<Choice> choices;
    for (const Fit& fit : fits) choices.push_back({fit.id, fit.title});
    return choices;
}

std::vector<Choice> memory_reads(std::string& help) {
    std::vector<Choice> choices;
    for (const auto& read : named_reads) choices.push_back({read.id, read.title});
    for (const AlignFunction& f : align_functions()) {
        const auto is_this = [&f](const auto& read) { return f.id == read.function; };
        if (!f.scores_alone() || std::ranges::any_of(named_reads, is_this)) continue;
        choices.push_back({f.id, f.title});
        help += fmt::format("\n{}: {} ({})", f.title, f.equation, f.source);
    }
    return choices;
}

Tensor<float> read_memory(Memory m, std::uint64_t seed, Probe& probe, const std::stop_token& stop) {
    const Observer observe(probe);
    show_memory(m, observe);
    const std::unique_ptr<const Align<float>> align = make_align<float>(m.align);
    Tensor<float> queries = m.queries, context;
    Hop hop{m, observe};
    for (std::int64_t h = 1; h <= m.hops; ++h) {
        if (h > 1) {
            const Hop next{m, observe.named(fmt::format("hop{}.", h))};
            queries = asked_again(next, hop, queries, context);
            hop.observe = next.observe;
        }
        const Tensor<float> scores = address(hop, queries, stop);
        require_finite(scores, "scores");
        const Tensor<float> weights =
            normalise(hop, *align, scores, Rng(seed).fork("memory read", static_cast<std::uint64_t>(h)));
        check_stop(stop);
        context = read(hop, weights);
        require_finite(context, "numbers read");
    }
    return context;
}

}  // namespace saccade
