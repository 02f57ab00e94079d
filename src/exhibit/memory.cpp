#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/align.hpp"
#include "attention/score.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/memory_lesson.hpp"

namespace saccade {

namespace {

constexpr double most_rows = 1024;                    // of each matrix, and columns
constexpr float largest_number = 1e9f;                // sums of squares of these still are floats
constexpr double smallest_temperature = 1e-9;         // but for 0: scores divided by less are no floats
constexpr Index most_contributions = Index{1} << 20;  // more of them say nothing to a person
constexpr const char* animals = "cat, eagle, salmon, whale, bat";
constexpr const char* miller = "Miller 2016, eq. 1";

/// Q, K, V as the run takes them: of two axes, of fitting extents.
struct Memory {
    Tensor<float> queries, keys, values;
    bool tied = false;
    std::string score, read;
    double strength = 1, temperature = 1;

    Index query_count() const { return queries.shape()[0]; }
    Index slots() const { return keys.shape()[0]; }
    Index width() const { return keys.shape()[1]; }
    std::string value_axis() const { return tied ? "feature" : "value"; }
};

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
    if (m.queries.shape()[1] != m.width())
        throw Error(ErrorCode::invalid_input, fmt::format("Q has {} columns and K has {}", m.queries.shape()[1], m.width()),
                    "give each query as many numbers as a key has");
    if (m.values.shape()[0] != m.slots())
        throw Error(ErrorCode::invalid_input, fmt::format("V has {} rows and K has {}", m.values.shape()[0], m.slots()),
                    "give one value for each key, or tie V to K");
    if (m.temperature > 0 && m.temperature < smallest_temperature)
        throw Error(ErrorCode::invalid_input, fmt::format("Temperature is {}", m.temperature),
                    fmt::format("give 0, which is hard, or a value from {} on", smallest_temperature));
    return m;
}

/// Row i as a batch of one.
Tensor<float> one_row(const Tensor<float>& matrix, Index i) {
    return matrix.rows(i, 1);
}

Tensor<float> stacked(const std::vector<Tensor<float>>& rows) {
    const std::vector<Var<float>> parts(rows.begin(), rows.end());
    return concat<float>(parts, 0).value();
}

/// Address: how well each query fits each key, [queries, slots].
Tensor<float> address(const Memory& m, Probe& probe, const std::stop_token& stop) {
    const Var<float> keys = m.keys.reshape({1, m.slots(), m.width()});
    const Var<float> strength = Tensor<float>(Shape{1}, static_cast<float>(m.strength));
    std::vector<Tensor<float>> rows;
    for (Index i = 0; i < m.query_count(); ++i) {
        check_stop(stop);
        const Var<float> query = one_row(m.queries, i);
        const Var<float> scores = m.score == "dot"          ? dot_scores(query, keys)
                                  : m.score == "scaled_dot" ? scaled_dot_scores(query, keys)
                                                            : cosine_scores(query, keys, strength);
        rows.push_back(scores.value());
    }
    return probe.whole({"scores", Role::scores, "e", "Scores: how well each key fits", "", {"query", "slot"}}, stacked(rows));
}

/// Normalise: scores to the weights of the read, [queries, slots].
Tensor<float> normalise(const Memory& m, const Tensor<float>& scores, std::uint64_t seed, Probe& probe) {
    const ProbeSite site{"weights", Role::weights, "p", "Weights", "weight", {"query", "slot"}};
    if (m.read == "hard") return probe.whole(site, align_hard_argmax(scores));
    const Tensor<float> soft = align_softmax(Var<float>(scores), {}, m.temperature).value();
    if (m.read == "soft") return probe.whole(site, soft);

    const Tensor<float> probabilities = probe.whole(
        {"probabilities", Role::probabilities, "p", "Chances of each slot", "probability", {"query", "slot"}}, soft);
    Rng rng = Rng(seed).fork("memory read");
    Tensor<float> draws(Shape{m.query_count()});
    for (float& draw : draws.values()) draw = static_cast<float>(rng.uniform());
    draws = probe.whole({"draws", Role::input, "u", "Drawn numbers", "", {"query"}}, draws);
    // The first slot up to which the chances exceed the number drawn.
    Tensor<float> weights(scores.shape());
    for (Index i = 0; i < m.query_count(); ++i) {
        double reached = 0;
        Index chosen = m.slots() - 1;
        for (Index j = 0; j < m.slots(); ++j) {
            reached += static_cast<double>(probabilities.data()[i * m.slots() + j]);
            if (reached <= static_cast<double>(draws.data()[i])) continue;
            chosen = j;
            break;
        }
        weights.data()[i * m.slots() + chosen] = 1;
    }
    return probe.whole(site, weights);
}

/// Read: the weighted sum of the values, [queries, value].
Tensor<float> read(const Memory& m, const Tensor<float>& weights, Probe& probe) {
    const ProbeSite site{"context", Role::context, "o", "Read-out", "", {"query", m.value_axis()}};
    const Index columns = m.values.shape()[1];
    if (weights.size() * columns > most_contributions)
        return probe.whole(site, matmul(Var<float>(weights), Var<float>(m.values)).value());
    Tensor<float> parts(Shape{m.query_count(), m.slots(), columns});
    for (Index row = 0; row < weights.size(); ++row)
        for (Index c = 0; c < columns; ++c)
            parts.data()[row * columns + c] = weights.data()[row] * m.values.data()[row % m.slots() * columns + c];
    parts = probe.whole(
        {"contributions", Role::map, "p v", "What each slot contributes", "", {"query", "slot", m.value_axis()}}, parts);
    return probe.whole(site, sum(Var<float>(parts), 1).value());
}

void require_finite(const Tensor<float>& values, const char* what) {
    if (std::ranges::any_of(values.values(), [](float v) { return !std::isfinite(v); }))
        throw Error(ErrorCode::numeric, fmt::format("the {} are not finite numbers", what),
                    "use smaller numbers, or a larger temperature");
}

void score_step(Probe& probe, const Memory& m) {
    const std::string dot = "sum_a(queries[i,a] * keys[j,a])";
    if (m.score == "dot")
        probe.step({"address", "scores", "e_ij = q_i · k_j", "scores[i,j] = " + dot, miller});
    else if (m.score == "scaled_dot")
        probe.step({"address", "scores", "e_ij = q_i · k_j / √d", fmt::format("scores[i,j] = {} / sqrt({})", dot, m.width()),
                    "Vaswani 2017, eq. 1"});
    else
        probe.step({"address", "scores", "e_ij = β q_i · k_j / (|q_i| |k_j|)",
                    fmt::format("scores[i,j] = {} * {} / sqrt((sum_a(square(queries[i,a])) + 1e-12) * "
                                "(sum_a(square(keys[j,a])) + 1e-12))",
                                m.strength, dot),
                    "Graves 2014, section 3.3.1, eq. 5 and 6"});
}

/// How scores become `result` by softmax at this temperature.
void softmax_step(Probe& probe, const Memory& m, const std::string& result) {
    const std::string left = result + "[i,j] = ";
    if (m.temperature == 0)
        probe.step({"normalise", result, "p_ij = 1 where e_ij is the largest (the first of equals), else 0: T → 0",
                    left + "argmax_l(scores[i,l]) == j", miller});
    else if (std::isinf(m.temperature))
        probe.step({"normalise", result, "p_ij = 1 / n: T → ∞", left + "softmax_j(scores[i,j] * 0)", miller});
    else if (m.temperature == 1)
        probe.step({"normalise", result, "p_ij = exp(e_ij) / Σ_l exp(e_il)", left + "softmax_j(scores[i,j])", miller});
    else
        probe.step({"normalise", result, "p_ij = exp(e_ij / T) / Σ_l exp(e_il / T)",
                    fmt::format("{}softmax_j(scores[i,j] / {})", left, m.temperature),
                    std::string(miller) + "; T: Hinton 2015"});
}

void describe(Probe& probe, const Memory& m) {
    if (m.tied) probe.step({"tie", "values", "v_j = k_j", "values[j,a] = keys[j,a]", "Sukhbaatar 2015 with one memory"});
    score_step(probe, m);
    if (m.read == "soft") softmax_step(probe, m, "weights");
    if (m.read == "hard")
        probe.step({"normalise", "weights", "p_ij = 1 where e_ij is the largest (the first of equals), else 0",
                    "weights[i,j] = argmax_l(scores[i,l]) == j", "hard attention: Xu 2015, section 4.1"});
    if (m.read == "sample") {
        softmax_step(probe, m, "probabilities");
        probe.step({"draw", "draws", "u_i uniform in [0, 1), from the seed", "", ""});
        probe.step({"normalise", "weights", "p_ij = 1 at the first slot up to which the chances exceed u_i, else 0",
                    "weights[i,j] = where(j < " + std::to_string(m.slots() - 1) +
                        ", sum_l(where(l <= j, probabilities[i,l], 0)) > draws[i], 1) * "
                        "(sum_l(where(l < j, probabilities[i,l], 0)) <= draws[i])",
                    "hard attention, sampled: Xu 2015, eq. 8 and 9"});
    }
    const std::string source = "Miller 2016, eq. 2; Graves 2014, eq. 2";
    const std::string weighted = "weights[i,j] * values[j,c]";
    if (m.query_count() * m.values.size() > most_contributions) {
        probe.step({"read", "context", "o_i = Σ_j p_ij v_j", "context[i,c] = sum_j(" + weighted + ")", source});
        return;
    }
    probe.step({"weigh", "contributions", "p_ij v_j", "contributions[i,j,c] = " + weighted, source});
    probe.step({"read", "context", "o_i = Σ_j p_ij v_j", "context[i,c] = sum_j(contributions[i,j,c])", source});
}

/// Names of the slots, if there is one for each; a note if a person gave some, but not as many.
std::vector<std::string> slot_names(const std::string& text, Index slots, Probe& probe) {
    std::vector<std::string> names(1);
    for (const std::string& character : code_points(text)) {
        if (character == "," || character == "，" || character == "、" || character == ";")
            names.emplace_back();
        else if (character != " " || !names.back().empty())
            names.back() += character;
    }
    if (text.empty()) return {};
    if (static_cast<Index>(names.size()) == slots) return names;
    if (text != animals)
        probe.note({"names", fmt::format("{} names for {} slots", names.size(), slots), "slots are numbered instead"});
    return {};
}

std::vector<std::string> numbered(const std::string& letter, Index n) {
    std::vector<std::string> labels;
    for (Index i = 1; i <= n; ++i) labels.push_back(letter + std::to_string(i));
    return labels;
}

/// "q1: 0.8 1.9 0.6; q2: ..."
std::string read_out(const Tensor<float>& context) {
    constexpr Index most_rows_shown = 4, most_columns_shown = 8;
    std::string text;
    const Index rows = std::min(context.shape()[0], most_rows_shown),
                columns = std::min(context.shape()[1], most_columns_shown);
    for (Index i = 0; i < rows; ++i) {
        text += fmt::format("{}q{}:", i > 0 ? "; " : "", i + 1);
        for (Index c = 0; c < columns; ++c) text += fmt::format(" {:.3g}", context.row(i).data()[c] + 0.0f);
        if (columns < context.shape()[1]) text += " …";
    }
    return text + (rows < context.shape()[0] ? "; …" : "");
}

void run_memory(RunContext& context) {
    Memory m = memory_of(context.params);
    Probe& probe = context.probe;
    probe.axis({"query", AxisKind::query, m.query_count(), numbered("q", m.query_count()), "i"});
    std::vector<std::string> names = slot_names(context.params.text("names"), m.slots(), probe);
    probe.axis({"slot", AxisKind::key, m.slots(), names.empty() ? numbered("", m.slots()) : names, "j"});
    probe.axis({"feature", AxisKind::feature, m.width(), numbered("", m.width()), "a"});
    if (!m.tied) probe.axis({"value", AxisKind::feature, m.values.shape()[1], numbered("", m.values.shape()[1]), "c"});

    m.queries = probe.whole({"queries", Role::query, "q", "Q: queries", "", {"query", "feature"}}, m.queries);
    m.keys = probe.whole({"keys", Role::key, "k", "K: keys", "", {"slot", "feature"}}, m.keys);
    if (m.tied) m.values = m.keys;
    m.values = probe.whole({"values", Role::value, "v", m.tied ? "V = K: values" : "V: values", "", {"slot", m.value_axis()}},
                           m.values);
    const Tensor<float> scores = address(m, probe, context.stop);
    require_finite(scores, "scores");
    const Tensor<float> weights = normalise(m, scores, context.seed, probe);
    check_stop(context.stop);
    const Tensor<float> result = read(m, weights, probe);
    require_finite(result, "numbers read");
    describe(probe, m);
    probe.text("output", read_out(result));
}

ParamSpec matrix_param(const char* name, const char* title, const char* help, Tensor<float> fallback) {
    ParamSpec spec;
    spec.name = name;
    spec.type = ParamType::matrix;
    spec.title = title;
    spec.help = help;
    spec.fallback = std::move(fallback);
    spec.max = most_rows;
    return spec;
}

ParamSpec number_param(const char* name, const char* title, const char* help, double fallback, double max) {
    ParamSpec spec;
    spec.name = name;
    spec.type = ParamType::number;
    spec.title = title;
    spec.help = help;
    spec.fallback = fallback;
    spec.max = max;
    return spec;
}

ParamSpec choice_param(const char* name, const char* title, const char* help, std::vector<std::string> choices,
                       std::vector<std::string> titles) {
    ParamSpec spec;
    spec.name = name;
    spec.type = ParamType::choice;
    spec.title = title;
    spec.help = help;
    spec.fallback = choices.front();
    spec.choices = std::move(choices);
    spec.choice_titles = std::move(titles);
    return spec;
}

std::vector<ParamSpec> memory_params() {
    // Five animals. Keys: furry, flies, swims, large. Values: legs, wings, mammal.
    const Tensor<float> q = Tensor<float>::from({2, 4}, {1, 1, 0, 0, 0, 0, 1, 0.5f});
    const Tensor<float> k = Tensor<float>::from({5, 4}, {1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0});
    const Tensor<float> v = Tensor<float>::from({5, 3}, {4, 0, 1, 2, 2, 0, 0, 0, 0, 0, 0, 1, 2, 2, 1});
    ParamSpec tie;
    tie.name = "tie";
    tie.type = ParamType::toggle;
    tie.title = "V = K";
    tie.help = "Reads the keys themselves: what is found is what was searched for.";
    tie.fallback = false;
    ParamSpec names;
    names.name = "names";
    names.type = ParamType::text;
    names.title = "Slots";
    names.help = "Names of the slots, with commas between them.";
    names.fallback = std::string(animals);
    names.max = 4096;
    names.optional_text = true;
    names.placeholder = "numbers";
    return {
        matrix_param("q", "Q", "Queries, one a row: what is asked for. In the example: furry, flies, swims, large.", q),
        matrix_param("k", "K", "Keys, one a row, a slot each: by what it is found. In the example: furry, flies, swims, large.",
                     k),
        matrix_param("v", "V", "Values, one a row, a slot each: what is read there. In the example: legs, wings, mammal.", v),
        tie,
        choice_param("score", "Score",
                     "How well a key fits. Dot: q·k. Scaled dot: q·k / √d. Cosine: β q·k / (|q| |k|), direction alone.",
                     {"dot", "scaled_dot", "cosine"}, {"Dot", "Scaled dot", "Cosine"}),
        number_param("strength", "Strength β", "Of the cosine score: how sharply the best fit stands out.", 5, 1000),
        number_param("temperature", "Temperature",
                     "Scores are divided by it before the softmax. 0: all weight on the largest, the first of equals; inf: on "
                     "all alike.",
                     1, std::numeric_limits<double>::infinity()),
        choice_param("read", "Read",
                     "Soft: the weighted sum of all values. Hard: the value with the largest score. Sample: one value, drawn "
                     "with its weight as chance, by the seed.",
                     {"soft", "hard", "sample"}, {"Soft", "Hard", "Sample"}),
        names};
}

}  // namespace

Exhibit memory_exhibit() {
    Exhibit exhibit;
    exhibit.id = "memory";
    exhibit.title = "Key-value memory";
    exhibit.group = "Sequence";
    exhibit.summary =
        "A memory whose queries, keys and values are numbers to edit: address by keys, normalise, read values; every number "
        "shown.";
    exhibit.source = "Miller 2016, eq. 1 and 2; Graves 2014, section 3.3.1";
    exhibit.params = memory_params();
    exhibit.views = {{"heatmap", "queries", 0, 0.28f, 0.42f}, {"heatmap", "keys", 0, 0.4f, 0.42f},
                     {"heatmap", "values", 0, 0.32f, 0.42f},  {"heatmap", "scores", 1, 0.34f, 0.58f},
                     {"stages", "weights", 1, 0.36f, 0.58f},  {"heatmap", "context", 1, 0.3f, 0.58f}};
    exhibit.step_axis = "query";
    exhibit.output_text = "output";
    exhibit.run = run_memory;
    exhibit.lesson = memory_lesson();
    return exhibit;
}

}  // namespace saccade
