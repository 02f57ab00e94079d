#include "analysis/analysis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "analysis/attention.hpp"
#include "analysis/head_order.hpp"
#include "run/command_line.hpp"
#include "run/runner.hpp"
#include "testing.hpp"
#include "trace/claims.hpp"

namespace saccade::analysis_test {
namespace {

using test::contains;
using test::error_of;

constexpr float masked = -std::numeric_limits<float>::infinity();

/// "w" [layer, head, token, token.key] of so many tokens.
Trace attention(Index layers, Index heads, Index tokens, std::initializer_list<float> values) {
    Trace trace;
    const AxisPtr layer = trace.add_axis({"layer", AxisKind::layer, layers, {}, "l"});
    const AxisPtr head = trace.add_axis({"head", AxisKind::head, heads, {}, "h"});
    const AxisPtr query = trace.add_axis({"token", AxisKind::query, tokens, {}, "i"});
    const AxisPtr key = trace.add_axis({"token.key", AxisKind::key, tokens, {}, "j"});
    trace.add({"w", Role::weights, "α", "Attention weights", "weight", {layer, head, query, key}},
              Tensor<float>::from(Shape{layers, heads, tokens, tokens}, values));
    return trace;
}

Trace with(const Trace& trace, const std::string& id) {
    return analysis(id).apply(trace, "w");
}

void expect_values(const Trace& trace, const std::string& name, std::initializer_list<double> wanted) {
    const Tensor<float>& values = trace.tensor(name).values;
    ASSERT_EQ(values.size(), static_cast<Index>(wanted.size())) << name;
    Index i = 0;
    for (const double v : wanted) {
        const auto value = static_cast<double>(values.data()[i++]);
        if (std::isfinite(v))
            EXPECT_NEAR(value, v, 1e-6) << name << ", value " << i - 1;
        else
            EXPECT_EQ(value, v) << name << ", value " << i - 1;
    }
}

void expect_every_rule_holds(const Trace& trace) {
    for (const Claim& claim : check_claims(trace, 64))
        EXPECT_TRUE(claim.holds || claim.by_hand) << claim.tensor << " off by " << claim.error << ": " << claim.text;
}

// By hand: A1' = [[1, 0], [.25, .75]], A2' = [[1, 0], [.4, .6]]; their product [[1, 0], [.4 + .15, .45]].
TEST(Analysis, a_decoders_queries_and_keys_are_its_positions_whatever_they_are_called) {
    Trace trace;
    const AxisPtr layer = trace.add_axis({"layer", AxisKind::layer, 1, {}, "l"});
    const AxisPtr query = trace.add_axis({"output", AxisKind::query, 2, {"i", "go"}, "i"});
    const AxisPtr key = trace.add_axis({"output.key", AxisKind::key, 2, {"<start>", "i"}, "j"});
    const AxisPtr source = trace.add_axis({"source.key", AxisKind::key, 2, {"我", "去"}, "k"});
    trace.add({"own", Role::weights, "α", "", "", {layer, query, key}}, Tensor<float>::from({1, 2, 2}, {1, 0, 0.5f, 0.5f}));
    trace.add({"cross", Role::weights, "α", "", "", {layer, query, source}},
              Tensor<float>::from({1, 2, 2}, {1, 0, 0.5f, 0.5f}));
    EXPECT_FALSE(refuses_layers("rollout", trace.tensor("own")));
    EXPECT_TRUE(refuses_layers("rollout", trace.tensor("cross")));
    EXPECT_TRUE(analysis("rollout").accepts(trace, trace.tensor("own")));
}

TEST(Analysis, rollout_is_the_product_of_the_layers_with_residual) {
    const Trace trace = with(attention(2, 1, 2, {1, 0, 0.5f, 0.5f, 1, 0, 0.8f, 0.2f}), "rollout");
    expect_values(trace, "w.residual", {1, 0, 0.25, 0.75, 1, 0, 0.4, 0.6});
    expect_values(trace, "w.rollout", {1, 0, 0.25, 0.75, 1, 0, 0.55, 0.45});
    EXPECT_EQ(trace.tensor("w.rollout").info.role, Role::weights);
    EXPECT_EQ(trace.tensor("w.rollout").info.axes[1], trace.axis("token"));
    expect_every_rule_holds(trace);
}

/// Rows that a hand took off their sum are brought to 1 again, and every formula that mixes says so.
TEST(Analysis, rollout_brings_rows_to_sum_one_and_says_so) {
    const Trace trace = with(attention(1, 1, 2, {3, 0, 0, 0}), "rollout");
    expect_values(trace, "w.residual", {1, 0, 0, 1});
    for (const char* made : {"w.residual", "w.rollout"})
        EXPECT_TRUE(rule_holds(trace, trace.step_of(made)->rule).holds) << made;
    for (const char* id : {"rollout", "flow"})
        EXPECT_NE(analysis(id).formula.find("A' = ½ A + ½ I, its rows brought to sum 1"), std::string::npos) << id;
    EXPECT_NE(trace.step_of("w.residual")->formula.find("rows brought to sum 1"), std::string::npos);
}

TEST(Analysis, a_row_that_may_look_nowhere_passes_its_own_token_on) {
    const Trace trace = with(attention(1, 1, 2, {masked, masked, 0.5f, 0.5f}), "rollout");
    expect_values(trace, "w.rollout", {1, 0, 0.25, 0.75});
    EXPECT_FALSE(std::isfinite(trace.tensor("w.mean").values.data()[0]));
}

TEST(Analysis, nothing_of_the_run_is_copied_and_nothing_is_made_twice) {
    const Trace before = attention(2, 2, 1, {1, 1, 1, 1});
    const Trace after = with_analyses(before, {"all"});
    EXPECT_EQ(after.tensor("w").values.data(), before.tensor("w").values.data());
    EXPECT_EQ(after.axis("head"), before.axis("head"));
    EXPECT_EQ(analysis("rollout").apply(after, "w").tensors().size(), after.tensors().size());
    EXPECT_EQ(after.find("w.mean.rollout"), nullptr);  // of the run's tensors alone
}

TEST(Analysis, mean_and_max_leave_masked_cells_out) {
    const Trace trace = attention(1, 2, 2, {1, masked, 0.25f, 0.75f, 0.5f, masked, 0.75f, masked});
    const Trace mean = with(trace, "mean"), most = with(trace, "max");
    expect_values(mean, "w.mean", {0.75, masked, 0.5, 0.75});
    expect_values(most, "w.max", {1, masked, 0.75, 0.75});
    EXPECT_EQ(most.tensor("w.max").info.role, Role::state);  // its rows are no distributions
    for (const Trace* of : {&mean, &most})
        for (const Step& step : of->steps()) EXPECT_TRUE(rule_holds(*of, step.rule).holds) << step.rule;
}

TEST(Analysis, some_heads_take_part) {
    Trace trace = attention(1, 3, 1, {0.5f, 7, 0.25f});
    for (const char* id : {"mean", "max"})
        add_derived(trace, trace.tensor("w"), analysis(id).derive(trace, trace.tensor("w"), {0, 2}));
    expect_values(trace, "w.mean_of_0_2", {0.375});
    expect_values(trace, "w.max_of_0_2", {0.5});
    for (const Step& step : trace.steps()) EXPECT_TRUE(rule_holds(trace, step.rule).holds) << step.rule;
}

TEST(Analysis, layers_are_joined_head_by_head) {
    const Trace trace = attention(2, 2, 1, {0.5f, 1, 0, 0.25f});
    expect_values(with(trace, "layers_mean"), "w.layers_mean", {0.25, 0.625});
    expect_values(with(trace, "layers_max"), "w.layers_max", {0.5, 1});
}

Trace with_gradient(Trace trace, std::initializer_list<float> gradient) {
    const TraceTensor w = trace.tensor("w");
    trace.add({"w.gradient", Role::state, "∂", "Gradient", "", w.info.axes}, Tensor<float>::from(w.values.shape(), gradient));
    return trace;
}

// By hand: mean of 0.5 · 2 and 0.2 · 1; the negative product counts as 0.
TEST(Analysis, gradient_times_attention_keeps_the_positive_part) {
    const Trace trace = with_gradient(attention(1, 2, 1, {0.5f, 0.2f}), {2, 1});
    expect_values(with(trace, "gradient_attention"), "w.gradient_attention", {0.6});
    const Trace negative = with_gradient(attention(1, 2, 1, {0.5f, 0.8f}), {-1, 0.5f});
    expect_values(with(negative, "gradient_attention"), "w.gradient_attention", {0.2});
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { with(attention(1, 1, 1, {1}), "gradient_attention"); }),
                         "no gradient of w"));
}

