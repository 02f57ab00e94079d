#include <algorithm>
#include <cmath>
#include <limits>

#include "run/runner.hpp"
#include "testing.hpp"
#include "trace/claims.hpp"

namespace saccade::memory_exhibit_test {
namespace {

using test::contains;
using test::error_of;

using Given = std::vector<std::pair<std::string, ParamValue>>;

RunRequest asking(const Given& given, std::uint64_t seed = 7) {
    RunRequest request;
    request.exhibit = "memory";
    request.seed = seed;
    for (const auto& [name, value] : given) request.params.set(name, value);
    return request;
}
TracePtr run_with(const Given& given, std::uint64_t seed = 7) {
    return run(asking(given, seed));
}
std::string text(const char* choice) {
    return choice;
}

Tensor<float> matrix(const Shape& shape, std::initializer_list<float> values) {
    return Tensor<float>::from(shape, values);
}

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(MemoryExhibit, every_rule_holds_in_every_setting) {
    for (const char* score : {"dot", "scaled_dot", "cosine"})
        for (const char* read : {"soft", "hard", "sample"})
            for (const double temperature : {0.0, 0.3, 1.0, 1e6, infinity})
                for (const bool tie : {false, true}) {
                    const TracePtr trace =
                        run_with({{"score", text(score)}, {"read", text(read)}, {"temperature", temperature}, {"tie", tie}});
                    const auto claims = check_claims(*trace, 1000);
                    EXPECT_GE(claims.size(), 5u);
                    for (const Claim& claim : claims)
                        EXPECT_TRUE(claim.holds) << score << " " << read << " T=" << temperature << " tie " << tie << ": "
                                                 << claim.tensor << " off by " << claim.error;
                }
}

TEST(MemoryExhibit, a_hard_read_gives_back_what_was_stored) {
    const TracePtr trace = run_with({{"read", text("hard")}});
    EXPECT_EQ(trace->tensor("context").values.at({0, 0}), 2.0f);  // furry and flies: the bat
    EXPECT_EQ(trace->tensor("context").values.at({0, 2}), 1.0f);
    EXPECT_EQ(trace->tensor("weights").values.at({0, 4}), 1.0f);
    EXPECT_EQ(trace->axis("slot")->labels[4], "bat");
}

TEST(MemoryExhibit, temperatures_at_their_ends) {
    const Tensor<float> uniform = run_with({{"temperature", infinity}})->tensor("weights").values;
    for (const float w : uniform.values()) EXPECT_FLOAT_EQ(w, 0.2f);
    // Two keys fit equally well: the first takes all.
    const Given tied = {{"q", matrix({1, 2}, {1, 0})},
                        {"k", matrix({3, 2}, {0, 1, 1, 0, 1, 5})},
                        {"v", matrix({3, 1}, {1, 2, 3})},
                        {"temperature", 0.0}};
    EXPECT_TRUE(std::ranges::equal(run_with(tied)->tensor("weights").values.values(), std::vector<float>{0, 1, 0}));
    for (const double t : {1e-9, 1e300}) {
        const TracePtr trace = run_with({{"temperature", t},
                                         {"q", matrix({1, 1}, {1e9f})},
                                         {"k", matrix({2, 1}, {1e9f, -1e9f})},
                                         {"v", matrix({2, 1}, {1, 2})}});
        for (const TraceTensor& tensor : trace->tensors())
            EXPECT_TRUE(std::ranges::all_of(tensor.values.values(), [](float v) { return std::isfinite(v); }))
                << tensor.info.name;
    }
}

TEST(MemoryExhibit, samples_by_the_seed_with_the_weights_as_chances) {
    const Given given = {{"read", text("sample")},
                         {"q", matrix({1, 1}, {1})},
                         {"k", matrix({2, 1}, {0, 1.0986123f})},  // exp: 1 and 3, so chances 1/4 and 3/4
                         {"v", matrix({2, 1}, {0, 1})}};
    EXPECT_TRUE(std::ranges::equal(run_with(given, 3)->tensor("weights").values.values(),
                                   run_with(given, 3)->tensor("weights").values.values()));
    double ones = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed)
        ones += static_cast<double>(run_with(given, seed)->tensor("context").values.item());
    EXPECT_NEAR(ones / 400, 0.75, 0.08);
}

TEST(MemoryExhibit, hops_ask_again_with_what_was_read) {
    for (const char* read : {"soft", "hard", "sample"}) {
        const TracePtr trace = run_with({{"tie", true}, {"hops", std::int64_t{3}}, {"read", text(read)}});
        const Tensor<float> first = trace->tensor("queries").values, second = trace->tensor("hop2.queries").values;
        EXPECT_FLOAT_EQ(second.at({1, 2}), first.at({1, 2}) + trace->tensor("context").values.at({1, 2}));
        EXPECT_NE(trace->find("hop3.context"), nullptr);
        for (const Claim& claim : check_claims(*trace, 1000)) EXPECT_TRUE(claim.holds) << read << " " << claim.tensor;
    }
    EXPECT_EQ(error_of(ErrorCode::invalid_input,
                       [] {
                           run_with({{"hops", std::int64_t{2}}});
                       }),
              "Hops is 2, but V has 3 columns and K has 4: what is read is added to the query, so V must be as wide "
              "as K; or tie V to K");
}

TEST(MemoryExhibit, a_value_changes_what_is_read_and_no_weight) {
    Tensor<float> v = std::get<Tensor<float>>(exhibit("memory").params[2].fallback).clone();
    v.data()[0] = 40;
    const TracePtr before = run_with({});
    const TracePtr after = run_with({{"v", v}});
    EXPECT_TRUE(std::ranges::equal(before->tensor("weights").values.values(), after->tensor("weights").values.values()));
    EXPECT_NE(before->tensor("context").values.at({0, 0}), after->tensor("context").values.at({0, 0}));
}

TEST(MemoryExhibit, edits_are_carried_on) {
    RunRequest request = asking({});
    request.interventions = {parse_intervention("weights[0,0]=1")};
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->tensor("context").values.at({0, 0}), 4.0f);  // the cat's legs
    for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds || claim.by_hand) << claim.tensor;
}

