#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "model/language_model_run.hpp"
#include "run/runner.hpp"
#include "testing.hpp"
#include "trace/claims.hpp"
#include "trace/formula.hpp"
#include "train/task.hpp"

namespace saccade::induction_exhibit_test {
namespace {

using test::contains;
using test::error_of;

RunRequest asking(const std::string& text, const std::vector<std::string>& interventions = {}) {
    RunRequest request;
    request.exhibit = "induction";
    request.params.set("text", text);
    for (const std::string& spec : interventions) request.interventions.push_back(parse_intervention(spec));
    return request;
}
RunRequest repeating(std::int64_t period, const std::vector<std::string>& interventions = {}) {
    RunRequest request = asking("a", interventions);
    request.params.set("random", true);
    request.params.set("period", period);
    return request;
}
void expect_finite_or_masked(const Trace& trace) {
    for (const TraceTensor& t : trace.tensors())
        EXPECT_TRUE(std::ranges::none_of(t.values.values(), [](float v) { return std::isnan(v); })) << t.info.name;
}
void expect_same(const Trace& a, const Trace& b, const std::string& what) {
    ASSERT_EQ(a.tensors().size(), b.tensors().size()) << what;
    for (const TraceTensor& t : a.tensors()) {
        const Tensor<float>& other = b.tensor(t.info.name).values;
        ASSERT_EQ(t.values.shape(), other.shape()) << what << " " << t.info.name;
        EXPECT_TRUE(std::ranges::equal(t.values.values(), other.values())) << what << " " << t.info.name;
    }
}

TEST(InductionExhibit, every_rule_holds) {
    for (const RunRequest& request :
         {asking("tom likes mary. mary likes books. tom likes"), repeating(24), repeating(40), asking("a")}) {
        const TracePtr trace = run(request);
        expect_finite_or_masked(*trace);
        for (const Claim& claim : check_claims(*trace, 64))
            EXPECT_TRUE(claim.holds) << claim.tensor << " off by " << claim.error;
    }
}

TEST(InductionExhibit, the_best_head_finds_what_followed_and_loss_rises_without_it) {
    const TracePtr whole = run(repeating(24));
    const Tensor<float>& scores = whole->tensor("head_scores").values;
    EXPECT_GE(*std::ranges::max_element(scores.row(0).values()), 0.8f);
    const Tensor<float>& loss = whole->tensor("mean_loss").values;
    EXPECT_LT(loss.at({0}), 0.5f);
    EXPECT_GT(loss.at({1}), 2 * loss.at({0}));
    // All heads of the second layer silenced by hand: nothing is found any more.
    const TracePtr silenced = run(repeating(24, {"self.weights[1,:]*=0"}));
    EXPECT_GT(silenced->tensor("mean_loss").values.at({0}), 4.0f);
    EXPECT_EQ(silenced->tensor("head_scores").values.at({0, 1, 0}), 0.0f);
}

TEST(InductionExhibit, silencing_by_hand_is_what_the_second_run_does) {
    const TracePtr whole = run(repeating(24));
    int layer = -1, head = -1;
    ASSERT_EQ(
        std::sscanf(whole->step_of("best.weights")->rule.c_str(), "best.weights[i,j] = self.weights[%d,%d", &layer, &head), 2);
    const TracePtr by_hand =
        run(repeating(24, {"self.weights[" + std::to_string(layer) + "," + std::to_string(head) + "]*=0"}));
    EXPECT_NEAR(by_hand->tensor("mean_loss").values.at({0}), whole->tensor("mean_loss").values.at({1}), 1e-3);
}

/// The run without the head is the run that is shown, changes by hand and all, but for the head.
TEST(InductionExhibit, the_run_without_the_head_has_the_same_changes_by_hand) {
    const std::string text = "tom likes mary. mary likes tom. tom likes";
    const auto without = [](const Trace& trace) { return trace.tensor("losses").values.row(1); };
    const TracePtr plain = run(asking(text));
    for (const char* hand : {"self.weights[0,0]*=0", "token.id[3]=17", "self.embedding[2,:]*=2", "logits[4,:]*=2"}) {
        const Tensor<float> now = without(*run(asking(text, {hand}))), then = without(*plain);
        EXPECT_FALSE(std::ranges::equal(now.values(), then.values())) << hand;
    }
    // With every head of its layer silenced it makes no difference.
    const TracePtr silenced = run(repeating(24, {"self.weights[1,:]*=0"}));
    const Tensor<float>& loss = silenced->tensor("mean_loss").values;
    EXPECT_NEAR(loss.at({1}), loss.at({0}), 1e-4);
}

TEST(InductionExhibit, what_was_never_seen_is_said_as_of_every_text_that_is_read) {
    for (const char* exhibit : {"induction", "self-attention"}) {
        RunRequest request;
        request.exhibit = exhibit;
        request.params.set("text", std::string("sys\ufffetem \U0001F468\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466"));
        if (request.exhibit == "self-attention") request.params.set("model", std::string("induction"));
        const TracePtr trace = run(request);
        const auto note = std::ranges::find_if(trace->notes(), [](const Note& n) { return contains(n.text, "never saw"); });
        ASSERT_NE(note, trace->notes().end()) << exhibit;
        EXPECT_EQ(note->text.find("2 characters the model never saw: U+FFFE "), 0u) << note->text;
        for (const Note& n : trace->notes()) EXPECT_FALSE(contains(n.text, "cannot write")) << n.text;
    }
}

TEST(InductionExhibit, typing_on_gives_the_same_bits_as_a_whole_run) {
    Reuse reuse;
    const std::vector<std::string> typed = {"tom likes mary. tom",
                                            "tom likes mary. tom likes",
                                            "tom likes mary. tom likes mary. where is the blue cat? the blue",
                                            "tom likes mary. tom loves mary",  // changed in the middle
                                            "tom likes",                       // and taken back
                                            "tom likes",
                                            "you"};
    for (const std::string& text : typed) {
        const TracePtr kept = run(asking(text), {}, {}, &reuse);
        expect_same(*kept, *run(asking(text)), text);
    }
    EXPECT_GT(reuse.bytes(), 0u);
    // An intervention neither uses nor leaves anything.
    const TracePtr changed = run(asking("you", {"self.weights[0,0]*=0"}), {}, {}, &reuse);
    EXPECT_EQ(changed->tensor("self.weights").values.at({0, 0, 0, 0}), 0.0f);
    expect_same(*run(asking("you"), {}, {}, &reuse), *run(asking("you")), "after an intervention");
}

TEST(InductionExhibit, an_id_set_by_hand_is_the_one_that_the_model_reads) {
    const RunRequest set = asking("tom likes mary", {"token.id[2]=17"});
    const TracePtr trace = run(set);
    EXPECT_EQ(trace->tensor("token.id").values.data()[2], 17);
    const auto table = trace->tensor("self.embedding.weight").values.row(17);
    const float root = std::sqrt(static_cast<float>(table.size()));
    for (Index k = 0; k < table.size(); ++k)
        EXPECT_NEAR(trace->tensor("self.embedding").values.at({2, k}), root * table.data()[k], 1e-5f);
    for (const char* none : {"token.id[2]=1000000", "token.id[2]=-1", "token.id[1]=2.5"}) {
        const std::string line = error_of(ErrorCode::invalid_input, [&] { run(asking("tom likes mary", {none})); });
        EXPECT_TRUE(contains(line, "which is not a valid id")) << line;
    }
}

TEST(InductionExhibit, bad_input_is_one_line) {
    std::string long_text;
    for (int i = 0; i < 2000; ++i) long_text += "a ";
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { run(asking(long_text)); }), "use at most 1023"));
    error_of(ErrorCode::invalid_input, [] { run(asking("")); });
    error_of(ErrorCode::invalid_input, [] { run(asking("   ")); });
    EXPECT_FALSE(run(asking("one two"))->notes().empty());              // nothing recurs
    EXPECT_FALSE(run(asking("龘 龘 我 \U0001F600"))->notes().empty());  // never seen
}

