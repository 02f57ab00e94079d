#include "trace/probe.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "probe_testing.hpp"
#include "testing.hpp"

namespace saccade::probe_test {
namespace {

using test::contains;
using test::error_of;
using test::show_row;
using test::show_whole;

constexpr float inf = std::numeric_limits<float>::infinity();

const ProbeSite weights_site{"weights", Role::weights, "α", "", "", {"output", "source"}};
const ProbeSite scores_site{"scores", Role::scores, "e", "", "", {"output", "source"}};
const ProbeSite context_site{"context", Role::context, "c", "", "", {"output", "feature"}};

std::vector<Intervention> specs(std::initializer_list<const char*> texts) {
    std::vector<Intervention> result;
    for (const char* text : texts) result.push_back(parse_intervention(text));
    return result;
}

std::vector<float> values_of(const Tensor<float>& tensor) {
    return {tensor.values().begin(), tensor.values().end()};
}

void expect_near(const Tensor<float>& tensor, std::vector<float> expected) {
    ASSERT_EQ(tensor.size(), static_cast<Index>(expected.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(tensor.values()[i], expected[i], 1e-6) << "cell " << i;
}

/// One row of weights under interventions, optionally after scores that mask some cells.
Tensor<float> edited_row(std::initializer_list<const char*> texts, std::vector<float> row, std::vector<float> scores = {}) {
    Probe probe({}, specs(texts));
    const Shape shape{static_cast<Index>(row.size())};
    if (!scores.empty()) show_row(probe, scores_site, 0, Tensor<float>::from(shape, scores));
    return show_row(probe, weights_site, 0, Tensor<float>::from(shape, row));
}

TEST(Probe, without_interventions_the_model_goes_on_with_the_same_storage) {
    Probe probe({}, {});
    const Tensor<float> row = Tensor<float>::from({3}, {1, 2, 3});
    EXPECT_EQ(show_row(probe, weights_site, 0, row).data(), row.data());
    const Var<float> shown = Observer()("weights", Var<float>(row), [] { return Shown{}; });
    EXPECT_EQ(shown.value().data(), row.data());
}

TEST(Probe, set_renormalises_the_row_of_weights) {
    expect_near(edited_row({"weights[0,1]=0.5"}, {0.1f, 0.2f, 0.3f, 0.4f}), {0.0625f, 0.5f, 0.1875f, 0.25f});
    expect_near(edited_row({"weights[0,1]=1"}, {0.1f, 0.2f, 0.3f, 0.4f}), {0, 1, 0, 0});
    expect_near(edited_row({"weights[0,1]=0"}, {0.1f, 0.2f, 0.3f, 0.4f}), {0.125f, 0, 0.375f, 0.5f});
}

TEST(Probe, where_nothing_is_left_to_rescale_the_rest_is_spread_evenly_over_unmasked_cells) {
    expect_near(edited_row({"weights[0,0]=0.4"}, {1, 0, 0, 0}), {0.4f, 0.2f, 0.2f, 0.2f});
    expect_near(edited_row({"weights[0,0]=0.4"}, {1, 0, 0, 0}, {3, -200, -inf, -200}), {0.4f, 0.3f, 0, 0.3f});
}

TEST(Probe, later_edits_keep_earlier_ones_while_the_row_can_sum_to_one) {
    expect_near(edited_row({"weights[0,0]=0.5", "weights[0,1]=0.3"}, {0.25f, 0.25f, 0.25f, 0.25f}), {0.5f, 0.3f, 0.1f, 0.1f});
    // 0.5 and 0.8 cannot stand together: the later one does, the earlier gives way, all else is 0.
    expect_near(edited_row({"weights[0,0]=0.5", "weights[0,1]=0.8"}, {0.25f, 0.25f, 0.25f, 0.25f}), {0.2f, 0.8f, 0, 0});
    // Every cell set: the earlier ones take the rest in proportion.
    expect_near(edited_row({"weights[0,0]=0.2", "weights[0,1]=0.2", "weights[0,2]=0.4"}, {0.3f, 0.3f, 0.4f}),
                {0.3f, 0.3f, 0.4f});
    // The same cell twice: the last word counts.
    expect_near(edited_row({"weights[0,0]=0.9", "weights[0,0]=0.2"}, {0.2f, 0.4f, 0.4f}), {0.2f, 0.4f, 0.4f});
}

TEST(Probe, a_whole_row_set_is_normalised_and_set_to_zero_reads_nothing) {
    expect_near(edited_row({"weights[0,:]=0.9"}, {0.1f, 0.2f, 0.3f, 0.4f}), {0.25f, 0.25f, 0.25f, 0.25f});
    expect_near(edited_row({"weights[0,:]=0"}, {0.1f, 0.2f, 0.3f, 0.4f}), {0, 0, 0, 0});
}

TEST(Probe, an_edited_row_sums_to_one_whatever_the_values) {
    for (int cell = 0; cell < 5; ++cell) {
        for (const float value : {0.0f, 1e-7f, 0.1f, 0.77f, 0.999999f, 1.0f}) {
            Intervention set = parse_intervention("weights[0,0]=0");
            set.index[1] = cell;
            set.value = value;
            Probe probe({}, {set});
            const Tensor<float> row =
                show_row(probe, weights_site, 0, Tensor<float>::from({5}, {1e-20f, 0.5f, 0.5f, 0, 1e-9f}));
            EXPECT_FLOAT_EQ(row.data()[cell], value);
            EXPECT_NEAR(std::accumulate(row.values().begin(), row.values().end(), 0.0), 1.0, 1e-6);
        }
    }
}

TEST(Probe, set_leaves_the_caller_s_tensor_alone_and_the_trace_remembers_both) {
    Probe probe({}, specs({"weights[1,0]=0.5"}));
    const Tensor<float> first = Tensor<float>::from({2}, {0.25f, 0.75f});
    const Tensor<float> second = Tensor<float>::from({2}, {0.25f, 0.75f});
    EXPECT_EQ(show_row(probe, weights_site, 0, first).data(), first.data());
    expect_near(show_row(probe, weights_site, 1, second), {0.5f, 0.5f});
    expect_near(second, {0.25f, 0.75f});
    probe.axis({"output", AxisKind::query, 2, {}, "i"});
    probe.axis({"source", AxisKind::key, 2, {}, "j"});
    const Trace trace = probe.finish();
    const TraceTensor& weights = trace.tensor("weights");
    expect_near(weights.values, {0.25f, 0.75f, 0.5f, 0.5f});
    expect_near(weights.before, {0.25f, 0.75f, 0.25f, 0.75f});
    EXPECT_FALSE(weights.edited(0));
    EXPECT_TRUE(weights.edited(2));
}

TEST(Probe, other_roles_are_set_scaled_and_zeroed_without_renormalising) {
    Probe probe({}, specs({"context[:,0]=0", "context[1,:]*=0.5", "context[0,1]=7"}));
    expect_near(show_row(probe, context_site, 0, Tensor<float>::from({2}, {1, 2})), {0, 7});
    expect_near(show_row(probe, context_site, 1, Tensor<float>::from({2}, {3, 4})), {0, 2});
    Probe whole({}, specs({"context*=2", "context[2]=1"}));
    expect_near(show_whole(whole, context_site, Tensor<float>::from({3, 2}, {1, 2, 3, 4, 5, 6})), {2, 4, 6, 8, 1, 1});
}

TEST(Probe, scaling_keeps_masked_scores_masked) {
    Probe probe({}, specs({"scores*=0"}));
    EXPECT_EQ(values_of(show_row(probe, scores_site, 0, Tensor<float>::from({2}, {3, -inf}))), (std::vector<float>{0, -inf}));
}

Intervention replacement(const char* spec, Tensor<float> array) {
    Intervention intervention = parse_intervention(spec);
    intervention.array = std::move(array);
    return intervention;
}

TEST(Probe, replace_takes_the_array_cell_by_cell) {
    Probe whole({}, {replacement("weights[:,1]=@f.npz:w", Tensor<float>::from({2}, {0.8f, 0.9f}))});
    expect_near(show_whole(whole, weights_site, Tensor<float>::from({2, 3}, {1, 2, 3, 4, 5, 6})), {1, 0.8f, 3, 4, 0.9f, 6});
    Probe rows({}, {replacement("weights=@f.npz:w", Tensor<float>::from({2, 2}, {1, 0, 0, 1}))});
    expect_near(show_row(rows, weights_site, 0, Tensor<float>::from({2}, {0.5f, 0.5f})), {1, 0});
    expect_near(show_row(rows, weights_site, 1, Tensor<float>::from({2}, {0.5f, 0.5f})), {0, 1});
    // A run that goes on longer than the array: noted, not hidden.
    expect_near(show_row(rows, weights_site, 2, Tensor<float>::from({2}, {0.5f, 0.5f})), {0.5f, 0.5f});
    rows.axis({"output", AxisKind::query, 3, {}, "i"});
    rows.axis({"source", AxisKind::key, 2, {}, "j"});
    const Trace trace = rows.finish();
    ASSERT_EQ(trace.notes().size(), 1u);
    EXPECT_TRUE(contains(trace.notes()[0].text, "2 rows, this run has 3"));
}

TEST(Probe, replace_refuses_another_shape_and_nan) {
    const auto run = [](const char* spec, Tensor<float> array) {
        return error_of(ErrorCode::invalid_input, [&] {
            Probe probe({}, {replacement(spec, std::move(array))});
            show_row(probe, weights_site, 0, Tensor<float>({2}));
        });
    };
    EXPECT_TRUE(contains(run("weights[0,:]=@f.npz:w", Tensor<float>({3})), "shape [3], the cells have shape [2]"));
    EXPECT_TRUE(contains(run("weights=@f.npz:w", Tensor<float>({4, 3})),
                         "the array has shape [4, 3], [3] for each output; each output of the cells has shape [2]"));
    EXPECT_TRUE(contains(run("weights~=@f.npz:w", Tensor<float>({4, 3, 2})), "[4, 3, 2], [3, 2] for each output"));
    EXPECT_TRUE(contains(run("weights=@f.npz:w", Tensor<float>::scalar(1)), "single number"));
    EXPECT_TRUE(contains(run("weights[0,:]=@f.npz:w", Tensor<float>({2}, NAN)), "NaN"));
}

TEST(Probe, weights_are_set_within_zero_and_one_and_indices_fit_the_axes) {
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { edited_row({"weights[0,0]=1.5"}, {1, 0}); }), "from 0 to 1"));
    error_of(ErrorCode::invalid_input, [] { edited_row({"weights[0,0]=-0.5"}, {1, 0}); });
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [] {
                                      edited_row({"weights[0,0,0]=1"}, {1, 0});
                                  }),
                         "3 indices for 2 axes"));
}

