#include <algorithm>
#include <cmath>

#include "exhibit/complexity_layers.hpp"
#include "run/runner.hpp"
#include "testing.hpp"
#include "trace/claims.hpp"

// Nothing here looks at a clock: times are measured by the exhibit, and differ from run to run.

namespace saccade::complexity_exhibit_test {
namespace {

TracePtr counted(const std::vector<std::pair<std::string, ParamValue>>& given = {}) {
    RunRequest request;
    request.exhibit = "complexity";
    request.params.set("measure", false);
    for (const auto& [name, value] : given) request.params.set(name, value);
    return run(request);
}

TEST(Complexity, layers_do_what_the_table_says) {
    const double n = 64, d = 32, k = 3, r = 16;
    const std::vector<double> expected = {2 * n * n * d, 2 * n * d * d, k * n * d * d, 2 * r * n * d};
    for (std::size_t c = 0; c < layer_kinds().size(); ++c)
        EXPECT_EQ(layer_kinds()[c].make({64, 32, 3, 16})({}), expected[c]) << layer_kinds()[c].id;
}

TEST(Complexity, paths_are_as_long_as_the_table_says) {
    const LayerSize size{.n = 81, .d = 8, .k = 3, .r = 16};
    EXPECT_EQ(path_length(layer_kinds()[0], size), 1);
    EXPECT_EQ(path_length(layer_kinds()[1], size), 80);
    EXPECT_EQ(path_length(layer_kinds()[2], size), 4);   // log_3 81
    EXPECT_EQ(path_length(layer_kinds()[3], size), 10);  // 15 at the end, then 8 a layer
    for (const LayerKind& kind : layer_kinds()) EXPECT_EQ(path_length(kind, {.n = 1}), 0) << kind.id;
}

TEST(Complexity, counts_and_paths_follow_their_rules_and_are_the_same_every_time) {
    for (const char* r : {"4", "32"})
        for (const std::int64_t k : {2, 3, 5}) {
            const TracePtr trace = counted({{"r", std::string(r)}, {"k", k}});
            for (const Claim& claim : check_claims(*trace, 1000))
                EXPECT_TRUE(claim.holds) << claim.tensor << " off by " << claim.error;
            EXPECT_EQ(trace->find("time.n"), nullptr);
        }
    const TracePtr a = counted(), b = counted();
    for (const TraceTensor& t : a->tensors())
        EXPECT_TRUE(std::ranges::equal(t.values.values(), b->tensor(t.info.name).values.values())) << t.info.name;
}

TEST(Complexity, counted_exponents_are_those_of_the_formulas) {
    const TracePtr trace = counted();
    for (const char* name : {"exponents.n", "exponents.d"})
        for (Index c = 0; c < 4; ++c)
            EXPECT_NEAR(trace->tensor(name).values.at({c, 0}), trace->tensor(name).values.at({c, 1}), 1e-5) << name << c;
}

TEST(Complexity, a_measured_run_tells_how_far_it_is_and_can_be_stopped) {
    RunRequest request;
    request.exhibit = "complexity";
    for (const char* name : {"longest", "widest"}) request.params.set(name, std::string("128"));
    double last = 0;
    const TracePtr trace = run(request, {}, [&](double fraction, const TracePtr&) {
        EXPECT_GE(fraction, last);
        last = fraction;
    });
    EXPECT_GT(last, 0);
    for (const char* name : {"time.n", "time.d"})
        for (const float t : trace->tensor(name).values.values()) EXPECT_GT(t, 0);
    EXPECT_FALSE(trace->notes().empty());
    std::stop_source stop;
    EXPECT_THROW(run(request, stop.get_token(), [&](double, const TracePtr&) { stop.request_stop(); }), Error);
}

}  // namespace
}  // namespace saccade::complexity_exhibit_test
