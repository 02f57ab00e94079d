#include "trace/intervention.hpp"

#include <cmath>
#include <limits>

#include "probe_testing.hpp"
#include "testing.hpp"
#include "trace/probe.hpp"

namespace saccade::intervention_test {
namespace {

using test::contains;
using test::error_of;
using test::show_row;
using test::show_whole;

constexpr float inf = std::numeric_limits<float>::infinity();

// As a transformer shows them: layer by layer, several rows of weights in one call, the mask without an axis for the heads.
const ProbeSite weights_site{"encoder.weights", Role::weights, "α", "", "", {"layer", "head", "source", "source.key"}};
const ProbeSite mask_site{"encoder.mask", Role::mask, "M", "", "", {"layer", "source", "source.key"}};
const ProbeSite context_site{"encoder.context", Role::context, "z", "", "", {"layer", "head", "source", "unit"}};

std::vector<Intervention> specs(std::initializer_list<const char*> texts) {
    std::vector<Intervention> result;
    for (const char* text : texts) result.push_back(parse_intervention(text));
    return result;
}

Intervention with_array(const char* spec, Tensor<float> array) {
    Intervention intervention = parse_intervention(spec);
    intervention.array = std::move(array);
    return intervention;
}

/// Weights [heads, n, n] of a layer: row i of head h looks at key (i + h) % n with 0.6, at the others evenly.
Tensor<float> pattern(Index heads, Index n) {
    Tensor<float> result({heads, n, n}, 0.4f / static_cast<float>(n - 1));
    for (Index h = 0; h < heads; ++h)
        for (Index i = 0; i < n; ++i) result.data()[(h * n + i) * n + (i + h) % n] = 0.6f;
    return result;
}

float sum_of(const Tensor<float>& weights, Index row) {
    const Index n = weights.shape()[-1];
    float sum = 0;
    for (Index j = 0; j < n; ++j) sum += weights.data()[row * n + j];
    return sum;
}

void declare_axes(Probe& probe, Index layers, Index heads, Index n) {
    std::vector<std::string> labels;
    for (Index i = 0; i < n; ++i) labels.push_back(std::string(1, static_cast<char>('a' + i)));
    probe.axis({"layer", AxisKind::layer, layers, {}, "l"});
    probe.axis({"head", AxisKind::head, heads, {}, "h"});
    probe.axis({"source", AxisKind::query, n, labels, "i"});
    probe.axis({"source.key", AxisKind::key, n, labels, "j"});
    probe.axis({"unit", AxisKind::feature, 2, {}, "k"});
}

TEST(Hand, a_head_is_ablated_or_scaled_in_a_tensor_shown_layer_by_layer) {
    Probe probe({}, specs({"encoder.weights[1,0]*=0", "encoder.weights[:,1,2]*=0.5"}));
    const Tensor<float> first = show_row(probe, weights_site, 0, pattern(2, 3));
    const Tensor<float> second = show_row(probe, weights_site, 1, pattern(2, 3));
    for (Index row = 0; row < 3; ++row) {
        EXPECT_FLOAT_EQ(sum_of(first, row), 1);
        EXPECT_FLOAT_EQ(sum_of(second, row), 0);
    }
    for (const Tensor<float>* layer : {&first, &second}) {
        EXPECT_FLOAT_EQ(sum_of(*layer, 3), 1);
        EXPECT_FLOAT_EQ(sum_of(*layer, 5), 0.5f);
    }
    declare_axes(probe, 2, 2, 3);
    const Trace trace = probe.finish();
    EXPECT_FLOAT_EQ(trace.tensor("encoder.weights").before.at({1, 0, 0, 0}), 0.6f);
    // That rows no longer sum to 1 is said; what a hand has set to 0 is not masked.
    ASSERT_EQ(trace.notes().size(), 1u);
    EXPECT_NE(trace.notes()[0].text.find("rows sum to 0 to 0.5"), std::string::npos) << trace.notes()[0].text;
}

TEST(Hand, every_form_of_index_selects_the_same_cells_whole_or_layer_by_layer) {
    for (const char* spec :
         {"encoder.context*=0", "encoder.context[1]*=0", "encoder.context[:,1]*=0", "encoder.context[1,:,2]*=0",
          "encoder.context[:,:,0,1]*=0", "encoder.context[0,1,2,1]*=0", "encoder.context[:,:,:,1]*=0"}) {
        SCOPED_TRACE(spec);
        Tensor<float> values({2, 2, 3, 2});
        for (Index i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i + 1);
        Probe whole({}, specs({spec})), rows({}, specs({spec}));
        const Tensor<float> expected = show_whole(whole, context_site, values);
        int zeros = 0;
        for (Index l = 0; l < 2; ++l) {
            const Tensor<float> layer = show_row(rows, context_site, l, values.row(l));
            for (Index i = 0; i < layer.size(); ++i) {
                EXPECT_EQ(layer.data()[i], expected.row(l).data()[i]);
                zeros += layer.data()[i] == 0 ? 1 : 0;
            }
        }
        EXPECT_GT(zeros, 0);
    }
}

TEST(Hand, a_mask_is_drawn_for_all_layers_and_set_weights_spread_over_what_it_leaves) {
    Probe probe({}, specs({"encoder.mask[:,0,2]=-inf", "encoder.mask[1,0,2]=0", "encoder.weights[:,:,0,0]=0"}));
    for (Index l = 0; l < 2; ++l) {
        const Tensor<float> mask = show_row(probe, mask_site, l, Tensor<float>({3, 3}));
        EXPECT_EQ(mask.at({0, 2}), l == 0 ? -inf : 0);
        EXPECT_EQ(mask.at({1, 2}), 0);
        Tensor<float> weights({2, 3, 3});
        for (Index row = 0; row < 6; ++row) weights.data()[3 * row] = 1;
        weights = show_row(probe, weights_site, l, weights);
        for (Index h = 0; h < 2; ++h) {
            EXPECT_FLOAT_EQ(weights.at({h, 0, 1}), l == 0 ? 1.0f : 0.5f) << "the mask has no axis for heads";
            EXPECT_FLOAT_EQ(weights.at({h, 0, 2}), l == 0 ? 0.0f : 0.5f);
        }
    }
}

TEST(Hand, only_masks_take_minus_infinity_and_nothing_else) {
    const auto line = [](const char* spec) {
        return error_of(ErrorCode::invalid_input, [&] {
            Probe probe({}, specs({spec}));
            show_row(probe, mask_site, 0, Tensor<float>({2, 2}));
            show_row(probe, weights_site, 0, Tensor<float>({1, 2, 2}, 0.5f));
            show_row(probe, context_site, 0, Tensor<float>({1, 2, 2}));
        });
    };
    EXPECT_TRUE(contains(line("encoder.mask[:,0,0]=-1"), "0 (visible) and -inf (hidden)"));
    EXPECT_TRUE(contains(line("encoder.context=-inf"), "only a mask takes -inf"));
    EXPECT_FALSE(contains(line("encoder.context=-inf"), "decoder")) << "a hint names no tensor that may not be there";
    EXPECT_TRUE(contains(line("encoder.weights[0,0,0,0]=-inf"), "between 0 and 1"));
    Intervention infinite = with_array("encoder.context[0,0]=@f.npz:c", Tensor<float>({2, 2}, inf));
    error_of(ErrorCode::invalid_input, [&] {
        Probe probe({}, {infinite});
        show_row(probe, context_site, 0, Tensor<float>({1, 2, 2}));
    });
}

TEST(Hand, a_token_that_may_attend_to_nothing_is_noted) {
    Probe probe({}, specs({"encoder.mask[:,1,:]=-inf"}));
    Tensor<float> weights = Tensor<float>::from({1, 2, 2}, {0.5f, 0.5f, 0, 0});  // as a softmax leaves a row that is all masked
    show_row(probe, mask_site, 0, Tensor<float>({2, 2}));
    show_row(probe, weights_site, 0, weights);
    declare_axes(probe, 1, 1, 2);
    const Trace trace = probe.finish();
    ASSERT_EQ(trace.notes().size(), 1u);
    EXPECT_EQ(trace.notes()[0].text, "encoder.weights: token 2 (“b”) may attend to nothing: its context is 0");
}

/// What the note says of rows that a hand left without the sum 1: "sums: why".
std::string said_of_rows(std::initializer_list<const char*> hands) {
    Probe probe({}, specs(hands));
    show_row(probe, weights_site, 0, pattern(1, 3));
    declare_axes(probe, 1, 1, 3);
    const Trace trace = probe.finish();
    for (const Note& note : trace.notes())
        if (contains(note.text, "by hand")) return note.text + ": " + note.hint;
    return {};
}

TEST(Hand, rows_that_a_hand_took_off_their_sum_are_described_as_they_are) {
    const std::string five = said_of_rows({"encoder.weights*=5"});
    EXPECT_TRUE(contains(five, "rows sum to 5, weights up to 3: ")) << five;
    EXPECT_FALSE(contains(five, "= sets every weight")) << five;
    EXPECT_TRUE(contains(said_of_rows({"encoder.weights[:,:,0]*=5", "encoder.weights[:,:,1]*=2"}), "rows sum to 2 to 5"));
    const std::string nothing = said_of_rows({"encoder.weights=0"});
    EXPECT_TRUE(contains(nothing, "rows sum to 0: ")) << nothing;
    EXPECT_TRUE(contains(nothing, "none is left to take the 1")) << nothing;
    EXPECT_FALSE(contains(nothing, "*=")) << nothing;
    const std::string ablated = said_of_rows({"encoder.weights[0,0]*=0"});
    EXPECT_TRUE(contains(ablated, "ablated by hand") && contains(ablated, "sum to 0")) << ablated;
    EXPECT_FALSE(contains(ablated, "changed by hand") || contains(ablated, "*=")) << ablated;
    const std::string negative = said_of_rows({"encoder.weights*=-1"});
    EXPECT_TRUE(contains(negative, "rows sum to -1, weights down to -0.6: ")) << negative;
    EXPECT_EQ(said_of_rows({"encoder.weights[0,0,0,1]=0.9"}), "");
    EXPECT_EQ(said_of_rows({"encoder.weights*=1"}), "");
}

// --- freeze ---

Tensor<float> frozen(Index n, Tensor<float> array, const Tensor<float>& mask = {}, std::vector<Note>* notes = nullptr) {
    Probe probe({}, {with_array("encoder.weights~=@f.npz:w", std::move(array))});
    if (!mask.empty()) show_row(probe, mask_site, 0, mask);
    Tensor<float> result = show_row(probe, weights_site, 0, pattern(1, n));
    declare_axes(probe, 1, 1, n);
    const Trace trace = probe.finish();
    if (notes != nullptr) *notes = trace.notes();
    return result;
}

TEST(Freeze, on_the_same_text_gives_the_pattern_bit_for_bit) {
    Tensor<float> kept = pattern(1, 3).clone();
    kept.data()[0] = 0.6000001f;  // a softmax sums to 1 up to rounding only
    std::vector<Note> notes;
    const Tensor<float> result = frozen(3, kept.reshape({1, 1, 3, 3}), {}, &notes);
    for (Index i = 0; i < 9; ++i) EXPECT_EQ(result.data()[i], kept.data()[i]);
    EXPECT_TRUE(notes.empty());
}

TEST(Freeze, follows_a_text_that_grew_or_shrank) {
    const Tensor<float> kept = Tensor<float>::from({1, 1, 2, 2}, {0.25f, 0.75f, 1, 0});
    std::vector<Note> notes;
    const Tensor<float> grown = frozen(3, kept, {}, &notes);
    // The third key keeps what was computed (0.2), and the row is brought back to 1.
    EXPECT_NEAR(grown.at({0, 0, 0}), 0.25 / 1.2, 1e-6);
    EXPECT_NEAR(grown.at({0, 0, 2}), 0.2 / 1.2, 1e-6);
    EXPECT_FLOAT_EQ(grown.at({0, 2, 2}), 0.6f) << "no counterpart";
    for (Index row = 0; row < 3; ++row) EXPECT_NEAR(sum_of(grown, row), 1, 1e-6);
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_TRUE(contains(notes[0].text, "2 of 3 rows are frozen, 2 of them rescaled")) << notes[0].text;
    EXPECT_TRUE(contains(notes[0].hint, "without a counterpart"));

    const Tensor<float> wide = Tensor<float>::from({1, 1, 3, 3}, {0.2f, 0.3f, 0.5f, 0, 0, 1, 1, 0, 0});
    const Tensor<float> shrunk = frozen(2, wide);
    EXPECT_NEAR(shrunk.at({0, 0, 0}), 0.4, 1e-6);
    EXPECT_NEAR(shrunk.at({0, 0, 1}), 0.6, 1e-6);
    EXPECT_FLOAT_EQ(shrunk.at({0, 1, 0}), pattern(1, 2).at({0, 1, 0})) << "nothing of the frozen row is left: as computed";
}

TEST(Freeze, gives_nothing_to_what_is_hidden) {
    const Tensor<float> kept = Tensor<float>::from({1, 1, 2, 2}, {0.25f, 0.75f, 0.5f, 0.5f});
    const Tensor<float> result = frozen(2, kept, Tensor<float>::from({2, 2}, {0, -inf, -inf, -inf}));
    EXPECT_FLOAT_EQ(result.at({0, 0, 0}), 1);
    EXPECT_FLOAT_EQ(result.at({0, 0, 1}), 0);
    EXPECT_FLOAT_EQ(sum_of(result, 1), 0) << "a row that is all masked stays 0";
}

TEST(Freeze, takes_a_head_or_other_roles_without_rescaling) {
    Probe head({}, {with_array("encoder.weights[0,1]~=@f.npz:w", Tensor<float>::from({2, 2}, {1, 0, 0, 1}))});
    const Tensor<float> weights = show_row(head, weights_site, 0, pattern(2, 2));
    EXPECT_FLOAT_EQ(weights.at({0, 0, 0}), 0.6f);
    EXPECT_FLOAT_EQ(weights.at({1, 0, 0}), 1);
    Probe other({}, {with_array("encoder.context~=@f.npz:c", Tensor<float>({1, 1, 1, 2}, 9))});
    const Tensor<float> context = show_row(other, context_site, 0, Tensor<float>({2, 2, 2}, 1));
    EXPECT_FLOAT_EQ(context.at({0, 0, 1}), 9);
    EXPECT_FLOAT_EQ(context.at({0, 1, 0}), 1);
    EXPECT_FLOAT_EQ(context.at({1, 0, 0}), 1);
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] {
                                      Probe wrong({}, {with_array("encoder.weights[0,1]~=@f.npz:w", Tensor<float>({2}))});
                                      show_row(wrong, weights_site, 0, pattern(2, 2));
                                  }),
                         "shape [2]"));
}

