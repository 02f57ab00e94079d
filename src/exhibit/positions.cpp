#include <fmt/core.h>

#include <algorithm>
#include <cmath>

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

/// The code itself, as this run showed it, and how alike it makes two positions.
PositionSimilarity draw_code(const Setting& s, const ShownRun& shown) {
    const TransformerStack<float>& encoder = s.loaded->model.encoder();
    const PositionCode<float>& code = encoder.self(0).code();
    const std::string below =
        each_layer_differs(s.code, encoder.position_sizes()) ? "encoder.0.self.position." : "encoder.position.";
    return s.code.draw(
        {.observe = Observer(s.probe()),
         .stack = "encoder.",
         .tokens = "source",
         .length = s.tokens(),
         .sizes = encoder.position_sizes(),
         .parameters = [&](const std::string& name) { return Var<float>(s.context.model->weights.at(below + name)); },
         .added = encoder.code().adds ? shown.tensor("encoder.position") : Tensor<float>(),
         .term = code.scores ? shown.tensor("encoder.term").row(0) : Tensor<float>()});
}

void show_similarity(const Setting& s, const PositionSimilarity& alike) {
    const Index n = s.tokens();
    const Observer observe(s.probe());
    const Tensor<float> similarity = observe("similarity", alike.values, [&] {
        return Shown{.role = Role::state,
                     .symbol = "p·p",
                     .title = alike.title,
                     .axes = {"source", "source.key"},
                     .step = {"compare", alike.title, "similarity[i,j] = " + alike.rule, s.code.source}};
    });
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
    observe.axis({"distance", AxisKind::step, n, std::move(distances), "d"});
    observe("by_distance", curve, [&] {
        return Shown{.role = Role::metric,
                     .title = alike.title,
                     .axes = {"distance"},
                     .step = {"average", "mean over all pairs of tokens at this distance",
                              fmt::format("by_distance[d] = sum_i(sum_j(where(abs(i - j) == d, similarity[i,j], 0))) / "
                                          "((1 + (d > 0)) * ({} - d))",
                                          n),
                              s.code.source}};
    });
}

/// Does a cell of this tensor belong to a position, whatever token stands there? All others belong to tokens.
bool of_positions(const std::string& tensor) {
    return tensor == "encoder.position" || tensor == "encoder.term";
}

bool counts_tokens(const std::string& axis) {
    return axis == "source" || axis == "source.key";
}

/// The array with the order of these axes reversed.
Tensor<float> reversed_along(const Tensor<float>& array, const std::vector<bool>& axes) {
    Tensor<float> result = Tensor<float>::uninitialized(array.shape());
    for (Index i = 0; i < array.size(); ++i) {
        Index rest = i, to = 0, stride = 1;
        for (int a = array.shape().rank(); a-- > 0; stride *= array.shape()[a], rest /= array.shape()[a]) {
            const Index at = rest % array.shape()[a];
            to += stride * (axes[static_cast<std::size_t>(a)] ? array.shape()[a] - 1 - at : at);
        }
        result.data()[to] = array.data()[i];
    }
    return result;
}

/// What was changed by hand, for the text read backwards: what belongs to a position stays there, and what belongs to a token
/// goes to the token's new place. Changes of what is not the encoder's are left out. `shown`: by the run forwards.
std::vector<Intervention> read_backwards(const std::vector<Intervention>& hands, const ShownRun& shown, Index tokens) {
    std::vector<Intervention> result;
    for (Intervention hand : hands) {
        const auto found = std::ranges::find(shown.tensors, hand.tensor, [](const auto& one) { return one.site.name; });
        if (found == shown.tensors.end()) continue;
        std::vector<bool> open;  // of the array's axes: are they counted in tokens?
        const std::vector<std::string>& axes = found->site.axes;
        for (std::size_t a = 0; a < axes.size() && !of_positions(hand.tensor); ++a) {
            const bool given = a < hand.index.size() && hand.index[a] >= 0;
            if (!given)
                open.push_back(counts_tokens(axes[a]));
            else if (counts_tokens(axes[a]) && hand.index[a] < tokens)
                hand.index[a] = tokens - 1 - hand.index[a];
        }
        if (hand.takes_array() && !open.empty() && open.size() == static_cast<std::size_t>(hand.array.shape().rank()))
            hand.array = reversed_along(hand.array, open);
        result.push_back(std::move(hand));
    }
    return result;
}

