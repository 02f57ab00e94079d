#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/position_lengths.hpp"
#include "exhibit/positions_lesson.hpp"
#include "exhibit/transformer_common.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

constexpr double longest_text = 160;

/// The encoder that was trained with the chosen code, on the text.
struct Setting {
    RunContext& context;
    std::shared_ptr<const LoadedTransformer> loaded;
    TransformerRequest request;
    const PositionFunction& code;

    Probe& probe() const { return context.probe; }
    Index tokens() const { return static_cast<Index>(request.source.size()); }
    const StackDesign& design() const { return loaded->design.encoder; }
};

/// cos of the angles by which each pair of features is turned at each position.
void show_rotary(const Setting& s) {
    const Index units = s.design().d_model / s.design().heads, pairs = units / 2, n = s.tokens();
    Tensor<float> angle(Shape{n, pairs}), turned(Shape{n, pairs});
    for (Index i = 0; i < n; ++i)
        for (Index m = 0; m < pairs; ++m) {
            const double a =
                static_cast<double>(i) * std::pow(10000.0, -2.0 * static_cast<double>(m) / static_cast<double>(units));
            angle.data()[i * pairs + m] = static_cast<float>(a);
            turned.data()[i * pairs + m] = static_cast<float>(std::cos(a));
        }
    s.probe().axis({"pair", AxisKind::feature, pairs, {}, "m"});
    s.probe().whole({"angle", Role::state, "p θ", "Angle", "rad", {"source", "pair"}}, angle);
    s.probe().step({"position", "angle", "p θ_m, θ_m = 10000^(−2m/d_head)",
                    fmt::format("angle[i,m] = i / 10000 ^ (2 * m / {})", units), "Su 2021, eq. 15"});
    s.probe().whole({"code", Role::embedding, "cos p θ", "Position code: cosine of the angles", "", {"source", "pair"}},
                    turned);
    s.probe().step({"position", "code", "cos(p θ_m)", "code[i,m] = cos(angle[i,m])", "Su 2021, eq. 34"});
}

/// The code itself, and the rule by which similarity[i,j] follows from it; empty if it follows from what was recorded as
/// encoder.term.
std::string show_code(const Setting& s) {
    Probe& probe = s.probe();
    const std::string& id = s.code.id;
    const Index n = s.tokens(), units = s.design().d_model / s.design().heads;
    if (id == "none") return "0";
    if (id == "sinusoidal" || id == "learned") {
        const Weights<float> weights(s.context.model->weights);
        const PositionParameters<float> table = [&](const std::string& name) {
            return weights.get("encoder.position." + name);
        };
        const Tensor<float> added =
            make_position_code<float>(s.code, s.loaded->model.encoder().position_sizes(), table)->added(0, n).value();
        probe.whole({"code", Role::embedding, "p", "Position code: added to the tokens", "", {"source", "feature"}}, added);
        probe.step({"position", "code", s.code.equation, "code[i,k] = encoder.position[i,k]", s.code.source});
        return "sum_k(code[i,k] * code[j,k])";
    }
    if (id == "rotary") {
        show_rotary(s);
        return fmt::format("sum_m(cos(angle[i,m] - angle[j,m])) / {}", units / 2);
    }
    if (id == "alibi") {
        const Tensor<float> term = alibi_term<float>(s.design().heads, 0, n, n).reshape({s.design().heads, n, n});
        probe.whole({"code", Role::state, "t", "Position code: added to the scores", "", {"head", "source", "source.key"}},
                    term);
        probe.step({"position", "code", s.code.equation, "code[h,i,j] = encoder.term[0,h,i,j]", s.code.source});
        return "mean_h(code[h,i,j])";
    }
    const Tensor<float>& table = s.context.model->weights.at("encoder.0.self.position.key");
    probe.whole({"code",
                 Role::embedding,
                 "a^K",
                 "Position code: a vector for each distance (layer 1, keys)",
                 "",
                 {"encoder.distance", "unit"}},
                table);
    probe.step({"position", "code", s.code.equation, "code[d,u] = encoder.position.key[0,d,u]", s.code.source});
    return "mean_h(encoder.term[0,h,i,j])";
}