// --- a decoder that runs over growing prefixes ---

TEST(Scratch, changes_the_same_cells_at_any_extent_and_records_nothing) {
    const Tensor<float> array = Tensor<float>::from({1, 1, 3, 3}, {1, 0, 0, 0.5f, 0.5f, 0, 0.2f, 0.3f, 0.5f});
    for (const char* spec : {"encoder.weights[:,:,1,0]=0.1", "encoder.weights=@f.npz:w", "encoder.weights~=@f.npz:w"}) {
        SCOPED_TRACE(spec);
        const Intervention hand = with_array(spec, contains(spec, "@") ? array : Tensor<float>());
        Probe probe({}, {hand});
        Probe scratch = probe.scratch();
        EXPECT_TRUE(scratch.intervening());
        const Tensor<float> whole = show_row(probe, weights_site, 0, pattern(1, 3));
        for (Index n = 2; n <= 3; ++n) {
            // Causal weights over the prefix: here those of the whole, cut.
            Tensor<float> prefix({1, n, n});
            for (Index i = 0; i < n; ++i)
                for (Index j = 0; j < n; ++j) prefix.data()[i * n + j] = pattern(1, 3).at({0, i, j});
            const Tensor<float> shown = show_row(scratch, weights_site, 0, prefix);
            EXPECT_EQ(shown.shape(), (Shape{1, n, n}));
            if (n == 3) {
                for (Index i = 0; i < 9; ++i) EXPECT_FLOAT_EQ(shown.data()[i], whole.data()[i]);
            }
            if (hand.takes_array()) {
                EXPECT_FLOAT_EQ(shown.at({0, 1, 1}), 0.5f);
            }
        }
        scratch.note({"", "gone", ""});
        scratch.axis({"layer", AxisKind::layer, 1, {}, "l"});
        show_row(scratch, {"gone", Role::state, "g", "", "", {"unit"}}, -1, Tensor<float>({2}), {},
                 {{"decoder.W", "W", {"unit"}, Tensor<float>({2})}});
        const Trace nothing = scratch.finish();
        EXPECT_TRUE(nothing.tensors().empty());
    }
}