TEST(Probe, cells_that_never_came_are_noted_and_tensors_that_never_came_are_errors) {
    const auto finish = [](std::initializer_list<const char*> texts) {
        Probe probe({}, specs(texts));
        show_row(probe, weights_site, 0, Tensor<float>::from({2}, {1, 0}));
        probe.axis({"output", AxisKind::query, 1, {}, "i"});
        probe.axis({"source", AxisKind::key, 2, {}, "j"});
        return probe.finish();
    };
    EXPECT_TRUE(finish({"weights[0,0]=0.5"}).notes().empty());
    EXPECT_EQ(finish({"weights[7,0]=0.5", "weights[0,7]=0.5"}).notes().size(), 2u);
    EXPECT_TRUE(contains(error_of(ErrorCode::not_found, [&] { finish({"wieghts[0,0]=0.5"}); }), "choose one of: weights"));
}

TEST(Probe, a_disabled_intervention_does_nothing) {
    std::vector<Intervention> interventions = specs({"weights[0,0]=0.5", "nothing=1"});
    for (Intervention& intervention : interventions) intervention.enabled = false;
    Probe probe({}, interventions);
    expect_near(show_row(probe, weights_site, 0, Tensor<float>::from({2}, {1, 0})), {1, 0});
    probe.axis({"output", AxisKind::query, 1, {}, "i"});
    probe.axis({"source", AxisKind::key, 2, {}, "j"});
    EXPECT_TRUE(probe.finish().tensor("weights").before.empty());
}

