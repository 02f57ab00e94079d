#include "model/transformer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "attention/mask.hpp"
#include "autograd/ops.hpp"
#include "model/beam.hpp"
#include "train/schedule.hpp"
#include "unit/core/testing.hpp"

namespace saccade::transformer_test {
namespace {

using test::contains;
using test::error_of;

constexpr float hidden = -std::numeric_limits<float>::infinity();

StackDesign small(const std::string& position = "sinusoidal", const std::string& norm = "pre") {
    return {.layers = 2, .heads = 2, .d_model = 8, .d_ff = 12, .norm = norm, .position = position};
}

TransformerDesign pair_of(const StackDesign& design) {
    TransformerDesign both{design, design};
    both.decoder.causal = both.decoder.cross = true;
    return both;
}

/// Weights large enough that positions and masks matter.
template <class T = float>
Transformer<T> model_of(const TransformerDesign& design, std::uint64_t seed = 5) {
    Rng rng(seed);
    WeightMap weights = initial_transformer_weights(design, 9, 7, {.longest = 12, .clip = 2}, rng);
    for (auto& [name, tensor] : weights)
        if (name.find("position") != std::string::npos)
            for (float& v : tensor.values()) v *= 30;
    return {Weights<T>(weights), design};
}

Tensor<float> vectors(Index n, std::uint64_t seed = 1) {
    Rng rng(seed);
    Tensor<float> x(Shape{1, n, 8});
    for (float& v : x.values()) v = static_cast<float>(rng.normal());
    return x;
}

template <class T>
double distance(const Tensor<T>& a, const Tensor<T>& b) {
    EXPECT_EQ(a.shape(), b.shape());
    double worst = 0;
    for (Index i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(static_cast<double>(a.data()[i] - b.data()[i])));
    return worst;
}

bool all_finite(const Tensor<float>& x) {
    return std::ranges::all_of(x.values(), [](float v) { return std::isfinite(v); });
}

/// Rows [1, T, d] of one position.
Tensor<float> row(const Var<float>& x, Index i) {
    return x.value().row(0).row(i);
}

TransformerStack<float> encoder_of(const StackDesign& design) {
    Rng rng(5);
    WeightMap weights;
    add_initial_stack_weights(weights, "stack", design, 0, {.longest = 12, .clip = 2}, rng);
    return {Weights<float>(weights), "stack", design};
}

std::vector<PositionFunction> every_code() {
    std::vector<PositionFunction> codes = position_codes();
    codes.insert(codes.end(), other_position_codes().begin(), other_position_codes().end());
    return codes;
}

TEST(Transformer, cached_steps_give_what_a_forced_pass_gives) {
    for (const PositionFunction& code : every_code())
        for (const char* norm : {"pre", "post"}) {
            SCOPED_TRACE(code.id + ", " + norm);
            const auto model = model_of<double>(pair_of(small(code.id, norm)));
            const Ids sources[] = {{2, 3, 4, 5, 6}, {7, 2, 8}};
            const auto encoded = model.encode(PaddedSources::from(sources));
            const Ids targets = {0, 3, 1, 4, 2, 2, 0, 5};
            const Var<double> forced = model.forced(encoded, targets, 4);
            auto state = model.initial_state(encoded);
            Ids previous = {model.start_id(), model.start_id()};
            for (Index i = 0; i < 4; ++i) {
                const Var<double> logits = model.step(previous, state);
                for (Index b = 0; b < 2; ++b)
                    EXPECT_LT(distance(logits.value().row(b), forced.value().row(b).row(i)), 1e-12) << "step " << i;
                previous = {targets[static_cast<std::size_t>(i)], targets[static_cast<std::size_t>(4 + i)]};
            }
        }
}

TEST(Transformer, a_copied_state_goes_on_from_its_prefix_and_leaves_the_other_alone) {
    const auto model = model_of<double>(pair_of(small()));
    const Ids source[] = {{2, 3, 4}};
    auto state = model.initial_state(model.encode(PaddedSources::from(source)));
    model.step(Ids{model.start_id()}, state);
    auto first = state, second = state;
    const auto a = model.step(Ids{1}, first).value().clone();
    model.step(Ids{2}, second);
    EXPECT_EQ(distance(a, model.step(Ids{1}, state).value()), 0);
    EXPECT_EQ(state.cache.length, 2);
    EXPECT_EQ(second.cache.self[1].length(), 2);
}

TEST(Transformer, padding_changes_nothing_for_the_shorter_source) {
    for (const PositionFunction& code : every_code()) {
        SCOPED_TRACE(code.id);
        const auto model = model_of<double>(pair_of(small(code.id)));
        const Ids both[] = {{2, 3, 4, 5, 6}, {7, 2, 8}}, alone[] = {{7, 2, 8}};
        const Ids targets = {1, 2, 3, 1, 2, 3}, last = {1, 2, 3};
        const auto padded = model.forced(model.encode(PaddedSources::from(both)), targets, 3);
        const auto single = model.forced(model.encode(PaddedSources::from(alone)), last, 3);
        EXPECT_LT(distance(padded.value().row(1), single.value().row(0)), 1e-12);
    }
}

TEST(Transformer, the_decoder_never_sees_what_follows) {
    const auto model = model_of(pair_of(small("shaw")));
    const Ids source[] = {{2, 3, 4, 5}};
    const auto encoded = model.encode(PaddedSources::from(source));
    const auto a = model.forced(encoded, Ids{1, 2, 3, 4}, 4), b = model.forced(encoded, Ids{1, 2, 0, 0}, 4);
    for (Index i = 0; i < 3; ++i) EXPECT_EQ(distance(row(a, i), row(b, i)), 0) << i;
    EXPECT_GT(distance(row(a, 3), row(b, 3)), 1e-4);
}

TEST(Transformer, radius_0_lets_each_token_see_itself_alone) {
    for (const PositionFunction& code : every_code()) {
        SCOPED_TRACE(code.id);
        const auto stack = encoder_of(small(code.id));
        StackCall<float> call;
        call.radius = 0;
        Tensor<float> x = vectors(5);
        const auto before = stack(Var<float>(x), call).value().clone();
        ASSERT_TRUE(all_finite(before));
        x.data()[8 * 2] += 1;  // token 2
        const auto after = stack(Var<float>(x), call);
        for (Index i = 0; i < 5; ++i) {
            const double moved = distance(row(after, i), before.row(0).row(i));
            if (i == 2)
                EXPECT_GT(moved, 1e-3);
            else
                EXPECT_EQ(moved, 0) << "token " << i;
        }
        call.radius = 1;
        const Tensor<float> wider = stack(Var<float>(x), call).value();
        EXPECT_GT(distance(wider, after.value()), 1e-3);
        call.radius = -3;  // no smaller than 0
        EXPECT_EQ(distance(stack(Var<float>(x), call).value(), after.value()), 0);
    }
}

TEST(Transformer, a_radius_of_r_carries_information_r_positions_a_layer) {
    const auto stack = encoder_of(small("none"));  // two layers
    StackCall<float> call;
    call.radius = 1;
    Tensor<float> x = vectors(7);
    const auto before = stack(Var<float>(x), call).value().clone();
    x.data()[0] += 1;
    const auto after = stack(Var<float>(x), call);
    for (Index i = 0; i < 7; ++i) {
        const double moved = distance(row(after, i), before.row(0).row(i));
        if (i <= 2)
            EXPECT_GT(moved, 0) << "token " << i;
        else
            EXPECT_EQ(moved, 0) << "token " << i;
    }
}

TEST(Transformer, a_token_that_may_look_at_nothing_gets_weights_of_0_and_no_nan) {
    for (const PositionFunction& code : every_code()) {
        SCOPED_TRACE(code.id);
        const auto stack = encoder_of(small(code.id));
        StackCall<float> call;
        call.mask = Tensor<float>(Shape{4, 4});
        for (Index j = 0; j < 4; ++j) call.mask.data()[4 + j] = hidden;  // row 1
        Tensor<float> x = vectors(4);
        const auto before = stack(stack.positioned(Var<float>(x), call), call).value().clone();
        ASSERT_TRUE(all_finite(before));
        x.data()[3 * 8] += 1;
        const auto after = stack(stack.positioned(Var<float>(x), call), call);
        EXPECT_EQ(distance(row(after, 1), before.row(0).row(1)), 0) << "the blind token sees no other";
        EXPECT_GT(distance(row(after, 0), before.row(0).row(0)), 1e-5);
    }
}

TEST(Transformer, a_whole_mask_of_minus_infinity_leaves_the_output_bias) {
    Rng rng(4);
    WeightMap weights;
    add_initial_stack_weights(weights, "stack", small("none"), 0, {}, rng);
    weights.at("stack.0.self.output.bias").data()[3] = 2;
    const MultiHeadAttention<float> attention(multi_head_projections(Weights<float>(weights), "stack.0.self", 8, true), 2);
    const auto out = attention(vectors(3), attention.keys_values(vectors(3)), Tensor<float>(Shape{3, 3}, hidden));
    for (const float w : out.weights.value().values()) EXPECT_EQ(w, 0);
    for (Index i = 0; i < 3; ++i)
        for (Index k = 0; k < 8; ++k) EXPECT_EQ(out.attended.value().at({0, i, k}), k == 3 ? 2 : 0);
}

TEST(Transformer, without_a_position_code_a_permuted_input_gives_a_permuted_output) {
    const std::vector<Index> order = {3, 0, 4, 1, 2};
    for (const PositionFunction& code : every_code()) {
        const auto stack = encoder_of(small(code.id));
        const Tensor<float> x = vectors(5);
        Tensor<float> y(x.shape());
        for (Index i = 0; i < 5; ++i) std::copy_n(x.data() + order[static_cast<std::size_t>(i)] * 8, 8, y.data() + i * 8);
        const auto of_x = stack(stack.positioned(x, {}), {}), of_y = stack(stack.positioned(y, {}), {});
        double worst = 0;
        for (Index i = 0; i < 5; ++i)
            worst = std::max(worst, distance(row(of_y, i), row(of_x, order[static_cast<std::size_t>(i)])));
        if (code.id == "none")
            EXPECT_LT(worst, 1e-5);
        else
            EXPECT_GT(worst, 1e-4) << code.id;
    }
}

TEST(Transformer, relative_codes_do_not_know_where_a_text_begins) {
    // Shifted keys and queries: the scores depend on the distance alone.
    for (const char* id : {"rotary", "alibi", "shaw"}) {
        SCOPED_TRACE(id);
        Rng rng(5);
        Tensor<double> table(Shape{5, 4});
        for (double& v : table.values()) v = rng.normal();
        const auto code = make_position_code<double>(position_code(id), {.d_model = 8, .heads = 2, .clip = 2},
                                                     [&](const std::string&) { return Var<double>(table); });
        const Tensor<double> q = vectors(4, 2).cast<double>().reshape({1, 2, 4, 4}),
                             k = vectors(4, 3).cast<double>().reshape({1, 2, 4, 4});
        const auto scores = [&](Index first) {
            const Var<double> products = matmul(code.turned(q, first), code.turned(k, first), true);
            // Terms are given for keys from position 0 on: those from `first` on are these.
            const Var<double> term = code.score_term(q, first, first + 4);
            return (term.empty() ? products : add(products, slice(term, 3, first, 4))).value();
        };
        EXPECT_LT(distance(scores(0), scores(11)), 1e-12);
    }
}

TEST(Transformer, errors_are_one_line) {
    StackDesign design = small();
    design.heads = 3;
    std::string line = error_of(ErrorCode::invalid_input, [&] { encoder_of(design); });
    EXPECT_TRUE(contains(line, "3 heads do not divide d_model = 8")) << line;
    design.heads = 0;
    error_of(ErrorCode::invalid_input, [&] { encoder_of(design); });
    design = small("learned");
    line = error_of(ErrorCode::invalid_input, [&] { encoder_of(design).positioned(vectors(13), {}); });
    EXPECT_TRUE(contains(line, "knows 12 positions, and 13 are needed")) << line;
    EXPECT_NO_THROW(encoder_of(design).positioned(vectors(12), {}));
    design = small("rotary");
    design.heads = 8;
    error_of(ErrorCode::invalid_input, [&] {
        const auto stack = encoder_of(design);
        stack(vectors(3), {});
    });
    design = small("elsewhere");
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { require_valid(design); }), "sinusoidal"));
    StackDesign decoder = small();
    decoder.cross = true;
    error_of(ErrorCode::invalid_input, [&] {
        const auto stack = encoder_of(decoder);
        stack(vectors(3), {});
    });
    std::stop_source stop;
    stop.request_stop();
    StackCall<float> call;
    call.stop = stop.get_token();
    error_of(ErrorCode::cancelled, [&] {
        const auto stack = encoder_of(small());
        stack(vectors(3), call);
    });
}