// By hand: R1 = I + A1, R2 = R1 + A2 R1.
TEST(Analysis, relevance_adds_what_each_layer_reads) {
    const Trace trace =
        with(with_gradient(attention(2, 1, 2, {0, 0.5f, 0, 0, 0, 0, 1, 0}), {1, 1, 1, 1, 1, 1, 1, 1}), "relevance");
    expect_values(trace, "w.relevance", {1, 0.5, 0, 1, 1, 0.5, 1, 1.5});
    for (const Step& step : trace.steps()) EXPECT_TRUE(rule_holds(trace, step.rule).holds) << step.rule;
}

/// Smallest cut by trying all of them: sets of nodes that hold the source and not the sink.
double smallest_cut(const std::vector<std::vector<double>>& capacity, std::size_t source, std::size_t sink) {
    const std::size_t n = capacity.size();
    double least = 1e9;
    for (std::size_t set = 0; set < (std::size_t{1} << n); ++set) {
        if ((set >> source & 1) == 0 || (set >> sink & 1) != 0) continue;
        double cut = 0;
        for (std::size_t a = 0; a < n; ++a)
            for (std::size_t b = 0; b < n; ++b)
                if ((set >> a & 1) != 0 && (set >> b & 1) == 0) cut += capacity[a][b];
        least = std::min(least, cut);
    }
    return least;
}