TEST(Probe, the_capture_filter_keeps_what_it_names_and_interventions_work_all_the_same) {
    const auto finish = [](std::vector<std::string> names) {
        Probe probe({std::move(names)}, specs({"weights[0,0]=0.5"}));
        show_row(probe, scores_site, 0, Tensor<float>::from({2}, {1, 1}));
        const Tensor<float> weights = show_row(probe, weights_site, 0, Tensor<float>::from({2}, {1, 0}),
                                               {"align", "α = softmax(e)", "@weights[i,j] = softmax_j(@scores[i,j])", ""},
                                               {{"decoder.W", "W", {"feature"}, Tensor<float>({2})}});
        EXPECT_FLOAT_EQ(weights.data()[0], 0.5f);
        show_whole(probe, context_site, weights.reshape({1, 2}));
        probe.axis({"output", AxisKind::query, 1, {}, "i"});
        probe.axis({"source", AxisKind::key, 2, {}, "j"});
        probe.axis({"feature", AxisKind::feature, 2, {}, "k"});
        return probe.finish();
    };
    EXPECT_EQ(finish({}).tensors().size(), 4u);
    const Trace some = finish({"weights", "con*"});
    EXPECT_EQ(some.find("scores"), nullptr);
    EXPECT_NE(some.find("context"), nullptr);
    EXPECT_NE(some.find("decoder.W"), nullptr);
    ASSERT_EQ(some.steps().size(), 1u);
    EXPECT_TRUE(some.steps()[0].rule.empty());
    EXPECT_EQ(finish({"weights", "scores"}).steps()[0].rule, "weights[i,j] = softmax_j(scores[i,j])");
    EXPECT_TRUE(finish({"context"}).steps().empty());
    EXPECT_TRUE(contains(error_of(ErrorCode::not_found, [&] { finish({"wieghts"}); }), "no tensor 'wieghts'"));
}

