#include "base/reuse.hpp"

#include <gtest/gtest.h>

#include "run/runner.hpp"
#include "same_trace.hpp"
#include "tiny_exhibit.hpp"

namespace saccade::reuse_test {
namespace {

using test::expect_same_trace;

std::shared_ptr<const int> number(int value) {
    return std::make_shared<const int>(value);
}

TEST(Reuse, finds_what_was_kept_last_under_a_key) {
    Reuse reuse;
    EXPECT_EQ(reuse.find<int>("a"), nullptr);
    reuse.keep("a", number(1), 4);
    reuse.keep("b", number(2), 4);
    reuse.keep("a", number(3), 4);
    ASSERT_NE(reuse.find<int>("a"), nullptr);
    EXPECT_EQ(*reuse.find<int>("a"), 3);
    EXPECT_EQ(*reuse.find<int>("b"), 2);
    EXPECT_EQ(reuse.bytes(), 8u);
    EXPECT_EQ(reuse.find<float>("a"), nullptr) << "of another type";
    reuse.forget("a");
    EXPECT_EQ(reuse.find<int>("a"), nullptr);
    EXPECT_EQ(reuse.bytes(), 4u);
}

TEST(Reuse, has_bounded_room_and_drops_what_was_not_used_for_longest) {
    Reuse reuse(10);
    reuse.keep("a", number(1), 4);
    reuse.keep("b", number(2), 4);
    ASSERT_NE(reuse.find<int>("a"), nullptr);
    reuse.keep("c", number(3), 4);
    EXPECT_NE(reuse.find<int>("a"), nullptr);
    EXPECT_EQ(reuse.find<int>("b"), nullptr);
    EXPECT_LE(reuse.bytes(), 10u);
    reuse.keep("a", number(5), 11);
    EXPECT_EQ(reuse.find<int>("a"), nullptr) << "more than all the room, and the old one is outdated";
    EXPECT_EQ(reuse.bytes(), 4u);
}

/// Running sums over the characters, kept as far as the text agrees with the one before.
struct KeptSums {
    std::vector<std::string> characters;
    std::vector<float> sums;
};

class ReuseBetweenRuns : public ::testing::Test {
 protected:
    ReuseBetweenRuns() {
        exhibit_ = test::tiny_exhibit();
        exhibit_.run = [this](RunContext& context) {
            auto next = std::make_shared<KeptSums>();
            next->characters = code_points(context.params.text("source"));
            const auto kept = context.reuse.find<KeptSums>("sums");
            std::size_t same = 0;
            if (kept) {
                const auto& before = kept->characters;
                while (same < before.size() && same < next->characters.size() && before[same] == next->characters[same]) ++same;
                next->sums.assign(kept->sums.begin(), kept->sums.begin() + static_cast<std::ptrdiff_t>(same));
            }
            computed_ = 0;
            for (std::size_t i = same; i < next->characters.size(); ++i, ++computed_) {
                const float step = static_cast<float>(next->characters[i].front()) / 7.0f;
                next->sums.push_back((i > 0 ? next->sums.back() : 0.0f) * 1.1f + step);
            }
            Tensor<float> sums({static_cast<Index>(next->sums.size())});
            std::copy(next->sums.begin(), next->sums.end(), sums.data());
            context.probe.axis({"source", AxisKind::key, sums.size(), {}, "j"});
            test::show_whole(context.probe, {"sums", Role::state, "s", "Sums", "", {"source"}}, sums);
            context.reuse.keep("sums", std::shared_ptr<const KeptSums>(next), next->sums.size() * sizeof(float));
        };
    }

    TracePtr run_with(Reuse* reuse, const std::string& source, const std::vector<std::string>& specs = {}) {
        RunRequest request;
        request.params.set("source", source);
        for (const std::string& spec : specs) request.interventions.push_back(parse_intervention(spec));
        return run(exhibit_, request, {}, {}, reuse);
    }

    Exhibit exhibit_;
    int computed_ = 0;
};

TEST_F(ReuseBetweenRuns, computes_what_the_edit_touched_and_gives_the_same_trace) {
    Reuse reuse;
    run_with(&reuse, "abcdef");
    EXPECT_EQ(computed_, 6);
    for (const char* source : {"abcdeg", "abcdegh", "xbc", "x"}) {
        SCOPED_TRACE(source);
        const TracePtr fast = run_with(&reuse, source);
        const int touched = computed_;
        const TracePtr full = run_with(nullptr, source);
        EXPECT_GT(computed_, 0);
        EXPECT_LE(touched, computed_);
        expect_same_trace(*fast, *full);
    }
    run_with(&reuse, "x");
    EXPECT_EQ(computed_, 0);
}

TEST_F(ReuseBetweenRuns, takes_and_leaves_nothing_where_something_intervenes) {
    Reuse reuse;
    run_with(&reuse, "abc");
    const TracePtr changed = run_with(&reuse, "abc", {"sums[0]=100"});
    EXPECT_EQ(computed_, 3);
    EXPECT_EQ(changed->tensor("sums").values.at({0}), 100);
    const TracePtr after = run_with(&reuse, "abc");
    EXPECT_EQ(computed_, 0);
    expect_same_trace(*after, *run_with(nullptr, "abc"));
}

}  // namespace
}  // namespace saccade::reuse_test