TEST(Analysis, flow_is_the_smallest_cut_between_output_and_input) {
    const Index n = 2, t = 3;
    const Trace trace = with(attention(n, 1, t,
                                       {1, 0, 0, 0.3f, 0.7f, 0, 0.2f, 0.5f, 0.3f,  //
                                        1, 0, 0, 0.9f, 0.1f, 0, 0.1f, 0.6f, 0.3f}),
                             "flow");
    const Tensor<float>& mixed = trace.tensor("w.residual").values;
    std::vector<std::vector<double>> capacity(9, std::vector<double>(9));
    for (Index l = 0; l < n; ++l)
        for (Index i = 0; i < t; ++i)
            for (Index j = 0; j < t; ++j)
                capacity[static_cast<std::size_t>((l + 1) * t + i)][static_cast<std::size_t>(l * t + j)] =
                    static_cast<double>(mixed.at({l, i, j}));
    for (Index i = 0; i < t; ++i)
        for (Index j = 0; j < t; ++j)
            EXPECT_NEAR(static_cast<double>(trace.tensor("w.flow").values.at({i, j})),
                        smallest_cut(capacity, static_cast<std::size_t>(n * t + i), static_cast<std::size_t>(j)), 1e-6)
                << i << " " << j;
    EXPECT_TRUE(trace.step_of("w.flow")->rule.empty());
    EXPECT_FALSE(trace.step_of("w.flow")->formula.empty());
}

TEST(Analysis, flow_stops_before_it_becomes_too_much_work) {
    Trace trace;
    const AxisPtr layer = trace.add_axis({"layer", AxisKind::layer, 6, {}, "l"});
    const AxisPtr query = trace.add_axis({"token", AxisKind::query, 200, {}, "i"});
    const AxisPtr key = trace.add_axis({"token.key", AxisKind::key, 200, {}, "j"});
    trace.add({"w", Role::weights, "α", "", "", {layer, query, key}}, Tensor<float>(Shape{6, 200, 200}));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { with_analyses(trace, {"flow"}); }), "too much work"));
    const Trace all = with_analyses(trace, {"all"});  // which says what cannot be had, and has the others
    EXPECT_TRUE(std::ranges::any_of(all.notes(), [](const Note& note) { return contains(note.text, "too much work"); }));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { with(trace, "flow"); }), "200 tokens"));
}

