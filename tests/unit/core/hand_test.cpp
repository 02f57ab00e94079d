#include "trace/hand.hpp"

#include <cmath>
#include <limits>

#include "probe_testing.hpp"
#include "run/command_line.hpp"
#include "testing.hpp"
#include "trace/probe.hpp"

namespace saccade::hand_test {
namespace {

using test::contains;
using test::error_of;
using test::show_whole;

constexpr float inf = std::numeric_limits<float>::infinity();

/// A trace as a transformer leaves it: 2 layers, 2 heads, 3 tokens, 2 output steps over 4 classes.
Trace small_trace(std::vector<Intervention> interventions = {}, float shift = 0) {
    Probe probe({}, std::move(interventions));
    probe.axis({"layer", AxisKind::layer, 2, {"1", "2"}, "l"});
    probe.axis({"head", AxisKind::head, 2, {}, "h"});
    probe.axis({"source", AxisKind::query, 3, {"火", "车", "点"}, "i"});
    probe.axis({"source.key", AxisKind::key, 3, {"火", "车", "点"}, "j"});
    probe.axis({"output", AxisKind::query, 2, {"the", "train"}, "t"});
    probe.axis({"class", AxisKind::class_, 4, {"the", "train", "plane", "."}, "c"});
    show_whole(probe, {"encoder.mask", Role::mask, "m", "", "", {"layer", "source", "source.key"}}, Tensor<float>({2, 3, 3}));
    show_whole(probe, {"encoder.weights", Role::weights, "α", "", "", {"layer", "head", "source", "source.key"}},
               Tensor<float>({2, 2, 3, 3}, 1.0f / 3));
    show_whole(probe, {"context", Role::context, "c", "", "", {"output", "class"}}, Tensor<float>({2, 4}, 1));
    show_whole(probe, {"probabilities", Role::probabilities, "p", "", "", {"output", "class"}},
               Tensor<float>::from({2, 4}, {0.7f, 0.1f, 0.1f, 0.1f, 0.05f, 0.91f - shift, 0.01f + shift, 0.03f}));
    return probe.finish();
}

std::string name(const char* spec, const Trace& trace) {
    return plain_text(name_of(parse_intervention(spec), &trace));
}

TEST(HandNames, interventions_are_said_in_words) {
    const Trace trace = small_trace({parse_intervention("encoder.weights[1,0,2,1]=0.2")});
    EXPECT_EQ(name("encoder.weights[1,0]*=0", trace), "ablate layer 2, head 1 (encoder.weights)");
    EXPECT_EQ(name("encoder.weights[1,0]*=0.5", trace), "layer 2, head 1 × 0.50 (encoder.weights)");
    EXPECT_EQ(name("encoder.weights[1,0,2,1]=0.2", trace), "α₃,₂ 0.33 → 0.20 · layer 2, head 1");
    EXPECT_EQ(name("encoder.mask[:,2,0]=-inf", trace), "hide “火” from “点” · all layers (encoder.mask)");
    EXPECT_EQ(name("encoder.mask[1,:,0]=0", trace), "show “火” to all · layer 2 (encoder.mask)");
    EXPECT_EQ(name("context[1]*=0", trace), "ablate “train” (context)");
    EXPECT_EQ(name("encoder.weights~=@runs/f.npz:w", trace), "all from f.npz:w (encoder.weights)");
    EXPECT_EQ(name("none[1]=2", trace), "none[1]=2") << "a tensor that this run has not";
    EXPECT_EQ(name("encoder.weights[9,9,9,9]=0.5", trace), "α₁₀,₁₀ → 0.50 · layer 10, head 10") << "beyond this run";
    Intervention frozen = parse_intervention("encoder.weights[0]~=@x");
    frozen.array_source.clear();
    EXPECT_EQ(plain_text(name_of(frozen, &trace)), "freeze layer 1 (encoder.weights)");
    frozen.origin = "B";
    EXPECT_EQ(plain_text(name_of(frozen, &trace)), "layer 1 as in B (encoder.weights)");
    EXPECT_EQ(plain_text(name_of(parse_intervention("w[1]*=0"), nullptr)), "w[1]*=0");
}

TEST(HandNames, the_cells_of_a_drawn_mask_are_one_thing) {
    const Trace trace = small_trace();
    std::vector<Intervention> list;
    for (const char* spec : {"encoder.weights[0,0]*=0", "encoder.mask[:,0,1]=-inf", "encoder.mask[:,0,2]=-inf",
                             "encoder.mask[:,1,2]=0", "encoder.weights[0,1]*=0"})
        list.push_back(parse_intervention(spec));
    const auto groups = groups_of(list, &trace);
    ASSERT_EQ(groups.size(), 3u);
    EXPECT_EQ(groups[1].first, 1u);
    EXPECT_EQ(groups[1].count, 3u);
    EXPECT_EQ(plain_text(name_of(list, groups[1], &trace)), "mask drawn: 2 hidden, 1 shown (encoder.mask)");
    EXPECT_EQ(groups_of(list, nullptr).size(), 5u);
}

TEST(HandBlocks, a_head_is_taken_where_there_are_heads_and_a_row_elsewhere) {
    const Trace trace = small_trace();
    const TraceTensor& weights = trace.tensor("encoder.weights");
    EXPECT_EQ(block_around(weights, {"encoder.weights", {1, 0, 2, 1}}).index, (std::vector<Index>{1, 0, -1, -1}));
    EXPECT_EQ(block_around(weights, {"encoder.weights", {1, -1, -1, -1}}).index, (std::vector<Index>{1, -1, -1, -1}));
    EXPECT_EQ(block_around(trace.tensor("context"), {"context", {1, 3}}).index, (std::vector<Index>{1, -1}));
    EXPECT_EQ(block_values(weights, {1, 0}).shape(), (Shape{3, 3}));
    EXPECT_EQ(block_values(trace.tensor("probabilities"), {-1, 1}).shape(), (Shape{2}));
    EXPECT_FLOAT_EQ(block_values(trace.tensor("probabilities"), {-1, 1}).data()[1], 0.91f);
    error_of(ErrorCode::out_of_range, [&] { block_values(weights, {5}); });
}

TEST(HandBlocks, a_cell_of_the_weights_knows_its_mask) {
    const Trace trace = small_trace();
    const TraceTensor& weights = trace.tensor("encoder.weights");
    const TraceTensor* mask = mask_of(trace, weights);
    ASSERT_NE(mask, nullptr);
    EXPECT_EQ(mask->info.name, "encoder.mask");
    const CellRef cell{"encoder.weights", {1, 0, 2, 1}};
    EXPECT_EQ(mask_cell(*mask, weights, cell, true).index, (std::vector<Index>{-1, 2, 1}));
    EXPECT_EQ(mask_cell(*mask, weights, cell, false).index, (std::vector<Index>{1, 2, 1}));
    EXPECT_EQ(mask_of(trace, *mask), mask);
    EXPECT_EQ(mask_of(trace, trace.tensor("context")), nullptr);
}

TEST(HandEffect, tells_the_probabilities_that_changed_most_at_a_step) {
    const Trace before = small_trace(), after = small_trace({}, 0.53f);
    const auto changes = probability_changes(before, after, "output", 1, 4);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].label, "train");
    EXPECT_FLOAT_EQ(changes[0].before, 0.91f);
    EXPECT_FLOAT_EQ(changes[0].after, 0.38f);
    EXPECT_EQ(changes[1].label, "plane");
    EXPECT_EQ(probability_changes(before, after, "output", 1, 1).size(), 1u);
    EXPECT_TRUE(probability_changes(before, after, "output", 0, 4).empty());
    EXPECT_TRUE(probability_changes(before, after, "output", 7, 4).empty());
    EXPECT_TRUE(probability_changes(before, after, "source", 0, 4).empty());
}

