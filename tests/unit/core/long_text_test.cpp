#include <gtest/gtest.h>

#include <set>

#include "analysis/analysis.hpp"
#include "base/reuse.hpp"
#include "checkpoint/checkpoint_run.hpp"
#include "io/input_file.hpp"
#include "run/trace_file.hpp"
#include "trace/claims.hpp"
#include "trace/explain.hpp"
#include "trace/intervene.hpp"
#include "unit/core/copied_checkpoint.hpp"
#include "unit/core/same_trace.hpp"

// Of a long text nothing is kept that grows with its square: it is made when it is looked at, and has the bits that it had.

namespace saccade::test::long_text_test {
namespace {

CheckpointPtr golden(const std::string& family) {
    return checkpoint_of(golden_checkpoint(family));
}

Trace shown(const CheckpointPtr& checkpoint, const Ids& ids, bool less, const std::vector<std::string>& hands = {},
            Reuse* reuse = nullptr) {
    std::vector<Intervention> interventions;
    for (const std::string& hand : hands) interventions.push_back(parse_intervention(hand));
    Probe probe({}, std::move(interventions));
    Reuse nothing;
    CheckpointRequest request{.ids = ids, .types = {}};
    if (less) request.most_kept = 0;
    run_checkpoint(checkpoint, request, probe, reuse != nullptr ? *reuse : nothing, {});
    return probe.finish();
}

const Ids text = {3, 1, 4, 1, 5, 9, 2, 6};

/// Tensors that are made when they are looked at, without the model's.
std::set<std::string> made(const Trace& trace) {
    std::set<std::string> names;
    for (const TraceTensor& tensor : trace.tensors())
        if (tensor.info.role != Role::parameter && !tensor.values.kept()) names.insert(tensor.info.name);
    return names;
}

class LongText : public ::testing::TestWithParam<const char*> {};

TEST_P(LongText, is_the_same_run_bit_for_bit) {
    const CheckpointPtr checkpoint = golden(GetParam());
    const Trace all = shown(checkpoint, text, false), less = shown(checkpoint, text, true);
    EXPECT_TRUE(made(all).empty());
    const std::set<std::string> names = made(less);
    for (const char* name : {"self.weights", "self.scores", "self.mask", "self.context", "self.hidden", "self.attended"})
        EXPECT_TRUE(names.contains(name)) << name;
    for (const char* name : {"self.state", "self.query", "self.key", "self.value", "self.input"})
        EXPECT_FALSE(names.contains(name)) << name;
    for (const std::string& name : names) EXPECT_EQ(less.tensor(name).values.bytes(), 0u) << name;
    // Cell by cell first: these must not need all of it.
    const TraceTensor &weights = less.tensor("self.weights"), &kept = all.tensor("self.weights");
    const Shape& shape = kept.values.shape();
    for (Index l = shape[0]; l-- > 0;)
        for (Index h = 0; h < shape[1]; ++h) {
            const Index cell[] = {l, h, 5, 2};
            EXPECT_EQ(weights.values.at(cell), kept.values.at(cell));
        }
    for (const Claim& claim : check_claims(less)) EXPECT_TRUE(claim.holds) << claim.text << " " << claim.error;
    const CellRef cell{"self.weights", {1, 0, 5, 2}};
    EXPECT_EQ(explain(less, cell).recomputed, explain(all, cell).recomputed);
    EXPECT_EQ(explain(less, cell).terms, explain(all, cell).terms);
    expect_same_trace(all, less);
}

TEST_P(LongText, hands_change_it_in_the_same_way) {
    const CheckpointPtr checkpoint = golden(GetParam());
    const std::vector<std::string> hands[] = {{"self.weights[0,1,5,2]=0.75"},
                                              {"self.context[1,0]*=0"},
                                              {"self.mask[0,6,3]=-inf"},
                                              {"self.weights[1,0]=0", "self.hidden[0,2]*=3", "self.query[0,1,4]*=2"},
                                              {"self.state[0,3]*=0.5", "self.scores[1,1,7,0]=4"}};
    const Trace plain = shown(checkpoint, text, true);
    for (const auto& hand : hands) {
        const Trace all = shown(checkpoint, text, false, hand), less = shown(checkpoint, text, true, hand);
        EXPECT_TRUE(made(less).contains("self.weights")) << hand.front();
        for (const TraceTensor& tensor : all.tensors()) {
            const TraceTensor& other = less.tensor(tensor.info.name);
            ASSERT_EQ(tensor.before.empty(), other.before.empty()) << hand.front() << " " << tensor.info.name;
            if (tensor.before.empty()) continue;
            EXPECT_EQ(std::memcmp(tensor.before.data(), other.before.data(), tensor.before.values().size_bytes()), 0)
                << hand.front() << " " << tensor.info.name;
        }
        expect_same_trace(all, less);
    }
    // A pattern put in from another run.
    Intervention freeze;
    freeze.kind = Intervention::Kind::freeze;
    freeze.tensor = "self.weights";
    freeze.array = shown(checkpoint, {3, 1, 4, 1, 5, 9, 9, 9}, false).tensor("self.weights").values.whole();
    Trace both[2];
    for (const bool less : {false, true}) {
        Probe probe({}, {freeze});
        Reuse nothing;
        CheckpointRequest request{.ids = text, .types = {}};
        if (less) request.most_kept = 0;
        run_checkpoint(checkpoint, request, probe, nothing, {});
        both[less ? 1 : 0] = probe.finish();
    }
    expect_same_trace(both[0], both[1]);
}

TEST_P(LongText, goes_on_from_what_was_kept) {
    const CheckpointPtr checkpoint = golden(GetParam());
    Reuse reuse;
    const Ids longer = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, other = {3, 1, 4, 8, 5, 9};
    shown(checkpoint, text, true, {}, &reuse);
    expect_same_trace(shown(checkpoint, longer, true, {}, &reuse), shown(checkpoint, longer, false));
    expect_same_trace(shown(checkpoint, other, true, {}, &reuse), shown(checkpoint, other, false));
    expect_same_trace(shown(checkpoint, longer, false, {}, &reuse), shown(checkpoint, longer, false));
    expect_same_trace(shown(checkpoint, text, true, {}, &reuse), shown(checkpoint, text, false));
}

TEST_P(LongText, is_analysed_as_any_other) {
    const CheckpointPtr checkpoint = golden(GetParam());
    const Trace all = with_analyses(shown(checkpoint, text, false), {"all"});
    const Trace less = with_analyses(shown(checkpoint, text, true), {"all"});
    EXPECT_NE(all.find("self.weights.rollout"), nullptr);
    expect_same_trace(all, less);
}

TEST_P(LongText, is_saved_as_any_other) {
    const CheckpointPtr checkpoint = golden(GetParam());
    const std::vector<std::string> hand = {"self.weights[0,1,5,2]=0.75"};
    const TemporaryFolder folder;
    const std::string one = folder / "all.npz", other = folder / "less.npz";
    const Trace less = shown(checkpoint, text, true, hand);
    save_trace(one, shown(checkpoint, text, false, hand), {});
    save_trace(other, less, {});
    EXPECT_EQ(read_file(one), read_file(other));
    EXPECT_FALSE(less.tensor("self.weights").values.kept());
    expect_same_trace(load_trace(one), load_trace(other));
}

TEST(Trace, a_row_that_cannot_be_made_is_said_and_no_file_is_left) {
    Trace trace;
    const AxisPtr rows = trace.add_axis({"row", AxisKind::query, 3, {}, "i"}),
                  cells = trace.add_axis({"cell", AxisKind::key, 2, {}, "j"});
    trace.add({"weights", Role::weights, "", "", "", {rows, cells}}, TraceValues({3, 2}, std::make_shared<int>(0), [](Index i) {
                  if (i == 2) throw Error(ErrorCode::numeric, "the third row cannot be made");
                  return Tensor<float>(Shape{2});
              }));
    const TemporaryFolder folder;
    try {
        save_trace(folder / "x.npz", trace, {});
        FAIL() << "it was saved";
    } catch (const Error& e) {
        EXPECT_EQ(e.message(), "the third row cannot be made");
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "x.npz"));
}

INSTANTIATE_TEST_SUITE_P(families, LongText, ::testing::Values("gpt2", "bert", "llama", "gpt_neox", "qwen3", "mistral"),
                         [](const auto& family) { return std::string(family.param); });

TEST(Checkpoint, parameters_are_made_of_what_products_read) {
    const Trace trace = shown(golden("gpt2"), text, false);
    std::size_t matrices = 0;
    for (const TraceTensor& tensor : trace.tensors()) {
        if (tensor.info.role != Role::parameter || tensor.values.shape().rank() < 2 || !tensor.info.name.ends_with(".weight"))
            continue;
        ++matrices;
        EXPECT_FALSE(tensor.values.kept()) << tensor.info.name;
        EXPECT_EQ(tensor.values.bytes(), 0u) << tensor.info.name;
    }
    EXPECT_GE(matrices, 8u);
    const WeightMap file = read_safetensors(golden_checkpoint("gpt2") + "/model.safetensors");
    const Tensor<float>& table = file.at("transformer.wte.weight");
    EXPECT_EQ(std::memcmp(trace.tensor("self.embedding.weight").values.data(), table.data(), table.values().size_bytes()), 0);
    // As they are stored: [in, out].
    const Tensor<float>& second = file.at("transformer.h.1.mlp.c_fc.weight");
    const TraceTensor& shown_second = trace.tensor("self.feed_forward.in.weight");
    for (Index out = 0; out < second.shape()[1]; ++out)
        for (Index in = 0; in < second.shape()[0]; ++in) ASSERT_EQ(shown_second.values.at({1, out, in}), second.at({in, out}));
}

TEST(Checkpoint, a_text_may_be_as_long_as_the_model_knows_positions) {
    const CheckpointPtr checkpoint = golden("gpt2");
    EXPECT_EQ(most_tokens_of(*checkpoint), checkpoint->longest);
    // As many layers and heads as one likes: it is one layer that counts. Of a model that knows any number of positions, it is
    // what there is room for.
    Checkpoint endless = *golden("bert");
    endless.longest = 0;
    const Index most = most_tokens_of(endless);
    EXPECT_GT(most, 4096);
    Probe probe({}, {});
    Reuse nothing;
    try {
        run_checkpoint(std::make_shared<const Checkpoint>(endless),
                       {.ids = Ids(static_cast<std::size_t>(most) + 1), .types = {}}, probe, nothing, {});
        FAIL() << "it ran";
    } catch (const Error& e) {
        EXPECT_SAYS(e.line(), "make of them needs 3.0 GB, and has 3.0");
        EXPECT_SAYS(e.line(), "use at most " + std::to_string(most));
    }
}

TEST(Checkpoint, a_capture_filter_takes_what_it_wants) {
    Probe probe(Capture{{"self.weights"}}, {});
    Reuse nothing;
    CheckpointRequest request{.ids = text, .types = {}, .most_kept = 0};
    run_checkpoint(golden("gpt2"), request, probe, nothing, {});
    const Trace trace = probe.finish();
    EXPECT_EQ(trace.tensor("self.weights").values.shape()[2], 8);
}

}  // namespace
}  // namespace saccade::test::long_text_test