// By hand, for a head that looks evenly at two of three keys, one at itself, one two to the left.
TEST(Analysis, entropy_and_distance_of_heads) {
    const Trace trace = attention(1, 3, 3, {0.5f, 0.5f, 0, 0.5f, 0.5f, 0, 0.5f, 0.5f, 0,  //
                                            1,    0,    0, 0,    1,    0, 0,    0,    1,  //
                                            1,    0,    0, 1,    0,    0, 1,    0,    0});
    const Trace entropy = with(trace, "entropy"), distance = with(trace, "distance");
    expect_values(entropy, "w.entropy", {std::log(2.0), 0, 0});
    expect_values(distance, "w.distance", {(0.5 + 0.5 + 1.5) / 3, 0, 1});
    expect_every_rule_holds(entropy);
    expect_every_rule_holds(distance);
}

TEST(Analysis, rows_without_weight_are_left_out_of_a_heads_numbers) {
    const Trace trace = attention(1, 1, 2, {0, 0, 0.5f, 0.5f});
    const Trace entropy = with(trace, "entropy"), distance = with(trace, "distance");
    expect_values(entropy, "w.entropy", {std::log(2.0)});
    expect_values(distance, "w.distance", {0.5});
    expect_every_rule_holds(entropy);
    expect_every_rule_holds(distance);
}

TEST(Analysis, like_heads_stand_beside_each_other) {
    Trace trace;
    const AxisPtr head = trace.add_axis({"head", AxisKind::head, 4, {}, "h"});
    const AxisPtr query = trace.add_axis({"output", AxisKind::query, 1, {}, "i"});
    const AxisPtr key = trace.add_axis({"source", AxisKind::key, 2, {}, "j"});
    trace.add({"w", Role::weights, "α", "", "", {head, query, key}},
              Tensor<float>::from(Shape{4, 1, 2}, {1, 0, 0, 1, 0.9f, 0.1f, 0.1f, 0.9f}));
    const Trace like = with(trace, "likeness");
    expect_values(like, "w.total_variation", {0, 1, 0.1, 0.9, 1, 0, 0.9, 0.1, 0.1, 0.9, 0, 0.8, 0.9, 0.1, 0.8, 0});
    expect_every_rule_holds(like);
    const std::vector<Index> order = cluster_order(like.tensor("w.total_variation").values);
    const auto place = [&order](Index h) { return std::find(order.begin(), order.end(), h) - order.begin(); };
    EXPECT_EQ(std::abs(place(0) - place(2)), 1);
    EXPECT_EQ(std::abs(place(1) - place(3)), 1);
    EXPECT_EQ(std::abs(place(2) - place(3)), 1);  // joined where they are most alike
}

TEST(Analysis, large_maps_are_compared_by_means_of_blocks) {
    const Index tokens = 70;
    Trace trace;
    const AxisPtr head = trace.add_axis({"head", AxisKind::head, 2, {}, "h"});
    const AxisPtr query = trace.add_axis({"token", AxisKind::query, tokens, {}, "i"});
    const AxisPtr key = trace.add_axis({"token.key", AxisKind::key, tokens, {}, "j"});
    Tensor<float> weights(Shape{2, tokens, tokens});
    for (Index i = 0; i < tokens; ++i) {
        weights.data()[i * tokens + i] = 1;
        for (Index j = 0; j < tokens; ++j) weights.data()[(tokens + i) * tokens + j] = 1.0f / static_cast<float>(tokens);
    }
    trace.add({"w", Role::weights, "α", "", "", {head, query, key}}, weights);
    const Trace like = with(trace, "likeness");
    EXPECT_EQ(like.tensor("w.coarse").values.shape(), (Shape{2, 35, 35}));
    EXPECT_FLOAT_EQ(like.tensor("w.coarse").values.at({0, 3, 3}), 0.5f);
    EXPECT_EQ(like.axis("token.key.block")->kind, AxisKind::key);
    for (const Step& step : like.steps()) EXPECT_TRUE(rule_holds(like, step.rule).holds) << step.rule;
}