TEST(Probe, a_batch_axis_of_one_is_let_through) {
    Probe probe({}, specs({"context[0,1]=9"}));
    const Tensor<float> row = show_row(probe, context_site, 0, Tensor<float>::from({1, 2}, {1, 2}));
    EXPECT_EQ(row.shape(), (Shape{1, 2}));
    expect_near(row, {1, 9});
}

TEST(Probe, rows_may_come_in_falling_order) {
    Probe probe({}, specs({"context[2,0]=9"}));
    for (Index i = 2; i >= 0; --i) {
        show_row(probe, context_site, i, Tensor<float>::from({2}, {static_cast<float>(i), 1}));
    }
    probe.axis({"output", AxisKind::query, 3, {}, "i"});
    probe.axis({"feature", AxisKind::feature, 2, {}, "k"});
    const Trace trace = probe.finish();
    expect_near(trace.tensor("context").values, {0, 1, 1, 1, 9, 1});
    expect_near(trace.tensor("context").before, {0, 1, 1, 1, 2, 1});
}

TEST(Probe, refuses_what_does_not_fit_what_was_shown_before) {
    Probe probe({}, {});
    show_row(probe, weights_site, 0, Tensor<float>({3}));
    error_of(ErrorCode::invalid_input, [&] { show_row(probe, weights_site, 1, Tensor<float>({4})); });
    error_of(ErrorCode::invalid_input, [&] { show_row(probe, weights_site, 3, Tensor<float>({3})); });
    error_of(ErrorCode::invalid_input, [&] { show_whole(probe, weights_site, Tensor<float>({1, 3})); });
    error_of(ErrorCode::invalid_input, [&] { show_whole(probe, context_site, Tensor<float>({2})); });
}

TEST(Intervention, specs_go_both_ways) {
    for (const char* text :
         {"weights[5,9]=0.2", "weights[5,:]*=0.5", "context[3,:]=0", "weights=@f.npz:name", "logits*=-1.5"}) {
        EXPECT_EQ(to_string(parse_intervention(text)), text);
    }
    const Intervention spaced = parse_intervention("weights [ 5, : ] *= 0.5");
    EXPECT_EQ(spaced.tensor, "weights");
    EXPECT_EQ(spaced.index, (std::vector<Index>{5, -1}));
    EXPECT_EQ(parse_intervention("w=@a/f.npz:w", "/home/me").array_source, "/home/me/a/f.npz:w");
    EXPECT_EQ(parse_intervention("w=@/f.npz:w", "/home/me").array_source, "/f.npz:w");
}

TEST(Intervention, a_bad_spec_is_answered_with_its_column) {
    const auto line = [](const char* spec) { return error_of(ErrorCode::usage, [&] { parse_intervention(spec); }); };
    EXPECT_TRUE(contains(line("weights[5,x]=1"), "column 11: expected an index"));
    EXPECT_TRUE(contains(line("weights[5,9=1"), "column 12: expected ',' or ']'"));
    EXPECT_TRUE(contains(line("weights[-1]=1"), "count from 0"));
    EXPECT_TRUE(contains(line("weights[5]"), "expected '='"));
    EXPECT_TRUE(contains(line("weights[5]=nan"), "finite"));
    EXPECT_TRUE(contains(line("weights[5]=1 2"), "nothing may follow"));
    EXPECT_TRUE(contains(line("weights=@"), "expected a file"));
    EXPECT_TRUE(contains(line("=1"), "tensor's name"));
    EXPECT_TRUE(contains(line(""), "tensor's name"));
    EXPECT_TRUE(contains(line("weights[99999999999999999999]=1"), "an index"));
}

}  // namespace
}  // namespace saccade::probe_test