/// What rules say, computed: similarity of two positions, [source, source.key].
Tensor<float> similarity_of(const Setting& s, const Tensor<float>& term) {
    const Index n = s.tokens();
    Tensor<float> similarity(Shape{n, n});
    const StackDesign& d = s.design();
    const std::string& id = s.code.id;
    Tensor<float> added;
    if (id == "sinusoidal") added = sinusoidal_code<float>(0, n, d.d_model);
    if (id == "learned") added = s.context.model->weights.at("encoder.position.table").rows(0, n);
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < n; ++j) {
            double sum = 0;
            if (!added.empty()) {
                for (Index k = 0; k < d.d_model; ++k)
                    sum += static_cast<double>(added.row(i).data()[k]) * static_cast<double>(added.row(j).data()[k]);
            } else if (id == "rotary") {
                const Index units = d.d_model / d.heads;
                for (Index m = 0; m < units / 2; ++m)
                    sum += std::cos(static_cast<double>(i - j) *
                                    std::pow(10000.0, -2.0 * static_cast<double>(m) / static_cast<double>(units)));
                sum /= static_cast<double>(units / 2);
            } else if (!term.empty()) {
                for (Index h = 0; h < d.heads; ++h) sum += static_cast<double>(term.data()[(h * n + i) * n + j]);
                sum /= static_cast<double>(d.heads);
            }
            similarity.data()[i * n + j] = static_cast<float>(sum);
        }
    return similarity;
}

const char* similarity_title(const std::string& id) {
    if (id == "rotary") return "Similarity: mean cosine of the angle between";
    if (id == "alibi" || id == "shaw") return "What is added to the scores, mean of the heads (layer 1)";
    return "Similarity: dot product of the codes";
}

void show_similarity(const Setting& s, const std::string& rule, const Tensor<float>& term) {
    const Index n = s.tokens();
    const Tensor<float> similarity = s.probe().whole(
        {"similarity", Role::state, "p·p", similarity_title(s.code.id), "", {"source", "source.key"}}, similarity_of(s, term));
    s.probe().step({"compare", "similarity", similarity_title(s.code.id), "similarity[i,j] = " + rule, s.code.source});
    Tensor<float> curve(Shape{n});
    for (Index d = 0; d < n; ++d) {
        double sum = 0;
        for (Index i = 0; i + d < n; ++i)
            sum +=
                static_cast<double>(similarity.data()[i * n + i + d]) + static_cast<double>(similarity.data()[(i + d) * n + i]);
        curve.data()[d] = static_cast<float>(sum / static_cast<double>(2 * (n - d)));
    }
    std::vector<std::string> distances;
    for (Index d = 0; d < n; ++d) distances.push_back(std::to_string(d));
    s.probe().axis({"distance", AxisKind::step, n, std::move(distances), "d"});
    s.probe().whole({"by_distance", Role::metric, "", similarity_title(s.code.id), "", {"distance"}}, curve);
    s.probe().step({"average", "by_distance", "mean over all pairs of tokens at this distance", "", s.code.source});
}

/// The same tokens in reverse, and what the encoder makes of each, put back in the order of the text.
void show_reversed(const Setting& s, const Tensor<float>& state, const TransformerRequest& given) {
    TransformerRequest reversed = given;
    std::ranges::reverse(reversed.source);
    std::ranges::reverse(reversed.source_labels);
    Probe aside({}, {});
    Reuse nothing;
    run_transformer_encoder(s.loaded, reversed, aside, nothing, s.context.stop);
    const Trace trace = aside.finish();
    const StackDesign& d = s.design();
    const Index n = s.tokens();
    const Tensor<float>& weights = trace.tensor("encoder.weights").values;
    const Tensor<float> last = trace.tensor("encoder.state").values.row(d.layers - 1);
    Tensor<float> back_weights(weights.shape()), back_state(last.shape()), moved(Shape{n});
    for (Index lh = 0; lh < d.layers * d.heads; ++lh)
        for (Index i = 0; i < n; ++i)
            for (Index j = 0; j < n; ++j)
                back_weights.data()[(lh * n + i) * n + j] = weights.data()[(lh * n + n - 1 - i) * n + n - 1 - j];
    for (Index i = 0; i < n; ++i) {
        std::ranges::copy(last.row(n - 1 - i).values(), back_state.row(i).values().begin());
        for (Index k = 0; k < d.d_model; ++k)
            moved.data()[i] = std::max(moved.data()[i], std::abs(back_state.row(i).data()[k] - state.row(i).data()[k]));
    }
    Probe& probe = s.probe();
    probe.whole({"reversed.weights",
                 Role::weights,
                 "α",
                 "Self-attention, the text read backwards",
                 "weight",
                 {"layer", "head", "source", "source.key"}},
                back_weights);
    probe.step({"reverse", "reversed.weights", "the encoder on x_n … x_1, rows and columns put back", "", "this run"});
    probe.whole({"reversed.state", Role::state, "x", "Last state when the text is read backwards", "", {"source", "feature"}},
                back_state);
    probe.step({"reverse", "reversed.state", "the encoder on x_n … x_1, rows put back", "", "this run"});
    probe.whole(
        {"moved", Role::state, "Δ", "Largest change of each token's state when the text is read backwards", "", {"source"}},
        moved);
    probe.step({"compare", "moved", "max_k |x_ik − x'_ik|",
                fmt::format("moved[i] = max_k(abs(encoder.state[{},i,k] - reversed.state[i,k]))", d.layers - 1), "this run"});
}