TEST(HandBlocks, of_a_gate_one_channel_is_taken_and_called_by_its_number) {
    Trace trace;
    const AxisPtr channel = trace.add_axis({"channel", AxisKind::channel, 3, {}, "c"});
    trace.add({"gate", Role::gate, "s", "Gate", "", {channel}}, Tensor<float>({3}));
    EXPECT_EQ(block_around(trace.tensor("gate"), {"gate", {2}}).index, (std::vector<Index>{2}));
    EXPECT_EQ(plain_text(name_of(parse_intervention("gate[2]=0.5"), &trace)), "gate 3: → 0.50");
}

TEST(HandEffect, a_run_without_steps_has_one_row_of_classes) {
    const auto classified = [](float ship) {
        Trace trace;
        const AxisPtr classes = trace.add_axis({"class", AxisKind::class_, 3, {"airplane", "ship", "truck"}, "c"});
        Tensor<float> p({3});
        p.data()[0] = 0.9f - ship;
        p.data()[1] = ship;
        p.data()[2] = 0.1f;
        trace.add({"probabilities", Role::probabilities, "p", "Probabilities", "", {classes}}, std::move(p));
        return trace;
    };
    const auto changes = probability_changes(classified(0.8f), classified(0.5f), "", -1, 4);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].label, "airplane");
    EXPECT_EQ(changes[1].label, "ship");
    EXPECT_FLOAT_EQ(changes[1].after, 0.5f);
}

TEST(CommandLine, is_what_a_shell_runs_again) {
    RunRequest request;
    request.exhibit = "alignment";
    request.params.set("source", std::string("it's 5 May"));
    request.params.set("temperature", 1.0);
    request.seed = 8;
    request.interventions = {parse_intervention("weights[2,:]*=0"), parse_intervention("context=1")};
    request.interventions[1].enabled = false;
    EXPECT_EQ(command_line(request),
              "saccade run alignment '--source=it'\\''s 5 May' --seed 8 --intervene 'weights[2,:]*=0' --save run.npz");
    request.interventions[0].kind = Intervention::Kind::freeze;
    request.interventions[0].array = Tensor<float>({1, 40000});
    EXPECT_TRUE(contains(error_of(ErrorCode::unsupported, [&] { command_line(request); }), "save the session"));
}

TEST(HandNames, infinite_masks_print) {
    EXPECT_EQ(to_string(parse_intervention("m=-inf")), "m=-inf");
    EXPECT_EQ(parse_intervention("m=-inf").value, -inf);
}

}  // namespace
}  // namespace saccade::hand_test