/// The same tokens in reverse, and what the encoder makes of each, put back in the order of the text. `forwards`: what the run
/// forwards showed.
void show_reversed(const Setting& s, const ShownRun& forwards) {
    const Tensor<float> state = forwards.tensor("encoder.state").row(s.design().layers - 1);
    TransformerRequest reversed = s.request;
    std::ranges::reverse(reversed.source);
    std::ranges::reverse(reversed.source_labels);
    Probe aside({}, read_backwards(s.context.interventions, forwards, s.tokens()));
    Reuse nothing;
    run_transformer_encoder(s.loaded, reversed, aside, nothing, s.context.stop);
    const ShownRun shown = aside.take();
    const StackDesign& d = s.design();
    const Index n = s.tokens();
    const Tensor<float>& weights = shown.tensor("encoder.weights");
    const Tensor<float> last = shown.tensor("encoder.state").row(d.layers - 1);
    Tensor<float> back_weights(weights.shape()), put_back(last.shape()), moved(Shape{n});
    for (Index lh = 0; lh < d.layers * d.heads; ++lh)
        for (Index i = 0; i < n; ++i)
            for (Index j = 0; j < n; ++j)
                back_weights.data()[(lh * n + i) * n + j] = weights.data()[(lh * n + n - 1 - i) * n + n - 1 - j];
    for (Index i = 0; i < n; ++i) std::ranges::copy(last.row(n - 1 - i).values(), put_back.row(i).values().begin());
    const Observer observe(s.probe());
    observe("reversed.weights", back_weights, [] {
        return Shown{.role = Role::weights,
                     .symbol = "α",
                     .title = "Self-attention, the text read backwards",
                     .unit = "weight",
                     .axes = {"layer", "head", "source", "source.key"},
                     .step = {"reverse", "the encoder on x_n … x_1, rows and columns put back", "", "this run"}};
    });
    const Tensor<float> back_state = observe("reversed.state", put_back, [] {
        return Shown{.role = Role::state,
                     .symbol = "x",
                     .title = "Last state when the text is read backwards",
                     .axes = {"source", "feature"},
                     .step = {"reverse", "the encoder on x_n … x_1, rows put back", "", "this run"}};
    });
    for (Index at = 0; at < n * d.d_model; ++at) {
        float& most = moved.data()[at / d.d_model];
        most = std::max(most, std::abs(back_state.data()[at] - state.data()[at]));
    }
    observe("moved", moved, [&] {
        return Shown{.role = Role::state,
                     .symbol = "Δ",
                     .title = "Largest change of each token's state when the text is read backwards",
                     .axes = {"source"},
                     .step = {"compare", "max_k |x_ik − x'_ik|",
                              fmt::format("moved[i] = max_k(abs(encoder.state[{},i,k] - reversed.state[i,k]))", d.layers - 1),
                              "this run"}};
    });
}

void run_positions(RunContext& context) {
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
    // What else is needed of it is read off a run aside: the probe does not give back what it was shown.
    Probe aside({}, context.interventions);
    run_transformer_encoder(loaded, s.request, aside, context.reuse, context.stop);
    const ShownRun shown = aside.take();
    show_similarity(s, draw_code(s, shown));
    if (context.probe.intervening())
        context.probe.note({"", "the text is read backwards with the same changes by hand",
                            "each at its token's new place; those of the position code stay at their positions"});
    show_reversed(s, shown);
}

std::vector<ParamSpec> positions_params() {
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

std::vector<ViewPlacement> placed_positions(const Params& params) {
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
    exhibit.summary = fmt::format(
        "Ways to tell attention where its tokens are, {} of them: the code, how alike positions are, what it does, "
        "how far it carries.",
        position_codes().size());
    exhibit.source = "Vaswani 2017; Shaw 2018; Su 2021; Press 2021";
    exhibit.params = positions_params();
    for (const PositionFunction& code : position_codes()) exhibit.models.push_back(date_lists_model(code.id));
    exhibit.choose_model = [](const Params& p) { return date_lists_model(p.text("position")); };
    exhibit.views = placed_positions(resolve(exhibit.params, {}));
    exhibit.place = placed_positions;
    exhibit.run = run_positions;
    exhibit.training_task = "*";
    exhibit.lesson = positions_lesson();
    return exhibit;
}

}  // namespace saccade