TEST(MemoryExhibit, a_large_memory_records_no_contributions) {
    const TracePtr trace = run_with({{"q", Tensor<float>({512, 8}, 0.5f)},
                                     {"k", Tensor<float>({512, 8}, 0.25f)},
                                     {"v", Tensor<float>({512, 16}, 1.5f)},
                                     {"names", std::string()}});
    EXPECT_EQ(trace->find("contributions"), nullptr);
    EXPECT_NEAR(trace->tensor("context").values.at({511, 15}), 1.5f, 1e-4f);
    for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << claim.tensor;
}

TEST(MemoryExhibit, shapes_that_do_not_fit_are_one_line) {
    const auto line = [](const Given& given, ErrorCode code = ErrorCode::invalid_input) {
        return error_of(code, [&] { run_with(given); });
    };
    EXPECT_EQ(line({{"q", matrix({1, 3}, {1, 2, 3})}}),
              "Q has 3 columns and K has 4: give each query as many numbers as a key has");
    EXPECT_EQ(line({{"v", matrix({1, 3}, {1, 2, 3})}}), "V has 1 row and K has 5: give one value for each key, or tie V to K");
    EXPECT_NO_THROW(run_with({{"v", matrix({1, 3}, {1, 2, 3})}, {"tie", true}}));
    EXPECT_TRUE(contains(line({{"k", Tensor<float>({1, 10000})}}), "K has 10000 columns: use at most 1024"));
    EXPECT_TRUE(contains(line({{"k", Tensor<float>({2, 2, 2})}}), "[2, 2, 2]"));
    EXPECT_TRUE(contains(line({{"q", Tensor<float>({1, 4}, 1e30f)}}), "Q holds 1e+30 in row 1, column 1"));
    EXPECT_TRUE(contains(line({{"q", Tensor<float>({1, 4}, NAN)}}), "not a finite number"));
    EXPECT_TRUE(contains(line({{"temperature", 1e-300}}), "Temperature is 1e-300"));
    EXPECT_TRUE(contains(line({{"temperature", -1.0}}), "Temperature is -1"));
    EXPECT_TRUE(contains(line({{"score", text("location")}}), "dot"));
}

TEST(MemoryExhibit, names_that_are_too_few_are_noted) {
    const TracePtr trace = run_with({{"names", std::string("cat，eagle")}});
    ASSERT_EQ(trace->notes().size(), 1u);
    EXPECT_EQ(trace->notes()[0].text, "2 names for 5 slots");
    EXPECT_EQ(trace->axis("slot")->labels[0], "1");
    EXPECT_TRUE(run_with({{"k", matrix({1, 4}, {1, 0, 0, 0})}, {"tie", true}})->notes().empty());
}

TEST(MemoryExhibit, zeros_are_no_trouble) {
    for (const char* score : {"dot", "scaled_dot", "cosine"}) {
        const TracePtr trace = run_with({{"q", Tensor<float>({1, 4})}, {"score", text(score)}});
        for (const float w : trace->tensor("weights").values.values()) EXPECT_FLOAT_EQ(w, 0.2f) << score;
    }
}

}  // namespace
}  // namespace saccade::memory_exhibit_test