// --- specs ---

TEST(Spec, masks_and_arrays_go_both_ways) {
    for (const char* text : {"encoder.mask[:,3,5]=-inf", "encoder.weights~=@f.npz:encoder.weights",
                             "decoder.context[1,2]=@run.npz:decoder.context[1,2]", "encoder.weights[2,1]*=0"}) {
        EXPECT_EQ(to_string(parse_intervention(text)), text);
        EXPECT_EQ(brief(parse_intervention(text)), text);
    }
    // A path that would lose its quotes or blanks when it is read again keeps them in more of them.
    for (const char* path : {"'s'.npy", "''", "'s=@'", " a.npy ", "\"a\".npy", "it's.npy"}) {
        Intervention read = parse_intervention("w=@a.npy");
        read.array_source = path;
        EXPECT_EQ(parse_intervention(to_string(read)).array_source, path) << to_string(read);
    }
    EXPECT_EQ(parse_intervention("w~=@ data:0x3:").array.shape(), (Shape{0, 3})) << "data, whatever blanks are before it";
    Intervention hand = with_array("w[2]~=@f.npz:w", Tensor<float>::from({2, 3}, {0.1f, -1e-20f, 3, -inf, 5, 1e30f}));
    hand.array_source.clear();
    const std::string spec = to_string(hand);
    EXPECT_TRUE(contains(spec, "w[2]~=@data:2x3:")) << spec;
    EXPECT_EQ(parse_intervention(spec, "/home/me"), hand);
    EXPECT_EQ(brief(hand), "w[2]~=@(2x3)");
}

