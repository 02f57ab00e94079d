#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/parallel.hpp"
#include "run/runner.hpp"
#include "testing.hpp"
#include "trace/claims.hpp"

namespace saccade::saliency_exhibit_test {
namespace {

using test::contains;
using test::error_of;

RunRequest asking(const std::string& source, const std::string& question = "year") {
    RunRequest request;
    request.exhibit = "saliency";
    request.params.set("source", source);
    request.params.set("question", question);
    return request;
}

TEST(SaliencyExhibit, answers_questions_about_dates) {
    for (const std::string source : {"2019年9月30日", "二〇一九年九月三十日", "Mon, 30 Sep 2019", "the 30th of September 2019",
                                     "SEPTEMBER 30TH, 2019", "19年9月30日"}) {
        EXPECT_EQ(run(asking(source, "year"))->texts().at("output"), "2019") << source;
        EXPECT_EQ(run(asking(source, "month"))->texts().at("output"), "Sep") << source;
        const TracePtr day = run(asking(source, "day"));
        EXPECT_EQ(day->texts().at("output"), "30") << source;
        EXPECT_EQ(day->axis("mechanism")->labels, (std::vector<std::string>{"focus: 30", "max pooling: 30", "gating: 30"}));
    }
}

TEST(SaliencyExhibit, focus_moves_with_the_question_and_saliency_does_not) {
    const TracePtr year = run(asking("30 Sep 2019", "year"));
    const TracePtr day = run(asking("30 Sep 2019", "day"));
    for (const char* map : {"max.saliency", "gate.weights", "focus.weights"})
        EXPECT_TRUE(std::ranges::equal(year->tensor(map).values.values(), day->tensor(map).values.values())) << map;
    const Tensor<float> focus = year->tensor("focus.weights").values;
    EXPECT_GT(focus.at({0, 7}) + focus.at({0, 8}) + focus.at({0, 9}) + focus.at({0, 10}), 0.8f);
    EXPECT_GT(focus.at({1, 3}) + focus.at({1, 4}) + focus.at({1, 5}), 0.8f);
    EXPECT_GT(focus.at({2, 0}) + focus.at({2, 1}), 0.8f);
    const Tensor<float> asked_year = year->tensor("maps").values, asked_day = day->tensor("maps").values;
    EXPECT_FALSE(std::ranges::equal(asked_year.row(0).values(), asked_day.row(0).values()));
    for (const Index other : {1, 2})
        EXPECT_TRUE(std::ranges::equal(asked_year.row(other).values(), asked_day.row(other).values()));
}

TEST(SaliencyExhibit, explains_itself_and_every_rule_holds) {
    const TracePtr trace = run(asking("Mon, 30 Sep 2019"));
    const auto claims = check_claims(*trace, 64);
    EXPECT_GE(claims.size(), 30u);
    for (const Claim& claim : claims) EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.error;
}

TEST(SaliencyExhibit, answers_that_differ_are_told) {
    RunRequest request = asking("30 Sep 2019");
    for (const char* row : {"focus.weights[0,0]=1", "focus.weights[1,0]=1", "focus.weights[2,0]=1"})
        request.interventions.push_back(parse_intervention(row));
    const TracePtr trace = run(request);
    EXPECT_TRUE(contains(trace->texts().at("output"), "max pooling 2019"));
}

TEST(SaliencyExhibit, edits_reach_the_answer) {
    const auto answer = [](const char* spec, const char* mechanism) {
        RunRequest request = asking("30 Sep 2019", "day");
        if (*spec != '\0') request.interventions = {parse_intervention(spec)};
        const TracePtr trace = run(request);
        for (const Claim& claim : check_claims(*trace))
            EXPECT_TRUE(claim.holds || claim.by_hand) << spec << " " << claim.tensor;
        return trace->tensor(std::string(mechanism) + ".logits").values;
    };
    for (const auto& [spec, mechanism] :
         {std::pair{"focus.weights[2,3]=1", "focus"}, std::pair{"max.weights[:,3]=1", "max"},
          std::pair{"gate.gates=0.5", "gate"}, std::pair{"encoder.forward.reset[1,:]=0", "max"}}) {
        const Tensor<float> before = answer("", mechanism), after = answer(spec, mechanism);
        EXPECT_FALSE(std::ranges::equal(before.values(), after.values())) << spec;
    }
    RunRequest closed = asking("30 Sep 2019");
    closed.interventions = {parse_intervention("gate.gates=0")};
    const TracePtr trace = run(closed);
    for (const TraceTensor& tensor : trace->tensors())
        EXPECT_TRUE(std::ranges::all_of(tensor.values.values(), [](float v) { return std::isfinite(v); })) << tensor.info.name;
}

TEST(SaliencyExhibit, bad_input) {
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { run(asking("")); }), "Source is empty"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { run(asking(" ")); }), "nothing but blanks"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { run(asking(std::string(10000, '1'))); }), "512"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { run(asking("30 Sep 2019", "hour")); }), "year, month, day"));
    for (const std::string& source :
         {std::string("😀"), std::string("，。！"), std::string("韓國"), std::string(500, '7'), std::string("1")}) {
        const TracePtr trace = run(asking(source));
        for (const TraceTensor& tensor : trace->tensors())
            EXPECT_TRUE(std::ranges::all_of(tensor.values.values(), [](float v) { return std::isfinite(v); }))
                << tensor.info.name;
    }
    EXPECT_EQ(run(asking("30 Sép 2019 😀"))->notes().at(0).text, "2 characters the model never saw: é 😀");
}

TEST(SaliencyExhibit, weights_of_another_model_are_refused) {
    RunRequest request = asking("30 Sep 2019");
    request.weights_path = SACCADE_SOURCE_DIR "/assets/models/dates.safetensors";
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { run(request); }), "question.embedding.weight"));
    auto model = std::make_shared<Model>(*bundled_model("date-questions"));
    model->card.json().erase("answers");
    request.weights_path.clear();
    request.model = model;
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { run(request); }), "'answers'"));
}

TEST(SaliencyExhibit, same_bits_at_one_and_two_threads) {
    const int before = thread_count();
    set_thread_count(1);
    const TracePtr one = run(asking("the 30th of September 2019"));
    set_thread_count(2);
    const TracePtr two = run(asking("the 30th of September 2019"));
    set_thread_count(before);
    for (const TraceTensor& tensor : one->tensors())
        EXPECT_TRUE(std::ranges::equal(tensor.values.values(), two->tensor(tensor.info.name).values.values()))
            << tensor.info.name;
}

}  // namespace
}  // namespace saccade::saliency_exhibit_test
