#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/parallel.hpp"
#include "base/path_text.hpp"
#include "base/printable.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "checkpoint/checkpoint_run.hpp"
#include "exhibit/checkpoint_text.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/head_statistics_lesson.hpp"
#include "exhibit/measuring.hpp"
#include "io/text_file.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"

// What the heads of a model do over many texts, not on one: the mean and the spread of numbers that tell kinds of heads apart,
// and the mean pattern. A_ij: weight of head h of layer l on key j for query i of text s, which has n_s tokens.

namespace saccade {

namespace {

constexpr double most_texts = 10000, longest_part = 512, widest_pattern = 64;
constexpr std::size_t texts_at_once = 8;

constexpr std::array first_texts = {
    "The cat sat on the mat because it was warm.",          "I don't know what you are talking about.",
    "She gave him the book that he had asked for.",         "When the rain stopped, the children ran into the garden.",
    "Tom said that he would come, but he never did.",       "How long have you been waiting for the bus?",
    "The old man who lives next door is a teacher.",        "If you want to see it, you have to go now.",
    "We have known each other since we were children.",     "There is nothing in the box except a small key.",
    "My father works in a bank and my mother is a doctor.", "Please close the window before you leave the room.",
    "It is easier to say something than to do it.",         "The train was late, so we missed the beginning of the film.",
    "Mary bought a red car and sold it a week later.",      "Nobody knows where the money went.",
};

/// One number of a row of weights. Its mean over the rows from `first_row` on is that of a head on a text.
struct Measure {
    const char *id, *symbol, *title, *unit, *formula, *source;
    Index first_row;
    double (*of)(const float* row, Index i, Index n);
};

/// Rows of the first token, which has nothing before it, are left out where they would say the same of every head.
constexpr std::array measures = {
    Measure{"entropy", "H", "Entropy of the rows", "nat", "H = mean_i (−Σ_j A_ij ln A_ij)", "Clark 2019", 0,
            [](const float* row, Index, Index n) {
                double sum = 0;
                for (Index j = 0; j < n; ++j)
                    if (row[j] > 0) sum -= static_cast<double>(row[j]) * std::log(static_cast<double>(row[j]));
                return sum;
            }},
    Measure{"distance", "D", "Distance looked at", "positions", "D = mean_i Σ_j A_ij |i − j|", "Vig and Belinkov 2019", 0,
            [](const float* row, Index i, Index n) {
                double sum = 0;
                for (Index j = 0; j < n; ++j) sum += static_cast<double>(row[j]) * static_cast<double>(std::abs(i - j));
                return sum;
            }},
    Measure{"first", "F", "Weight on the first token", "weight", "F = mean_{i > 1} A_i1", "Xiao 2023", 1,
            [](const float* row, Index, Index) { return static_cast<double>(row[0]); }},
    Measure{"previous", "P", "Weight on the token before", "weight", "P = mean_{i > 1} A_i,i−1", "Clark 2019", 1,
            [](const float* row, Index i, Index) { return static_cast<double>(row[i - 1]); }},
    Measure{"diagonal", "S", "Weight on the token itself", "weight", "S = mean_{i > 1} A_ii", "Clark 2019", 1,
            [](const float* row, Index i, Index) { return static_cast<double>(row[i]); }},
};

struct TextToRead {
    std::string label;
    Ids ids, types;
};

/// What was found so far: everything of the first `done` texts.
struct Found {
    std::vector<TextToRead> texts;
    Index layers = 0, heads = 0, side = 0, done = 0;
    bool causal = false;
    std::vector<std::vector<float>> numbers;  // [text][measure, layer, head]
    std::vector<double> pattern, counted;     // sums [layer, head, query, key]; texts [query, key]