TEST(Spec, an_index_after_the_name_is_a_block_of_the_file_s_array) {
    EXPECT_EQ(split_array_source("a/run.npz:decoder.context[1,:,2]").array, "a/run.npz:decoder.context");
    EXPECT_EQ(split_array_source("a/run.npz:decoder.context[1,:,2]").index, (std::vector<Index>{1, -1, 2}));
    EXPECT_EQ(split_array_source("f.npy[3]").index, (std::vector<Index>{3}));
    EXPECT_EQ(split_array_source("runs[1]/f.npz:w").array, "runs[1]/f.npz:w");
    EXPECT_TRUE(split_array_source("runs[1]/f.npz:w").index.empty());
    error_of(ErrorCode::usage, [] { split_array_source("f.npz:w[1,x]"); });
}

TEST(Spec, what_is_not_finite_or_not_an_array_is_answered_in_a_line) {
    const auto line = [](const std::string& spec) { return error_of(ErrorCode::usage, [&] { parse_intervention(spec); }); };
    EXPECT_TRUE(contains(line("w=inf"), "finite"));
    EXPECT_TRUE(contains(line("w=1e30"), "at most 1e9"));
    EXPECT_TRUE(contains(line("w*=1e308"), "at most 1e9"));
    EXPECT_TRUE(contains(line("w[99999999999999999999]=1"), "an index is too large"));
    EXPECT_TRUE(contains(line("w*=-inf"), "finite"));
    EXPECT_TRUE(contains(line("w~=1"), "'~=@'"));
    EXPECT_TRUE(contains(line("w=@data:2:AAAA"), "does not fit"));
    EXPECT_TRUE(contains(line("w=@data:2x:AAAAAAAAAAA="), "extents"));
    EXPECT_TRUE(contains(line("w=@data:-2:AAAA"), "extents"));
    EXPECT_TRUE(contains(line("w=@data:1:*AAA"), "base64"));
    EXPECT_TRUE(contains(line("w=@data:AAAA"), "data:2x3"));
    EXPECT_LT(line("w=@data:1:" + std::string(5000, '*')).size(), 500u);
}

}  // namespace
}  // namespace saccade::intervention_test
