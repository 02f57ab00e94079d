#include <fmt/core.h>

#include <algorithm>

#include "base/number_text.hpp"
#include "base/translate.hpp"
#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/induction_lesson.hpp"
#include "model/head_scores.hpp"
#include "model/language_model_run.hpp"
#include "model/per_model.hpp"
#include "params/param_make.hpp"
#include "tensor/largest.hpp"
#include "trace/observer.hpp"
#include "train/induction_data.hpp"

namespace saccade {

namespace {

constexpr Index most_tokens = 1024;     // with <start>; its weights alone are then 32 MB
constexpr double longest_text = 16384;  // code points
constexpr Index next_shown = 12;        // likeliest next tokens

struct Head {
    Index layer = 0, head = 0;
    std::string name() const { return fmt::format("{}.{}", layer + 1, head + 1); }
};

/// What depends on the model alone, made once while it lives: how the heads of one layer feed the keys of the next, and the
/// model with one head silenced.
struct Circuit {
    Tensor<float> composition;  // [earlier head, later head]
    LanguageModel<float> ablated;
};

/// [layers, heads, unit, feature], or for output weights [layers, heads, feature, unit].
Tensor<float> by_head(const WeightMap& weights, const StackDesign& d, const std::string& what) {
    const Index unit = d.d_model / d.heads;
    const bool output = what == "output";
    Tensor<float> all(output ? Shape{d.layers, d.heads, d.d_model, unit} : Shape{d.layers, d.heads, unit, d.d_model});
    for (Index l = 0; l < d.layers; ++l) {
        const Tensor<float>& one = weights.at(fmt::format("{}.{}.self.{}.weight", language_model_prefix, l, what));
        for (Index h = 0; h < d.heads; ++h) {
            Tensor<float> part = all.row(l).row(h);
            for (Index a = 0; a < part.shape()[0]; ++a)
                for (Index b = 0; b < part.shape()[1]; ++b)
                    part.data()[a * part.shape()[1] + b] =
                        output ? one.data()[a * d.d_model + h * unit + b] : one.data()[(h * unit + a) * d.d_model + b];
        }
    }
    return all;
}

std::shared_ptr<const Circuit> circuit_of(const ModelPtr& model, const StackDesign& design, const Head& head,
                                          const std::stop_token& stop) {
    static PerModel<Circuit, std::pair<Index, Index>> made;
    const auto make = [&] {
        const WeightMap& w = model->weights;
        Tensor<float> composition;
        if (head.layer > 0)
            composition = key_composition(by_head(w, design, "query"), by_head(w, design, "key"), by_head(w, design, "value"),
                                          by_head(w, design, "output"), head.layer - 1, head.layer);
        return std::make_shared<const Circuit>(
            Circuit{std::move(composition),
                    LanguageModel<float>(Weights<float>(without_head(w, design, head.layer, head.head)), design)});
    };
    return made.get(model, {head.layer, head.head}, make, stop);
}

/// The head with the largest induction score in the model's card; without one, on this text.
Head induction_head(const Model& model, const HeadScores& scores) {
    const Index layers = scores.induction.shape()[0], heads = scores.induction.shape()[1];
    Head best, here;
    double most = -1;
    for (Index l = 0; l < layers; ++l)
        for (Index h = 0; h < heads; ++h) {
            if (scores.induction.at({l, h}) > scores.induction.at({here.layer, here.head})) here = {l, h};
            const auto score = model.card.metric(fmt::format("induction_score_{}_{}", l + 1, h + 1));
            if (!score || *score <= most) continue;
            most = *score;
            best = {l, h};
        }
    return most < 0 ? here : best;
}

LanguageModelRequest read_text(const RunContext& context, const LoadedLanguageModel& loaded) {
    const Params& params = context.params;
    const Index start = loaded.model.start_id();
    LanguageModelRequest request;
    if (params.toggle("random")) {
        const Index period = params.integer("period");
        Rng rng = Rng(context.seed).fork("repeated random tokens");
        request.ids = repeated_random_tokens(rng, start - 1, period, 2 * period + 1, start);
    } else {
        request.ids = text_ids(*loaded.text, params.text("text"), "text", context.probe);
        request.ids.insert(request.ids.begin(), start);
    }
    const auto n = static_cast<Index>(request.ids.size());
    if (n < 2)
        refuse_nothing_to_read("Text", read_typed(params.text("text")).dropped,
                               "type English text in which words come back: tom likes mary. tom");
    if (n > most_tokens)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("the text has {} tokens, and every pair of them has a weight in every head", n - 1),
                    fmt::format("use at most {}", most_tokens - 1));
    for (const Index id : request.ids) request.labels.push_back(loaded.text->target_labels().at(static_cast<std::size_t>(id)));
    return request;
}

/// What each kind of head looks for: [score, T, T] of 1 and 0, over induction, previous token, duplicate token.
Tensor<float> patterns_of(const Ids& ids) {
    const auto n = static_cast<Index>(ids.size());
    Tensor<float> patterns(Shape{3, n, n});
    for (Index i = 1; i < n; ++i) {
        if (i > 1) patterns.data()[(n + i) * n + i - 1] = 1;
        for (Index j = 1; j < i; ++j) {
            if (ids[static_cast<std::size_t>(j)] != ids[static_cast<std::size_t>(i)]) continue;
            patterns.data()[i * n + j + 1] = 1;
            patterns.data()[(2 * n + i) * n + j] = 1;
        }
    }
    return patterns;
}

/// Of each head [score, layer, head]: the mean, over the tokens for which a pattern [score, T, T] looks for anything, of the
/// weight [layer, head, T, T] that it gives to that.
Tensor<float> scores_by(const Tensor<float>& pattern, const Tensor<float>& weights) {
    const Index layers = weights.shape()[0], heads = weights.shape()[1], n = weights.shape()[2], cells = n * n;
    Tensor<float> all(Shape{pattern.shape()[0], layers, heads});
    for (Index s = 0; s < pattern.shape()[0]; ++s) {
        const float* looks = pattern.data() + s * cells;
        double tokens = 0;
        for (Index i = 0; i < n; ++i) tokens += static_cast<double>(*std::max_element(looks + i * n, looks + (i + 1) * n));
        for (Index lh = 0; lh < layers * heads; ++lh) {
            double sum = 0;
            for (Index c = 0; c < cells; ++c)
                sum += static_cast<double>(weights.data()[lh * cells + c]) * static_cast<double>(looks[c]);
            all.data()[s * layers * heads + lh] = static_cast<float>(sum / std::max(tokens, 1.0));
        }
    }
    return all;
}

void show_scores(Probe& probe, const HeadScores& scores, const Ids& ids, const Head& best, const LanguageModelOutput& output) {
    const Index layers = scores.induction.shape()[0], heads = scores.induction.shape()[1];
    probe.axis({"score", AxisKind::feature, 3, {msg("induction"), msg("previous token"), msg("duplicate token")}, "s"});
    const Observer observe(probe);
    const Tensor<float> pattern = observe("pattern", patterns_of(ids), [] {
        return Shown{.role = Role::map,
                     .symbol = "π",
                     .title = "Where a head of each kind looks",
                     .axes = {"score", "token", "token.key"},
                     .step = {"look for",
                              "1 at: the token after each earlier occurrence of this one; the token before; each earlier "
                              "occurrence",
                              "@pattern[s,i,j] = where(s == 1, (j == i - 1) * (j > 0), where(s == 2, (@token.id[j] == "
                              "@token.id[i]) * (j < i) * (j > 0), ((@token.id[j-1] else -1) == @token.id[i]) * (j - 1 < i) * "
                              "(j > 1)))",
                              "Olsson 2022"}};
    });
    Tensor<float> all(Shape{3, layers, heads});
    const Tensor<float>* parts[] = {&scores.induction, &scores.previous, &scores.duplicate};
    for (Index s = 0; s < 3; ++s) std::ranges::copy(parts[s]->values(), all.row(s).values().begin());
    if (probe.intervening()) all = scores_by(pattern, output.weights);
    observe("head_scores", all, [] {
        return Shown{.role = Role::map,
                     .symbol = "S",
                     .title = "Score of each head, on this text",
                     .unit = "weight",
                     .axes = {"score", "layer", "head"},
                     .step = {"score", "mean over the tokens that have something to look for, of Σ_j α_ij π_ij",
                              "@head_scores[s,l,h] = sum_i(sum_j(@self.weights[l,h,i,j] * @pattern[s,i,j])) / "
                              "max(sum_i(max_j(@pattern[s,i,j])), 1)",
                              "Olsson 2022"}};
    });
    observe("best.weights", output.weights.row(best.layer).row(best.head), [&] {
        return Shown{
            .role = Role::map,
            .symbol = "α",
            .title = "Head " + best.name() + ": its weights",
            .unit = "weight",
            .axes = {"token", "token.key"},
            .step = {"choose", "the head with the largest induction score in the model's card",
                     fmt::format("@best.weights[i,j] = @self.weights[{},{},i,j]", best.layer, best.head), "Olsson 2022"}};
    });
}

/// Loss of each token, and means over what could be foreseen by looking back: [run, token], [run].
double show_losses(Probe& probe, const Ids& ids, const LanguageModelOutput& output, const Circuit* circuit, const Head& best,
                   const std::stop_token& stop) {
    const auto n = static_cast<Index>(ids.size());
    std::vector<std::string> runs = {msg("whole")};
    std::vector<Tensor<float>> losses = {token_losses(output.probabilities, ids)};
    if (circuit != nullptr) {
        losses.push_back(token_losses(probabilities_aside(circuit->ablated, ids, probe, stop), ids));
        runs.push_back("without head " + best.name());
    }
    const auto rows = static_cast<Index>(runs.size());
    probe.axis({"run", AxisKind::feature, rows, runs, "r"});
    Tensor<float> all(Shape{rows, n}), after(Shape{n}), means(Shape{rows});
    for (Index r = 0; r < rows; ++r)
        std::ranges::copy(losses[static_cast<std::size_t>(r)].values(), all.row(r).values().begin());
    Index counted = 0;
    for (Index i = 2; i < n; ++i)
        for (Index j = 1; j < i - 1; ++j)
            if (ids[static_cast<std::size_t>(j)] == ids[static_cast<std::size_t>(i - 1)] &&
                ids[static_cast<std::size_t>(j + 1)] == ids[static_cast<std::size_t>(i)]) {
                after.data()[i] = 1;
                ++counted;
                break;
            }
    const Observer observe(probe);
    all = observe("losses", all, [] {
        return Shown{
            .role = Role::metric,
            .symbol = "L",
            .title = "Loss of each token",
            .unit = "nats",
            .axes = {"run", "token"},
            .step = {"lose",
                     "L_i = −log p(x_i | x_1 … x_(i−1)); without the head: of a second run, with the same changes by hand", "",
                     "Olsson 2022"}};
    });
    after = observe("recurs", after, [] {
        return Shown{Role::input, "ρ", "1: a pair of tokens that stood here before", "", {"token"}};
    });
    double counts = 0;
    for (const float counts_here : after.values()) counts += static_cast<double>(counts_here);
    for (Index r = 0; r < rows; ++r) {
        double sum = 0;
        for (Index i = 0; i < n; ++i) sum += static_cast<double>(after.data()[i]) * static_cast<double>(all.row(r).data()[i]);
        means.data()[r] = static_cast<float>(sum / std::max(counts, 1.0));
    }
    observe("mean_loss", means, [] {
        return Shown{.role = Role::state,
                     .symbol = "L̄",
                     .title = "Mean loss where a pair of tokens recurs",
                     .unit = "nats",
                     .axes = {"run"},
                     .step = {"average", "mean of L_i over the recurring pairs",
                              "@mean_loss[r] = sum_i(@losses[r,i] * @recurs[i]) / max(sum_i(@recurs[i]), 1)", "Olsson 2022"}};
    });
    return counted == 0 ? -1.0 : static_cast<double>(means.data()[0]);
}

std::string show_next(Probe& probe, const LanguageModelOutput& output, const std::vector<std::string>& labels) {
    const Tensor<float> last = output.probabilities.row(output.probabilities.shape()[0] - 1);
    const Ids order = places_of_largest(last.values(), next_shown);
    const auto shown = static_cast<Index>(order.size());
    Axis axis{"next", AxisKind::class_, shown, {}, "q"};
    Tensor<float> chances(Shape{shown});
    for (const Index id : order) axis.labels.push_back(labels.at(static_cast<std::size_t>(id)));
    const std::string first = fmt::format("next “{}” {}", axis.labels.front(), share_text(last.data()[order.front()]));
    probe.axis(std::move(axis));
    const Observer observe(probe);
    const Ids shown_ids = observe.ids("next.id", order, last.size(), [] {
        return Shown{Role::output, "x", "Likeliest next tokens (ids)", "", {"next"}};
    });
    for (Index r = 0; r < shown; ++r) chances.data()[r] = last.data()[shown_ids[static_cast<std::size_t>(r)]];
    observe("next.probabilities", chances, [&] {
        return Shown{.role = Role::probabilities,
                     .symbol = "p",
                     .title = "Next token",
                     .axes = {"next"},
                     .step = {"sort", "p(x_(n+1) | x_1 … x_n), the largest first",
                              fmt::format("@next.probabilities[q] = @probabilities[{},@next.id[q]]",
                                          output.probabilities.shape()[0] - 1)}};
    });
    return first;
}

void run_induction(RunContext& context) {
    const auto loaded = language_model_of(context.model);
    const LanguageModelRequest request = read_text(context, *loaded);
    Probe& probe = context.probe;
    const LanguageModelOutput output = run_language_model(context.model, request, probe, context.reuse, context.stop);
    const HeadScores scores = head_scores(output.weights, output.ids, 1);
    const Head best = induction_head(*context.model, scores);
    const auto circuit = circuit_of(context.model, loaded->design, best, context.stop);
    show_scores(probe, scores, output.ids, best, output);
    const double loss =
        show_losses(probe, output.ids, output, context.params.toggle("ablate") ? circuit.get() : nullptr, best, context.stop);
    if (!circuit->composition.empty()) {
        const Index heads = loaded->design.heads;
        std::vector<std::string> earlier, later;
        for (Index h = 0; h < heads; ++h) {
            earlier.push_back(Head{best.layer - 1, h}.name());
            later.push_back(Head{best.layer, h}.name());
        }
        probe.axis({"earlier head", AxisKind::query, heads, earlier, "e"});
        probe.axis({"later head", AxisKind::key, heads, later, "f"});
        Observer{probe}("composition", circuit->composition, [] {
            return Shown{.role = Role::map,
                         .symbol = "C",
                         .title = "K-composition",
                         .axes = {"earlier head", "later head"},
                         .step = {"compose",
                                  "|W_QK W_OV|_F / (|W_QK|_F |W_OV|_F), W_QK = W_Qᵀ W_K of the later head, W_OV = W_O W_V of "
                                  "the earlier",
                                  "", "Elhage 2021, section on K-composition"}};
        });
    }
    if (scores.repeated == 0)
        probe.note({"text", "no token occurs twice, so there is nothing to look back for", "repeat a part of the text"});
    std::string text = show_next(probe, output, loaded->text->target_labels());
    text += fmt::format(";  head {}: induction score {:.2f}", best.name(), scores.induction.at({best.layer, best.head}));
    if (loss >= 0) text += fmt::format(";  loss where pairs recur {:.2f} nats", loss);
    probe.text("output", text);
}

std::vector<ParamSpec> induction_params() {
    ParamSpec text =
        text_param("text", "Text", "English text. Where a token occurred before, induction heads look at what came after it.",
                   "tom likes mary. mary likes books. tom likes mary. mary likes", longest_text);
    text.examples = {"tom likes mary. mary likes books. tom likes mary. mary likes",
                     "where is the blue cat? the blue cat is here. where is the blue",
                     "one two three four. one two three four. one two three",
                     "zorblax met quimby. quimby met zorblax. zorblax met quim"};
    text.placeholder = "English text in which words come back";
    return {text,
            toggle_param(
                "random", "Random tokens",
                "Instead of the text: tokens drawn by the seed, none twice, and the same once more. No grammar helps here, "
                "only looking back.",
                false),
            integer_param("period", "Period", "Random tokens before they repeat.", 24, 2, 256),
            toggle_param(
                "ablate", "Without the head",
                "Runs the model once more without its best induction head, and shows the loss beside. Other heads: intervene, "
                "for example self.weights[1,3]*=0 on layer 2, head 4.",
                true)};
}

}  // namespace

Exhibit induction_exhibit() {
    Exhibit exhibit;
    exhibit.id = "induction";
    exhibit.title = "Induction";
    exhibit.group = "Transformer";
    exhibit.summary =
        "Two layers of attention alone learn to look back: a head that finds what followed the last time, how two layers make "
        "it, and "
        "what is lost without it.";
    exhibit.source = "Elhage 2021; Olsson 2022";
    exhibit.params = induction_params();
    exhibit.models = {"induction"};
    exhibit.views = {{"head-grid", "self.weights", 0, 0.5f, 0.55f}, {"heatmap", "best.weights", 0, 0.5f, 0.55f},
                     {"curves", "losses", 1, 0.4f, 0.45f},          {"heatmap", "head_scores", 1, 0.2f, 0.45f},
                     {"heatmap", "composition", 1, 0.2f, 0.45f},    {"bars", "next.probabilities", 1, 0.2f, 0.45f}};
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.run = run_induction;
    exhibit.lesson = induction_lesson();
    return exhibit;
}

}  // namespace saccade