    explicit Found(const Checkpoint& checkpoint, std::vector<TextToRead> read, Index widest)
        : texts(std::move(read)),
          layers(checkpoint.stack.design().layers),
          heads(checkpoint.stack.design().heads),
          causal(checkpoint.stack.design().causal) {
        for (const TextToRead& text : texts) side = std::max(side, std::min(widest, static_cast<Index>(text.ids.size())));
        numbers.resize(texts.size());
        pattern.assign(static_cast<std::size_t>(layers * heads * side * side), 0);
        counted.assign(static_cast<std::size_t>(side * side), 0);
    }
};

std::vector<std::string> lines_to_read(const Params& params) {
    const auto most = static_cast<std::size_t>(params.integer("most"));
    const std::string path = path_from_text(params.text("texts"));
    std::vector<std::string> lines;
    if (path.empty()) {
        lines.assign(first_texts.begin(),
                     first_texts.begin() + static_cast<std::ptrdiff_t>(std::min(most, first_texts.size())));
        return lines;
    }
    const std::string text = read_text_of_lines(path);
    for (std::size_t at = 0; at < text.size() && lines.size() < most;) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        const std::size_t first = line.find_first_not_of(" \t\r"), last = line.find_last_not_of(" \t\r");
        if (first != std::string::npos) lines.push_back(line.substr(first, last - first + 1));
        at = end + 1;
    }
    if (lines.empty()) throw Error(ErrorCode::invalid_input, path + ": there is no text in it", "write one text a line");
    return lines;
}

std::vector<TextToRead> tokenised(const RunContext& context, const Checkpoint& checkpoint) {
    const auto longest = static_cast<std::size_t>(
        std::min<Index>(static_cast<Index>(context.params.integer("longest")), most_tokens_of(checkpoint)));
    std::vector<TextToRead> texts;
    std::size_t cut = 0, short_ones = 0;
    for (const std::string& line : lines_to_read(context.params)) {
        check_stop(context.stop);
        TextToRead text{shorten(printable(line), 40), {}, {}};
        // What stands there at first is English: without a tokenizer the first ids do for a look at the model.
        const bool ids_alone = checkpoint.tokenizer == nullptr && context.params.text("texts").empty();
        if (ids_alone) {
            text = {"the first ids", first_ids(checkpoint.vocabulary(), context.probe), {}};
        } else {
            ReadText read = read_checkpoint_text(checkpoint, line);
            text.ids = std::move(read.ids);
            text.types = std::move(read.types);
        }
        if (text.ids.size() > longest) {
            text.ids.resize(longest);
            if (!text.types.empty()) text.types.resize(longest);
            ++cut;
        }
        if (text.ids.size() < 2) {
            ++short_ones;
            continue;
        }
        texts.push_back(std::move(text));
        if (ids_alone) break;
    }
    if (cut > 0)
        context.probe.note({"longest",
                            fmt::format("{} of {} texts are longer than {} tokens", cut, texts.size() + short_ones, longest),
                            "their first tokens are read"});
    if (short_ones > 0)
        context.probe.note({"texts", fmt::format("{} texts have fewer than two tokens", short_ones), "they are left out"});
    if (texts.empty())
        throw Error(ErrorCode::invalid_input, "Texts: none has two tokens, so there is nothing to look back at",
                    "give longer texts");
    return texts;
}

/// All measures of one text's weights [layer, head, n, n].
std::vector<float> numbers_of(const TraceValues& weights, Index layers, Index heads, Index n) {
    std::vector<float> numbers(measures.size() * static_cast<std::size_t>(layers * heads));
    for (Index l = 0; l < layers; ++l) {
        const Tensor<float> layer = weights.row(l);
        for (std::size_t m = 0; m < measures.size(); ++m)
            for (Index h = 0; h < heads; ++h) {
                double sum = 0;
                for (Index i = measures[m].first_row; i < n; ++i) sum += measures[m].of(layer.data() + (h * n + i) * n, i, n);
                numbers[(m * static_cast<std::size_t>(layers) + static_cast<std::size_t>(l)) * static_cast<std::size_t>(heads) +
                        static_cast<std::size_t>(h)] = static_cast<float>(sum / static_cast<double>(n - measures[m].first_row));
            }
    }
    return numbers;
}

void add_pattern(Found& found, const TraceValues& weights, Index n) {
    const Index shown = std::min(found.side, n);
    for (Index l = 0; l < found.layers; ++l) {
        const Tensor<float> layer = weights.row(l);
        for (Index h = 0; h < found.heads; ++h)
            for (Index i = 0; i < shown; ++i)
                for (Index j = 0; j < shown; ++j)
                    found.pattern[static_cast<std::size_t>(((l * found.heads + h) * found.side + i) * found.side + j)] +=
                        static_cast<double>(layer.data()[(h * n + i) * n + j]);
    }
    for (Index i = 0; i < shown; ++i)
        for (Index j = 0; j < shown; ++j) found.counted[static_cast<std::size_t>(i * found.side + j)] += 1;
}

void record_pattern(const Found& found, const Observer& observe) {
    const Index cells = found.side * found.side;
    Tensor<float> mean({found.layers, found.heads, found.side, found.side}), texts({found.side, found.side});
    for (Index c = 0; c < cells; ++c) texts.data()[c] = static_cast<float>(found.counted[static_cast<std::size_t>(c)]);
    for (Index k = 0; k < mean.size(); ++k) {
        const Index i = k % cells / found.side, j = k % found.side;
        const double count = found.counted[static_cast<std::size_t>(k % cells)];
        mean.data()[k] = count == 0 || (found.causal && j > i)
                             ? NAN
                             : static_cast<float>(found.pattern[static_cast<std::size_t>(k)] / count);
    }
    observe("pattern.texts", texts, [] {
        return Shown{Role::metric, "N", "Texts that reach so far", "texts", {"query", "key"}};
    });
    observe("pattern", mean, [&] {
        return Shown{.role = Role::map,
                     .symbol = "Ā",
                     .title = fmt::format("Mean pattern over {} texts", found.done),
                     .unit = "weight",
                     .axes = {"layer", "head", "query", "key"},
                     .step = {"measure", "Ā_ij = mean of A_ij over the texts of more than max(i, j) tokens", "", "Clark 2019"}};
    });
}

void record_measure(const Found& found, std::size_t m, Index texts, const Observer& observe) {
    const Measure& what = measures[m];
    const Index heads = found.layers * found.heads;
    Tensor<float> each({texts, found.layers, found.heads}), mean({found.layers, found.heads}),
        spread({found.layers, found.heads});
    for (Index s = 0; s < found.done; ++s)
        std::copy_n(found.numbers[static_cast<std::size_t>(s)].begin() + static_cast<std::ptrdiff_t>(m) * heads, heads,
                    each.data() + s * heads);
    const std::string id = what.id;
    each = observe(id + ".texts", each, [&] {
        return Shown{.role = Role::metric,
                     .symbol = what.symbol,
                     .title = std::string(what.title) + ", text by text",
                     .unit = what.unit,
                     .axes = {"text", "layer", "head"},
                     .step = {"measure", what.formula, "", what.source}};
    });
    for (Index h = 0; h < heads; ++h) {
        double sum = 0;
        for (Index s = 0; s < texts; ++s) sum += static_cast<double>(each.data()[s * heads + h]);
        mean.data()[h] = static_cast<float>(sum / static_cast<double>(texts));
    }
    mean = observe(id, mean, [&] {
        return Shown{.role = Role::state,
                     .symbol = what.symbol,
                     .title = what.title,
                     .unit = what.unit,
                     .axes = {"layer", "head"},
                     .step = {"mean", fmt::format("mean over the texts of {}", what.formula),
                              fmt::format("{0}[l,h] = mean_s({0}.texts[s,l,h])", id), what.source}};
    });
    for (Index h = 0; h < heads; ++h) {
        double squares = 0;
        for (Index s = 0; s < texts; ++s) {
            const double off = static_cast<double>(each.data()[s * heads + h]) - static_cast<double>(mean.data()[h]);
            squares += off * off;
        }
        spread.data()[h] = static_cast<float>(std::sqrt(squares / static_cast<double>(texts)));
    }
    observe(id + ".spread", spread, [&] {
        return Shown{
            .role = Role::metric,
            .symbol = "σ",
            .title = std::string(what.title) + ": spread over the texts",
            .unit = what.unit,
            .axes = {"layer", "head"},
            .step = {"spread", "σ = √(mean_s (x_s − mean x)²)",
                     fmt::format("{0}.spread[l,h] = sqrt(mean_s(({0}.texts[s,l,h] - {0}[l,h]) ^ 2))", id), what.source}};
    });
}

/// Before anything is measured: as it will be, of zeros.
void record(Probe& probe, const Found& found) {
    const Index texts = found.done > 0 ? found.done : static_cast<Index>(found.texts.size());
    Axis text{"text", AxisKind::batch, texts, {}, "s"};
    Tensor<float> tokens(Shape{texts});
    for (Index s = 0; s < texts; ++s) {
        text.labels.push_back(found.texts[static_cast<std::size_t>(s)].label);
        tokens.data()[s] = static_cast<float>(found.texts[static_cast<std::size_t>(s)].ids.size());
    }
    probe.axis(std::move(text));
    probe.axis({"layer", AxisKind::layer, found.layers, {}, "l"});
    probe.axis({"head", AxisKind::head, found.heads, {}, "h"});
    probe.axis({"query", AxisKind::query, found.side, {}, "i"});
    probe.axis({"key", AxisKind::key, found.side, {}, "j"});
    const Observer observe(probe);
    observe("tokens", tokens, [] { return Shown{Role::input, "n", "Tokens of each text", "tokens", {"text"}}; });
    for (std::size_t m = 0; m < measures.size(); ++m) record_measure(found, m, texts, observe);
    record_pattern(found, observe);
    Index read = 0;
    for (Index s = 0; s < texts; ++s) read += static_cast<Index>(found.texts[static_cast<std::size_t>(s)].ids.size());
    probe.text("output", fmt::format("{} of {} texts, {} tokens;  {} layers of {} heads", texts, found.texts.size(), read,
                                     found.layers, found.heads));
}

void run_head_statistics(RunContext& context) {
    const CheckpointPtr checkpoint = context.model != nullptr
                                         ? checkpoint_of(context.model)
                                         : checkpoint_of(path_from_text(context.params.text("path")), context.stop);
    if (checkpoint->source)
        throw Error(ErrorCode::unsupported,
                    checkpoint->path + ": an encoder-decoder reads pairs of texts, and these statistics are of one text each",
                    "open a model with one stack: BERT, GPT-2, Llama and their kin");
    Found found(*checkpoint, tokenised(context, *checkpoint), static_cast<Index>(context.params.integer("side")));
    const auto record_so_far = [&](Probe& probe) { record(probe, found); };
    refuse_before_measuring(context, record_so_far);
    for (std::size_t from = 0; from < found.texts.size(); from += texts_at_once) {
        const std::size_t count = std::min(texts_at_once, found.texts.size() - from);
        std::vector<std::shared_ptr<const Trace>> traces(count);
        parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t at) {
            const TextToRead& text = found.texts[from + static_cast<std::size_t>(at)];
            Probe aside({{"self.weights"}}, {});
            Reuse nothing(0);
            run_checkpoint(checkpoint, {.ids = text.ids, .types = text.types, .lens = false}, aside, nothing, context.stop);
            traces[static_cast<std::size_t>(at)] = std::make_shared<const Trace>(aside.finish());
        });
        check_stop(context.stop);
        for (std::size_t at = 0; at < count; ++at) {
            const TraceValues& weights = traces[at]->tensor("self.weights").values;
            const auto n = static_cast<Index>(found.texts[from + at].ids.size());
            found.numbers[from + at] = numbers_of(weights, found.layers, found.heads, n);
            add_pattern(found, weights, n);
        }
        found.done += static_cast<Index>(count);
        if (from + count < found.texts.size())
            context.progress(static_cast<double>(found.done) / static_cast<double>(found.texts.size()), record_so_far);
    }
    record(context.probe, found);
}

