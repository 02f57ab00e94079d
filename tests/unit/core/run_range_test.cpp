#include "exhibit/run_range.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "run/runner.hpp"

namespace saccade::run_range_test {
namespace {

TracePtr run_with(const Exhibit& exhibit, const std::string& param, std::int64_t value,
                  const std::vector<std::pair<std::string, ParamValue>>& given) {
    RunRequest request;
    request.exhibit = exhibit.id;
    for (const auto& [name, text] : given) request.params.set(name, text);
    if (!param.empty()) request.params.set(param, value);
    return run(request);
}

bool noted(const Trace& trace, const std::string& param) {
    return std::ranges::any_of(trace.notes(), [&](const Note& note) { return note.param == param; });
}

struct Expected {
    const char *exhibit, *param;
    std::int64_t most;
    bool refused;  // beyond it: else a note says what is done instead
    std::vector<std::pair<std::string, ParamValue>> given{};
};

TEST(RunRange, a_number_goes_no_further_than_the_run) {
    const ParamValue gates = std::string(SACCADE_TEST_DATA "/golden/timm_seresnet50");
    const std::vector<Expected> all = {
        {"self-attention", "layer", 3, true},
        {"self-attention", "head", 6, true},
        {"self-attention", "layer", 2, true, {{"model", std::string("induction")}, {"text", std::string("Tom likes Mary.")}}},
        {"multi-head", "layer", 3, true},
        {"capture", "layer", 2, true},
        {"capture", "head", 4, true},
        {"checkpoint", "position", 4, false, {{"text", std::string("I like tea.")}}},
        {"vision-checkpoint", "query", 50, false},
        {"vision-checkpoint", "class", 10, false},
        {"vision-checkpoint", "block", 5, false, {{"path", gates}}}};
    for (const Expected& expected : all) {
        SCOPED_TRACE(std::string(expected.exhibit) + " " + expected.param);
        const Exhibit& e = exhibit(expected.exhibit);
        const TracePtr usual = run_with(e, "", 0, expected.given);
        const auto most = range_in_run(e, expected.param, *usual);
        ASSERT_TRUE(most.has_value());
        EXPECT_EQ(*most, expected.most);
        EXPECT_FALSE(noted(*run_with(e, expected.param, *most, expected.given), expected.param));
        if (expected.refused) {
            EXPECT_THROW(run_with(e, expected.param, *most + 1, expected.given), Error);
        } else {
            EXPECT_TRUE(noted(*run_with(e, expected.param, *most + 1, expected.given), expected.param) ||
                        expected.param == std::string("block"));
        }
    }
}

/// The kind: whatever is picked by a click, and every layer and head, is known to end.
TEST(RunRange, every_layer_head_and_pick_of_every_exhibit_ends_somewhere) {
    for (const Exhibit& e : exhibits()) {
        std::vector<std::string> params;
        for (const ParamSpec& spec : e.params)
            if (spec.type == ParamType::integer &&
                (spec.name == "layer" || spec.name == "head" || spec.name == "hypothesis" || spec.name == "gradient_of"))
                params.push_back(spec.name);
        if (params.empty()) continue;
        const bool beam = std::ranges::any_of(e.params, [](const ParamSpec& spec) { return spec.name == "beam"; });
        // The small model of the checkpoints goes on with a text: it has no hypotheses.
        if (e.id == "checkpoint") continue;
        const TracePtr trace = run_with(e, beam ? "beam" : "", 3, {});
        for (const std::string& param : params) {
            const auto most = range_in_run(e, param, *trace);
            EXPECT_TRUE(most.has_value()) << e.id << " " << param;
            if (param == "hypothesis") {
                EXPECT_EQ(most.value_or(0), 3) << e.id;
            }
        }
    }
}

TEST(RunRange, what_no_run_limits_has_no_range) {
    const Exhibit& e = exhibit("transformer");
    EXPECT_FALSE(range_in_run(e, "beam", *run_with(e, "", 0, {})).has_value());
}

}  // namespace
}  // namespace saccade::run_range_test
