#include <gtest/gtest.h>

#include <limits>

#include "golden/golden_testing.hpp"

// Key-value memory against float64 PyTorch; files by make_memory_golden.py, whose settings these are.

namespace saccade::memory_golden_test {
namespace {

struct MemoryCase {
    const char* name;
    const char* score;
    double strength, temperature;
    const char* read;
    bool tie;
};

class MemoryGolden : public testing::TestWithParam<MemoryCase> {};

TEST_P(MemoryGolden, agrees_within_1e_5) {
    const MemoryCase& c = GetParam();
    const auto golden = read_golden(std::string("memory_") + c.name);
    RunRequest request;
    request.exhibit = "memory";
    request.params.set("q", golden.at("queries").cast<float>());
    request.params.set("k", golden.at("keys").cast<float>());
    if (!c.tie) request.params.set("v", golden.at("values").cast<float>());
    request.params.set("tie", c.tie);
    request.params.set("score", std::string(c.score));
    request.params.set("strength", c.strength);
    request.params.set("temperature", c.temperature);
    request.params.set("read", std::string(c.read));
    expect_golden(*run(request), std::string("memory_") + c.name, 7u);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, MemoryGolden,
    testing::Values(MemoryCase{"dot", "dot", 5, 1, "soft", false}, MemoryCase{"scaled", "scaled_dot", 5, 0.4, "soft", false},
                    MemoryCase{"cosine", "cosine", 3.5, 1, "soft", true}, MemoryCase{"hard", "dot", 5, 1, "hard", false},
                    MemoryCase{"uniform", "dot", 5, std::numeric_limits<double>::infinity(), "soft", false},
                    MemoryCase{"sharp", "cosine", 2, 0, "soft", false}),
    [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace saccade::memory_golden_test
