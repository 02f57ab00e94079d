#include <algorithm>
#include <cmath>

#include "run/runner.hpp"
#include "testing.hpp"
#include "trace/claims.hpp"

namespace saccade::permutation_exhibit_test {
namespace {

using test::contains;
using test::error_of;

using Given = std::vector<std::pair<std::string, ParamValue>>;

TracePtr run_with(const Given& given, std::uint64_t seed = 7) {
    RunRequest request;
    request.exhibit = "permutation";
    request.seed = seed;
    for (const auto& [name, value] : given) request.params.set(name, value);
    return run(request);
}
std::string text(const char* choice) {
    return choice;
}
double largest(const Trace& trace, const char* tensor) {
    double most = 0;
    for (const float v : trace.tensor(tensor).values.values()) most = std::max(most, std::abs(static_cast<double>(v)));
    return most;
}

TEST(PermutationExhibit, every_rule_holds_in_every_setting) {
    for (const char* axes : {"sequence", "posted"})
        for (const char* position : {"none", "sinusoidal"})
            for (const char* projections : {"seed", "own"}) {
                const TracePtr trace =
                    run_with({{"axes", text(axes)}, {"position", text(position)}, {"projections", text(projections)}});
                for (const Claim& claim : check_claims(*trace, 1000))
                    EXPECT_TRUE(claim.holds) << axes << " " << position << " " << claim.tensor << " off by " << claim.error;
            }
}

TEST(PermutationExhibit, outputs_only_permute_until_a_code_is_added) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        EXPECT_LT(largest(*run_with({}, seed), "difference"), 1e-6);
        EXPECT_GT(largest(*run_with({{"position", text("sinusoidal")}}, seed), "difference"), 1e-4);
    }
    const TracePtr trace = run_with({});
    EXPECT_NE(trace->tensor("second.output").values.at({1, 0}), trace->tensor("first.output").values.at({1, 0}));
    EXPECT_EQ(trace->axis("second")->labels, (std::vector<std::string>{"q1", "q3", "q2"}));
}

TEST(PermutationExhibit, with_the_axes_as_posted_each_token_sees_itself_alone) {
    const TracePtr trace = run_with({{"axes", text("posted")}, {"position", text("sinusoidal")}});
    for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < 3; ++j) EXPECT_EQ(trace->tensor("first.weights").values.at({i, j}), i == j ? 1.0f : 0.0f);
    EXPECT_LT(largest(*trace, "difference"), 1e-6);  // even with a code
}

TEST(PermutationExhibit, any_number_of_tokens_in_any_order) {
    const Tensor<float> q = Tensor<float>::from({4, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 0});
    const TracePtr trace = run_with({{"q", q}, {"order", text("4 3 1 2")}});
    EXPECT_LT(largest(*trace, "difference"), 1e-5);
    EXPECT_EQ(trace->axis("second")->labels, (std::vector<std::string>{"q4", "q3", "q1", "q2"}));
    EXPECT_EQ(run_with({{"q", q}})->axis("second")->labels, (std::vector<std::string>{"q1", "q2", "q4", "q3"}));
}

TEST(PermutationExhibit, bad_input_is_one_line) {
    for (const char* order : {"1 2 2", "1 2", "0 1 2", "1, 2, 4", "a b c", "9999999999999"})
        EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                      [&] {
                                          run_with({{"order", text(order)}});
                                      }),
                             "order of 3 tokens"));
    const Tensor<float> q = Tensor<float>::from({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] {
                                      run_with({{"q", q}, {"projections", text("own")}});
                                  }),
                         "need [9, 3]"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] {
                                      run_with({{"q", Tensor<float>(Shape{3, 2}, 1e30f)}});
                                  }),
                         "beyond"));
}

}  // namespace
}  // namespace saccade::permutation_exhibit_test
