#include <fmt/core.h>
#include <gtest/gtest.h>

#include "run/runner.hpp"
#include "testing.hpp"

// Ids are read back from what is shown: a hand that makes one none is refused alike everywhere.

namespace saccade::ids_test {
namespace {

struct Shows {
    std::string exhibit;
    std::vector<std::pair<std::string, std::string>> params;
    std::vector<std::string> ids;
};

const Shows all[] = {
    {"rnn-shapes", {{"shape", "1-to-n"}}, {"source.id", "output.id"}},
    {"rnn-shapes", {{"shape", "n-to-1"}}, {"source.id", "output.id"}},
    {"rnn-shapes", {{"shape", "n-to-n"}}, {"source.id", "output.id"}},
    {"rnn-shapes", {{"shape", "n-to-m"}}, {"source.id", "decoder.input", "output.id"}},
    {"saliency", {}, {"source.id", "focus.answer", "max.answer", "gate.answer"}},
    {"alignment", {}, {"source.id", "decoder.input", "output.id"}},
    {"captioning", {}, {"decoder.input", "output.id"}},
    {"temporal", {}, {"decoder.input", "output.id"}},
    {"reading", {}, {"decoder.input", "output.id"}},
    {"transformer", {}, {"source.id", "decoder.id", "output.id"}},
    {"positions", {}, {"source.id"}},
    {"induction", {}, {"token.id"}},
};

TEST(Ids, what_is_none_is_refused_alike_by_every_exhibit) {
    for (const Shows& shows : all) {
        for (const std::string& tensor : shows.ids)
            for (const char* value : {"0.5", "-1", "100000"}) {
                RunRequest request;
                request.exhibit = shows.exhibit;
                for (const auto& [name, choice] : shows.params) request.params.set(name, choice);
                request.interventions.push_back(parse_intervention(fmt::format("{}[0]={}", tensor, value)));
                const std::string line = test::error_of(ErrorCode::invalid_input, [&] { run(request); });
                EXPECT_TRUE(test::contains(
                    line,
                    fmt::format("{} was set to {}, which is not a valid id: set it to a whole number from 0", tensor, value)))
                    << shows.exhibit << ": " << line;
            }
    }
}

}  // namespace
}  // namespace saccade::ids_test
