#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/memory_lesson.hpp"
#include "exhibit/memory_read.hpp"

namespace saccade {

namespace {

constexpr double most_rows = 1024;  // of each matrix, and columns
constexpr const char* animals = "cat, eagle, salmon, whale, bat";

/// Names of the slots, if there is one for each; a note if a person gave some, but not as many.
std::vector<std::string> slot_names(const std::string& text, Index slots, Probe& probe) {
    std::vector<std::string> names(1);
    const TypedText typed = read_typed(text);
    for (const auto& [character, shown] : typed.characters) {
        if (character == "," || character == "、" || character == ";")
            names.emplace_back();
        else if (character != " " || !names.back().empty())
            names.back() += shown;
    }
    note_dropped(typed.dropped, "names", probe);
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
    const Memory m = memory_of(context.params);
    Probe& probe = context.probe;
    const std::vector<std::string> names = slot_names(context.params.text("names"), m.slots(), probe);
    probe.axis({"query", AxisKind::query, m.query_count(), numbered("q", m.query_count()), "i"});
    probe.axis({"slot", AxisKind::key, m.slots(), names.empty() ? numbered("", m.slots()) : names, "j"});
    probe.axis({"feature", AxisKind::feature, m.width(), numbered("", m.width()), "a"});
    const Index columns = m.values.shape()[1];
    if (!m.tied) probe.axis({"value", AxisKind::feature, columns, numbered("", columns), "c"});
    probe.text("output", read_out(read_memory(m, context.seed, probe, context.stop)));
}

ParamSpec matrix_param(const char* name, const char* title, const char* help, Tensor<float> fallback) {
    ParamSpec spec = make_param(ParamType::matrix, name, title, help, std::move(fallback));
    spec.max = most_rows;
    return spec;
}

std::vector<ParamSpec> memory_params() {
    // Five animals. Keys: furry, flies, swims, large. Values: legs, wings, mammal.
    const Tensor<float> q = Tensor<float>::from({2, 4}, {1, 1, 0, 0, 0, 0, 1, 0.5f});
    const Tensor<float> k = Tensor<float>::from({5, 4}, {1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0});
    const Tensor<float> v = Tensor<float>::from({5, 3}, {4, 0, 1, 2, 2, 0, 0, 0, 0, 0, 0, 1, 2, 2, 1});
    ParamSpec temperature =
        number_param("temperature", "Temperature",
                     "Scores are divided by it before the softmax. 0: all weight on the largest, the first of equals; inf: on "
                     "all alike.",
                     1, 0, std::numeric_limits<double>::infinity());
    temperature.log_scale = true;
    ParamSpec names = optional_text_param("names", "Slots", "Names of the slots, with commas between them.", "numbers", 4096);
    names.fallback = std::string(animals);
    std::string read_help =
        "Soft: the weighted sum of all values. Hard: the value with the largest score. Sample: one value, drawn with its "
        "weight "
        "as probability, by the seed.";
    const std::vector<Choice> reads = memory_reads(read_help);
    return {matrix_param("q", "Q", "Queries, one per row: what is asked for. In the example: furry, flies, swims, large.", q),
            matrix_param("k", "K",
                         "Keys, one per row and slot: what it is found by. In the example: furry, flies, swims, large.", k),
            matrix_param("v", "V", "Values, one per row and slot: what is read there. In the example: legs, wings, mammal.", v),
            toggle_param("tie", "V = K", "Reads the keys themselves: what is found is what was searched for.", false),
            choice_param("score", "Score",
                         "How well a key fits. Dot: q·k. Scaled dot: q·k / √d. Cosine: β q·k / (|q| |k|), direction alone.",
                         memory_scores()),
            number_param("strength", "Strength β", "Of the cosine score: how sharply the best fit stands out.", 5, 0, 1000),
            temperature,
            choice_param("read", "Read", read_help, reads),
            integer_param("hops", "Hops",
                          "Rounds of reading: after each, what was read is added to the query, which asks again.", 1, 1, 5),
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
    exhibit.source = "Miller 2016, section 3.1; Graves 2014, section 3.3.1";
    exhibit.params = memory_params();
    // Q, K and V stand above the stage, as numbers.
    exhibit.views = {{"heatmap", "scores", 0, 0.5f, 0.45f},
                     {"heatmap", "weights", 0, 0.5f, 0.45f},
                     {"stages", "weights", 1, 0.55f, 0.55f},
                     {"heatmap", "context", 1, 0.45f, 0.55f}};
    exhibit.step_axis = "query";
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.run = run_memory;
    exhibit.lesson = memory_lesson();
    return exhibit;
}

}  // namespace saccade