/// What is made when it is looked at is made layer by layer, and no analysis keeps all of it.
TEST(Analysis, of_what_is_made_again_one_layer_is_there_at_a_time) {
    const Trace kept =
        attention(3, 2, 2, {1, 0, .5f, .5f, 1, 0, .25f, .75f, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, .1f, .9f, 1, 0, .7f, .3f});
    const TraceTensor& of = kept.tensor("w");
    int made = 0;
    Trace lazy;
    TensorInfo info = of.info;
    for (AxisPtr& axis : info.axes) axis = lazy.add_axis(*axis);
    lazy.add(std::move(info), TraceValues(of.values.shape(), std::make_shared<int>(), [&](Index l) {
                 ++made;
                 return of.values.row(l).clone();
             }));
    const std::vector<std::string> all{"mean",    "max",     "layers_mean", "layers_max",
                                       "rollout", "entropy", "distance",    "without"};  // few tokens are compared at once
    const Trace ours = with_analyses(lazy, all), theirs = with_analyses(kept, all);
    ASSERT_EQ(ours.tensors().size(), theirs.tensors().size());
    for (const TraceTensor& tensor : theirs.tensors()) {
        const TraceTensor& other = ours.tensor(tensor.info.name);
        EXPECT_EQ(other.info.role, tensor.info.role);
        for (Index l = 0; l < tensor.values.shape()[0]; ++l)
            EXPECT_TRUE(std::ranges::equal(other.values.row(l).values(), tensor.values.row(l).values())) << tensor.info.name;
    }
    EXPECT_FALSE(ours.tensor("w.without").values.kept());
    EXPECT_EQ(ours.tensor("w.without").values.bytes(), 0u);
    const int before = made;
    for (Index l = 0; l < 3; ++l) lazy.tensor("w").values.row(l);
    EXPECT_GE(made - before, 3) << "an analysis had all layers put together";
    expect_every_rule_holds(ours);
}

TEST(Analysis, without_a_key_rows_are_renormalised) {
    Trace trace = attention(1, 1, 3, {1, 0, 0, 0.5f, 0.25f, 0.25f, 0.8f, 0.05f, 0.15f});
    const Trace first = with(trace, "without");
    expect_values(first, "w.without", {masked, 0, 0, masked, 0.5, 0.5, masked, 0.25, 0.75});
    expect_every_rule_holds(first);
    add_derived(trace, trace.tensor("w"), analysis("without").derive(trace, trace.tensor("w"), {2, 0, 0}));
    expect_values(trace, "w.without_2_of_0_0", {1, 0, masked, 2.0 / 3, 1.0 / 3, masked, 16.0 / 17, 1.0 / 17, masked});
    expect_every_rule_holds(trace);
    error_of(ErrorCode::invalid_input, [&] { analysis("without").derive(trace, trace.tensor("w"), {9}); });
}

TEST(Analysis, names_below_a_tensor_are_read_back) {
    const Trace trace = attention(1, 1, 1, {1});
    const auto name = derived_name(trace, "w.max_of_0_2.rollout");
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(name->source, "w");
    EXPECT_EQ(name->suffixes, (std::vector<std::string>{"max_of_0_2", "rollout"}));
    EXPECT_EQ(derivation_of("max_of_0_2")->analysis->id, "max");
    EXPECT_EQ(derivation_of("max_of_0_2")->numbers, (std::vector<Index>{0, 2}));
    EXPECT_EQ(derivation_of("without_3_of_1_0")->numbers, (std::vector<Index>{3, 1, 0}));
    EXPECT_EQ(suffix_of(analysis("without"), {3, 1, 0}), "without_3_of_1_0");
    EXPECT_EQ(derivation_of("residual")->analysis->id, "rollout");
    EXPECT_EQ(derived_name(trace, "v.rollout"), std::nullopt);
    EXPECT_EQ(derived_name(trace, "w.hat"), std::nullopt);
}