TEST(LanguageModel, goes_on_behind_a_cached_prefix) {
    const auto loaded = language_model_of(bundled_model("induction"));
    const Ids ids = {loaded->model.start_id(), 5, 9, 300, 5, 9};
    const Tensor<float> whole = loaded->model.logits(ids, 1).value();
    StackCache<float> cache;
    StackCall<float> call;
    call.cache = &cache;
    loaded->model.logits(std::span(ids).first(4), 1, call);
    const Tensor<float> rest = loaded->model.logits(std::span(ids).subspan(4), 1, call).value();
    EXPECT_EQ(cache.length, 6);
    EXPECT_TRUE(std::ranges::equal(rest.values(), whole.row(0).rows(4, 2).values()));
}

TEST(LanguageModel, a_design_that_sees_the_future_is_refused) {
    StackDesign design = language_model_of(bundled_model("induction"))->design;
    design.causal = false;
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] { LanguageModel<float>(Weights<float>(bundled_model("induction")->weights), design); }),
                         "causal"));
}

TEST(InductionTask, its_figures_come_without_the_data_and_are_those_of_the_card) {
    const auto task = make_task("induction", {});
    const ModelPtr model = bundled_model("induction");
    const auto metrics = task->evaluate(model->weights, model->card.json().at("n").get<Index>(), {});
    EXPECT_GE(metrics.at("induction_score"), 0.8);
    for (const char* name : {"induction_score", "loss_repeated", "loss_ablated", "induction_score_1_1"})
        EXPECT_NEAR(metrics.at(name), model->card.json().at("metrics").at(name).get<double>(), 1e-4) << name;
    EXPECT_FALSE(metrics.contains("loss"));
    Rng rng(7);
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { task->initial_weights(rng); }), "--data"));
    TrainOptions odd;
    odd.extra["nonsense"] = 1;
    error_of(ErrorCode::usage, [&] { make_task("induction", odd); });
}

}  // namespace
}  // namespace saccade::induction_exhibit_test
