#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "run/run.hpp"
#include "trace/formula.hpp"
#include "verdicts.hpp"

// What is computed from a tensor follows when that tensor is changed by hand, in every exhibit: each tensor that some rule
// reads is changed, on a run of the verdict tables that records the rule, and what the rule gives then must be what was
// recorded. Or the run refuses, in a line, to have it changed.

namespace saccade::test::follows_test {
namespace {

/// The rule without its numbers, which are this run's: one way in which a tensor follows from others.
std::string way_of(const std::string& rule) {
    std::string way;
    for (const char c : rule)
        if (!(c >= '0' && c <= '9') && c != '.') way += c;
    return way;
}

/// A tensor that a rule reads, and the way in which another follows from it.
struct Edge {
    std::string tensor, follower, way;
    auto operator<=>(const Edge&) const = default;
};

std::vector<Edge> edges_of(const Trace& trace) {
    std::vector<Edge> edges;
    for (const Step& step : trace.steps()) {
        if (step.rule.empty()) continue;
        for (const std::string& operand : operands(parse_rule(step.rule)))
            if (trace.tensor(operand).info.role != Role::parameter && operand != step.result)
                edges.push_back({operand, step.result, way_of(step.rule)});
    }
    return edges;
}

std::vector<Index> index_of(Index flat, const Shape& shape) {
    std::vector<Index> index(static_cast<std::size_t>(shape.rank()));
    for (int a = shape.rank(); a-- > 0; flat /= shape[a]) index[static_cast<std::size_t>(a)] = flat % shape[a];
    return index;
}

/// Something else that the tensor can hold. Ids: one of them is another's; masks: one more cell is hidden; all else is scaled,
/// and where scaling changes nothing, set. None: there is nothing else that it can hold.
std::vector<Intervention> change_of(const TraceTensor& tensor) {
    const Tensor<float>& values = tensor.values;
    const Shape& shape = values.shape();
    const auto hand = [&](Intervention::Kind kind, std::vector<Index> index, float value) {
        Intervention made;
        made.kind = kind;
        made.tensor = tensor.info.name;
        made.index = std::move(index);
        made.value = value;
        return made;
    };
    const auto set = [&](Index flat, float value) { return hand(Intervention::Kind::set, index_of(flat, shape), value); };
    if (values.empty()) return {};
    const Index last = values.size() - 1;
    if (tensor.info.role == Role::mask) {
        for (Index i = last; i >= 0; --i)
            if (values.data()[i] == 0) return {set(i, -std::numeric_limits<float>::infinity())};
        return {};
    }
    const bool ids = tensor.info.role == Role::input || tensor.info.role == Role::output;
    const bool whole = std::ranges::all_of(values.values(), [](float v) { return v == std::floor(v); });
    if (ids && whole) {
        for (Index i = 0; i <= last; ++i)
            if (values.data()[i] != values.data()[last]) return {set(last, values.data()[i])};
        return {set(last, values.data()[last] == 1 ? 0.0f : 1.0f)};
    }
    const bool scales = std::ranges::any_of(values.values(), [](float v) { return std::isfinite(v) && v != 0; });
    if (scales) return {hand(Intervention::Kind::scale, {}, 0.75f)};
    return {set(last, 0.5f)};
}

struct Count {
    int changed = 0, followed = 0, refused = 0;
};

/// Changes the tensor and holds every rule that reads it, and every other one, against what was recorded.
void expect_followed(RunRequest request, const Trace& untouched, const std::string& name, Count& count) {
    request.interventions = change_of(untouched.tensor(name));
    if (request.interventions.empty()) return;
    const std::string spec = to_string(request.interventions.front());
    TracePtr trace;
    try {
        trace = run(request);
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("cannot be changed"), std::string::npos) << spec << ": " << error.line();
        EXPECT_FALSE(error.hint().empty()) << spec;
        ++count.refused;
        return;
    }
    const TraceTensor* changed = trace->find(name);
    ASSERT_NE(changed, nullptr) << spec << ": the tensor is gone";
    EXPECT_FALSE(changed->before.empty()) << spec << " changed nothing";
    ++count.changed;
    for (const Step& step : trace->steps()) {
        if (step.rule.empty()) continue;
        const Claim claim = rule_holds(*trace, step.rule, 0, 48);
        EXPECT_TRUE(claim.holds || claim.by_hand)
            << spec << ": " << step.result << " does not follow " << step.rule << ", off by " << claim.error;
        const std::vector<std::string> read = operands(parse_rule(step.rule));
        count.followed += std::ranges::find(read, name) != read.end() ? 1 : 0;
    }
}

class Follows : public testing::TestWithParam<std::string> {};

TEST_P(Follows, whatever_reads_a_changed_tensor) {
    const Exhibit& exhibit = saccade::exhibit(GetParam());
    const VerdictTable* table = table_of(exhibit.id);
    ASSERT_NE(table, nullptr);
    std::set<Edge> seen;
    Count count;
    for (const VerdictRow& row : table->rows) {
        const RunRequest request = request_of(exhibit, row.settings);
        if (!request.interventions.empty()) continue;
        SCOPED_TRACE(fmt::format("{} with {}", exhibit.id, fmt::join(row.settings, ", ")));
        const TracePtr untouched = run(request);
        std::set<std::string> fresh;
        for (const Edge& edge : edges_of(*untouched))
            if (seen.insert(edge).second) fresh.insert(edge.tensor);
        for (const std::string& name : fresh) expect_followed(request, *untouched, name, count);
    }
    EXPECT_GT(seen.size(), 0u);
    RecordProperty("edges", static_cast<int>(seen.size()));
    fmt::print("{}: {} ways to follow, {} tensors changed, {} followed, {} refused\n", exhibit.id, seen.size(), count.changed,
               count.followed, count.refused);
}

void expect_no_fault(const RunRequest& request) {
    const TracePtr trace = run(request);
    for (const Claim& claim : check_claims(*trace))
        EXPECT_TRUE(claim.holds || claim.by_hand) << claim.tensor << ": " << claim.text << ", off by " << claim.error;
}

/// Whatever the tables of verdicts change by hand.
TEST_P(Follows, and_no_formula_is_broken_but_by_hand) {
    const Exhibit& exhibit = saccade::exhibit(GetParam());
    for (const VerdictRow& row : table_of(exhibit.id)->rows) {
        const RunRequest request = request_of(exhibit, row.settings);
        if (request.interventions.empty()) continue;
        SCOPED_TRACE(fmt::format("{} with {}", exhibit.id, fmt::join(row.settings, ", ")));
        expect_no_fault(request);
    }
}

/// What is left of large numbers is held against their size.
TEST(FollowsZeros, are_no_fault) {
    for (const auto& [exhibit, spec] : std::vector<std::pair<std::string, std::string>>{{"transformer", "encoder.norm=0"},
                                                                                        {"transformer", "logits=0"},
                                                                                        {"alignment", "annotations=0"},
                                                                                        {"induction", "self.state=0"}}) {
        SCOPED_TRACE(exhibit + " " + spec);
        RunRequest request;
        request.exhibit = exhibit;
        request.interventions = {parse_intervention(spec)};
        expect_no_fault(request);
    }
}

INSTANTIATE_TEST_SUITE_P(Exhibits, Follows, testing::ValuesIn(exhibit_ids()), name_of_exhibit);

}  // namespace
}  // namespace saccade::test::follows_test