TEST(Analysis, lists_are_read_and_what_is_unknown_is_named) {
    EXPECT_EQ(analyses_from("rollout, entropy,rollout"), (std::vector<std::string>{"rollout", "entropy"}));
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [] { analyses_from("rolout"); }), "rollout, flow"));
}

RunRequest request_of(const std::string& exhibit, const std::vector<std::string>& ids) {
    RunRequest request;
    request.exhibit = exhibit;
    request.analyses = ids;
    return request;
}

/// The rollout in double, from the weights alone.
std::vector<double> rolled_out(const TraceTensor& weights) {
    const Shape& shape = weights.values.shape();
    const Index layers = shape[0], heads = shape[1], t = shape[2];
    std::vector<double> product(static_cast<std::size_t>(t * t));
    for (Index i = 0; i < t; ++i) product[static_cast<std::size_t>(i * t + i)] = 1;
    for (Index l = 0; l < layers; ++l) {
        std::vector<double> next(product.size());
        for (Index i = 0; i < t; ++i)
            for (Index k = 0; k < t; ++k) {
                double mixed = i == k ? 0.5 : 0;
                for (Index h = 0; h < heads; ++h)
                    mixed += 0.5 * static_cast<double>(weights.values.at({l, h, i, k})) / static_cast<double>(heads);
                for (Index j = 0; j < t; ++j)
                    next[static_cast<std::size_t>(i * t + j)] += mixed * product[static_cast<std::size_t>(k * t + j)];
            }
        product = next;
    }
    return product;
}

TEST(AnalysisOfRuns, rules_hold_and_rollout_is_that_of_the_weights) {
    RunRequest transformer = request_of("transformer", {"all"});
    transformer.params.set("gradients", true);
    for (const RunRequest& request : {transformer, request_of("induction", {"all"}), request_of("self-attention", {"all"})}) {
        const TracePtr trace = run(request);
        expect_every_rule_holds(*trace);
    }
    const TracePtr trace = run(transformer);
    const std::vector<double> wanted = rolled_out(trace->tensor("encoder.weights"));
    const Tensor<float>& rollout = trace->tensor("encoder.weights.rollout").values;
    const Tensor<float> last = rollout.row(rollout.shape()[0] - 1);
    for (Index i = 0; i < last.size(); ++i)
        EXPECT_NEAR(static_cast<double>(last.data()[i]), wanted[static_cast<std::size_t>(i)], 1e-5) << i;
    for (const char* name : {"encoder.weights.flow", "decoder.weights.entropy", "cross.weights.total_variation",
                             "encoder.weights.relevance", "cross.weights.gradient_attention"})
        EXPECT_NE(trace->find(name), nullptr) << name;
    EXPECT_EQ(trace->find("cross.weights.rollout"), nullptr);  // it reads other tokens
}

TEST(AnalysisOfRuns, rules_hold_where_a_hand_changed_the_weights) {
    RunRequest request = request_of("transformer", {"all"});
    request.interventions = {parse_intervention("encoder.weights[1,3]*=0"), parse_intervention("cross.weights[0,1]*=2")};
    expect_every_rule_holds(*run(request));
}

TEST(AnalysisOfRuns, what_says_nothing_of_a_run_is_refused) {
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { run(request_of("alignment", {"rollout"})); }),
                         "'rollout' applies to no tensor"));
    EXPECT_NO_THROW(run(request_of("channel", {"all"})));
}

TEST(AnalysisOfRuns, a_request_keeps_them) {
    const RunRequest request = request_of("transformer", {"rollout", "entropy"});
    EXPECT_EQ(request_from_json(to_json(request)).analyses, request.analyses);
    EXPECT_TRUE(contains(command_line(request), " --analyse rollout,entropy"));
    nlohmann::json json = to_json(request);
    json["analyse"] = {"hat"};
    error_of(ErrorCode::bad_format, [&] { request_from_json(json); });
}

}  // namespace
}  // namespace saccade::analysis_test
