#include "base/kept_with.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>

namespace saccade::kept_with_test {
namespace {

using namespace std::chrono_literals;

using Owner = std::shared_ptr<const int>;
using Kept = KeptWith<int, std::string, int>;
using Made = std::shared_ptr<const std::string>;

Owner owner() {
    return std::make_shared<const int>(1);
}

Made made(const std::string& text) {
    return std::make_shared<const std::string>(text);
}

/// A `make` on a thread of its own that has begun and goes on when it is told to.
struct Slow {
    std::promise<void> begun, go_on;
    std::future<Made> result;

    template <class End>
    Slow(Kept& kept, const Owner& of, int key, End end) {
        result = std::async(std::launch::async, [this, &kept, of, key, end] {
            return kept.get(of, key, [&] {
                begun.set_value();
                go_on.get_future().wait();
                return end();
            });
        });
        begun.get_future().wait();
    }
};

TEST(KeptWith, makes_once_while_the_owner_lives) {
    Kept kept;
    const Owner a = owner();
    int times = 0;
    const auto make = [&] {
        ++times;
        return made("a");
    };
    const Made first = kept.get(a, 1, make);
    EXPECT_EQ(kept.get(a, 1, make), first);
    EXPECT_EQ(times, 1);
    kept.get(a, 2, make);
    Owner b = owner();
    kept.get(b, 1, make);
    EXPECT_EQ(times, 3) << "another key, another owner";
    std::weak_ptr<const std::string> gone = kept.get(b, 3, [] { return made("of b"); });
    EXPECT_FALSE(gone.expired());
    b.reset();
    kept.get(a, 1, make);
    EXPECT_TRUE(gone.expired()) << "what followed from it dies with it";
}

TEST(KeptWith, forgets_the_least_recently_used) {
    Kept kept(2);
    const Owner a = owner();
    const Made one = kept.get(a, 1, [] { return made("1"); }), two = kept.get(a, 2, [] { return made("2"); });
    const auto again = [] { return made("again"); };
    EXPECT_EQ(kept.get(a, 1, again), one);
    kept.get(a, 3, again);
    EXPECT_EQ(kept.get(a, 1, again), one);
    EXPECT_NE(kept.get(a, 2, again), two);
}

TEST(KeptWith, what_fails_is_not_kept) {
    Kept kept;
    const Owner a = owner();
    EXPECT_THROW(kept.get(a, 1, []() -> Made { throw Error(ErrorCode::bad_format, "no"); }), Error);
    EXPECT_EQ(*kept.get(a, 1, [] { return made("now"); }), "now");
}

TEST(KeptWith, nobody_waits_for_another_entry) {
    Kept kept;
    const Owner a = owner(), b = owner();
    Slow slow(kept, a, 1, [] { return made("slow"); });
    auto other = std::async(std::launch::async, [&] {
        return *kept.get(b, 1, [] { return made("of b"); }) + *kept.get(a, 2, [] { return made(", of another key"); });
    });
    EXPECT_EQ(other.wait_for(5s), std::future_status::ready);
    slow.go_on.set_value();
    EXPECT_EQ(other.get(), "of b, of another key");
}

TEST(KeptWith, who_asks_for_what_is_being_made_gets_it_or_leaves) {
    Kept kept;
    const Owner a = owner();
    Slow slow(kept, a, 1, [] { return made("slow"); });
    std::stop_source stop;
    std::atomic<bool> made_twice = false;
    const auto twice = [&] {
        made_twice = true;
        return made("twice");
    };
    auto leaves = std::async(std::launch::async, [&] { return kept.get(a, 1, twice, stop.get_token()); });
    auto stays = std::async(std::launch::async, [&] { return kept.get(a, 1, twice); });
    EXPECT_EQ(leaves.wait_for(20ms), std::future_status::timeout);
    stop.request_stop();
    EXPECT_EQ(leaves.wait_for(5s), std::future_status::ready) << "a wait can be cancelled";
    slow.go_on.set_value();
    try {
        leaves.get();
        ADD_FAILURE() << "was not cancelled";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    const Made first = slow.result.get();
    EXPECT_EQ(stays.get(), first);
    EXPECT_EQ(kept.get(a, 1, twice), first);
    EXPECT_FALSE(made_twice);
}

TEST(KeptWith, who_waited_in_vain_makes_it) {
    Kept kept;
    const Owner a = owner();
    Slow slow(kept, a, 1, []() -> Made { throw Error(ErrorCode::cancelled, "cancelled"); });
    std::atomic<int> times = 0;
    const auto make = [&] {
        ++times;
        return made("by a waiter");
    };
    auto one = std::async(std::launch::async, [&] { return kept.get(a, 1, make); });
    auto two = std::async(std::launch::async, [&] { return kept.get(a, 1, make); });
    EXPECT_EQ(one.wait_for(20ms), std::future_status::timeout);
    slow.go_on.set_value();
    EXPECT_THROW(slow.result.get(), Error);
    const Made first = one.get();
    EXPECT_EQ(*first, "by a waiter");
    EXPECT_EQ(two.get(), first);
    EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace saccade::kept_with_test