TEST(Transformer, a_card_tells_the_whole_design) {
    TransformerDesign design = pair_of({.layers = 3,
                                        .heads = 4,
                                        .d_model = 16,
                                        .d_ff = 0,
                                        .norm = "post",
                                        .activation = "gelu",
                                        .position = "alibi",
                                        .bias = false});
    nlohmann::json card;
    into_card(design, card);
    EXPECT_EQ(transformer_design_from_json(card, "a card"), design);
    card["decoder"]["heads"] = "many";
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { transformer_design_from_json(card, "a card"); }), "a card"));
    card["decoder"]["heads"] = 5;
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { transformer_design_from_json(card, "a card"); }), "divide"));
    card.erase("decoder");
    error_of(ErrorCode::bad_format, [&] { transformer_design_from_json(card, "a card"); });
}

TEST(Transformer, beam_of_width_1_is_greedy_and_a_wide_beam_is_no_worse) {
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
        const auto model = model_of<double>(pair_of(small()), seed);
        const Ids source[] = {{2, 3, 4, static_cast<Index>(seed)}};
        const auto encoded = model.encode(PaddedSources::from(source));
        const BeamSettings one{.width = 1, .length_penalty = 0, .max_steps = 6},
            wide{.width = 7, .length_penalty = 0, .max_steps = 6};
        const auto greedy = beam_search(model, encoded, one);
        EXPECT_EQ(greedy.hypotheses.front().ids, model.greedy(encoded, 6).front());
        const auto best = beam_search(model, encoded, wide).hypotheses.front();
        if (greedy.hypotheses.front().ids.back() == model.end_id()) {
            EXPECT_GE(best.log_probability, greedy.hypotheses.front().log_probability - 1e-12);
        }
        // Its log-probability is what a forced pass says.
        const auto steps = static_cast<Index>(best.ids.size());
        const Tensor<double> log_p = log_softmax(model.forced(encoded, best.ids, steps)).value();
        double total = 0;
        for (Index i = 0; i < steps; ++i) total += log_p.at({0, i, best.ids[static_cast<std::size_t>(i)]});
        EXPECT_NEAR(total, best.log_probability, 1e-10);
    }
}

TEST(Transformer, warm_up_and_inverse_square_root) {
    const InverseSquareRoot paper{.peak = 2, .warm_up = 100, .cool_down = 0};
    EXPECT_DOUBLE_EQ(paper.at(0, 1000), 0.02);
    EXPECT_DOUBLE_EQ(paper.at(99, 1000), 2);
    EXPECT_DOUBLE_EQ(paper.at(399, 1000), 1);
    const InverseSquareRoot cooled{.peak = 2, .warm_up = 100, .cool_down = 0.5};
    EXPECT_DOUBLE_EQ(cooled.at(399, 1000), 1);
    EXPECT_DOUBLE_EQ(cooled.at(499, 1000), paper.at(499, 1000));
    EXPECT_NEAR(cooled.at(750, 1000), paper.at(750, 1000) * 0.5, 1e-9);
    EXPECT_GT(cooled.at(999, 1000), 0);
    EXPECT_LT(cooled.at(999, 1000), 0.003);
}

}  // namespace
}  // namespace saccade::transformer_test
