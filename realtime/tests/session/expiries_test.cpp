#include "src/expiries.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace infra::realtime::detail {
namespace {

using namespace std::chrono_literals;

struct counted : expiring {
    int ups = 0;
    std::function<void()> then;
    void time_is_up() noexcept override {
        ++ups;
        if (then)
            then();
    }
};

const steady_time start{1h};

TEST(Expiries, TellEachOnceWhenItsTimeIsUp) {
    expiries all;
    const auto early = std::make_shared<counted>(), late = std::make_shared<counted>();
    all.add(start + 2s, late);
    all.add(start + 1s, early);
    all.sweep(start + 1s - 1ns);
    EXPECT_EQ(early->ups, 0);
    all.sweep(start + 1s);
    all.sweep(start + 1s);
    EXPECT_EQ(early->ups, 1);
    EXPECT_EQ(late->ups, 0);
    all.sweep(start + 1h);
    EXPECT_EQ(late->ups, 1);
    EXPECT_EQ(all.size(), 0u);
}

TEST(Expiries, ForgetWhoHasGone) {
    expiries all;
    const auto here = std::make_shared<counted>(), removed = std::make_shared<counted>();
    all.add(start, here);
    all.add(start, removed);
    all.add(start, std::make_shared<counted>());
    all.remove(start, *removed);
    all.remove(start + 1s, *here);
    EXPECT_EQ(all.size(), 2u);
    all.sweep(start);
    EXPECT_EQ(here->ups, 1);
    EXPECT_EQ(removed->ups, 0);
}

TEST(Expiries, TakeANewTimeWhileOneIsUp) {
    expiries all;
    const auto again = std::make_shared<counted>();
    again->then = [&] { all.add(start + 1s, again); };
    all.add(start, again);
    all.sweep(start);
    all.sweep(start + 1s);
    EXPECT_EQ(again->ups, 2);
}

} // namespace
} // namespace infra::realtime::detail