std::vector<ParamSpec> head_statistics_params() {
    ParamSpec path = optional_text_param("path", "Model",
                                         "A folder in Hugging Face's layout, as in Your model: one stack that reads texts. "
                                         "Nothing is fetched from the network.",
                                         "the bundled model of English", 4096);
    path.is_path = true;
    ParamSpec texts = optional_text_param(
        "texts", "Texts", "A text file, one text a line. Where a model has no tokenizer, its lines are ids between blanks.",
        fmt::format("{} English sentences; path of a text file, one a line", first_texts.size()), 4096);
    texts.is_path = true;
    return {path, texts,
            integer_param("most", "Most texts", "Lines of the file that are read, from its first.", 200, 1, most_texts),
            integer_param("longest", "Longest", "Tokens of a text that are read.", 64, 2, longest_part),
            integer_param("side", "Pattern", "Positions of the mean pattern.", 16, 2, widest_pattern)};
}

}  // namespace

Exhibit head_statistics_exhibit() {
    Exhibit exhibit;
    exhibit.id = "head-statistics";
    exhibit.title = "Heads over texts";
    exhibit.group = "Yours";
    exhibit.summary = "What every head of a model does over many texts: its mean pattern, and numbers that tell heads apart.";
    exhibit.source = "Clark 2019; Vig and Belinkov 2019; Xiao 2023";
    exhibit.params = head_statistics_params();
    exhibit.models = {"english"};
    exhibit.choose_model = [](const Params& params) -> std::string { return params.text("path").empty() ? "english" : ""; };
    exhibit.views = {{"head-grid", "pattern", 0, 0.5f, 0.46f}, {"heatmap", "pattern", 0, 0.5f, 0.46f},
                     {"heatmap", "entropy", 1, 0.34f, 0.27f},  {"heatmap", "distance", 1, 0.33f, 0.27f},
                     {"heatmap", "first", 1, 0.33f, 0.27f},    {"heatmap", "previous", 2, 0.5f, 0.27f},
                     {"heatmap", "diagonal", 2, 0.5f, 0.27f}};
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.run = run_head_statistics;
    exhibit.lesson = head_statistics_lesson();
    return exhibit;
}

}  // namespace saccade