void run(RunContext& context) {
    const Params& params = context.params;
    if (params.text("show") == "extrapolation") return measure_lengths(context);
    const auto loaded = transformer_of(context.model, trained_design(*context.model));
    const SequenceText::Source source =
        read_source(context, "text", *loaded->text, "type dates, for example 30 Sep 2019; 2001年1月1日");
    Setting s{context, loaded, {}, position_code(loaded->design.encoder.position)};
    s.request.source = source.ids;
    s.request.source_labels = visible_characters(source.tokens);
    run_transformer_encoder(loaded, s.request, context.probe, context.reuse, context.stop);
    context.probe.text("code", s.code.id);
    const std::string rule = show_code(s);
    if (context.probe.intervening()) {
        context.probe.note({"", "with interventions there is no comparison with the text read backwards",
                            "they act on places of the text as it is"});
        return;
    }
    // What else is needed of it is read off a run aside: the probe does not give back what it was shown.
    Probe aside({}, {});
    run_transformer_encoder(loaded, s.request, aside, context.reuse, context.stop);
    const Trace trace = aside.finish();
    const TraceTensor* term = trace.find("encoder.term");
    show_similarity(s, rule, term == nullptr ? Tensor<float>() : term->values.row(0));
    show_reversed(s, trace.tensor("encoder.state").values.row(s.design().layers - 1), s.request);
}

std::vector<ParamSpec> params() {
    ParamSpec text = text_param("text", "Text",
                                "Dates with semicolons between them, as the model learned to read them; each "
                                "character is one token.",
                                "30 Sep 2019; 2001年1月1日", longest_text);
    text.examples = {"30 Sep 2019; 2001年1月1日", "30 Sep 2019", "5/6/99; 12 May 2020; Mon, 30 Sep 2019"};
    ParamSpec position = position_param(false);
    position.fallback = std::string("sinusoidal");
    return {
        text, position,
        choice_param("show", "Show",
                     "The code itself and how alike positions are; what it does to the weights, and what happens when the text "
                     "is read backwards; or how far beyond the trained length each code carries.",
                     {{"code", "code"}, {"weights", "weights"}, {"extrapolation", "length"}}),
        integer_param("samples", "Samples", "Length: held-out lists of each length.", 16, 1, 256),
        integer_param("longest", "Longest list", "Length: dates in the longest lists; the models learned on 1 to 3.", 6, 1,
                      12)};
}

std::vector<ViewPlacement> placed(const Params& params) {
    const std::string& show = params.text("show");
    if (show == "extrapolation") return {{"curves", "accuracy", 0, 1, 1}};
    if (show == "weights")
        return {{"head-grid", "encoder.weights", 0, 0.5f, 0.5f},
                {"head-grid", "reversed.weights", 0, 0.5f, 0.5f},
                {"heatmap", "encoder.weights", 1, 0.5f, 0.5f},
                {"bars", "moved", 1, 0.5f, 0.5f}};
    return {
        {"heatmap", "code", 0, 0.5f, 0.6f}, {"heatmap", "similarity", 0, 0.5f, 0.6f}, {"curves", "by_distance", 1, 1, 0.4f}};
}

}  // namespace

Exhibit positions_exhibit() {
    Exhibit exhibit;
    exhibit.id = "positions";
    exhibit.title = "Positions";
    exhibit.group = "Transformer";
    exhibit.summary =
        "Six ways to tell attention where its tokens are: the code, how alike positions are, what it does, how far it "
        "carries.";
    exhibit.source = "Vaswani 2017; Shaw 2018; Su 2021; Press 2021";
    exhibit.params = params();
    for (const PositionFunction& code : position_codes()) exhibit.models.push_back(date_lists_model(code.id));
    exhibit.choose_model = [](const Params& p) { return date_lists_model(p.text("position")); };
    exhibit.views = placed(resolve(exhibit.params, {}));
    exhibit.place = placed;
    exhibit.run = run;
    exhibit.training_task = "*";
    exhibit.lesson = positions_lesson();
    return exhibit;
}

}  // namespace saccade
