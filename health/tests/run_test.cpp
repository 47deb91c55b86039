#include "src/run.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace infra::health::detail {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<entry> make(std::string name, check_options options = {}) {
    return std::make_shared<entry>(std::move(name), checker([] {}), std::move(options));
}

std::string names(const entry_list& list) {
    std::string all;
    for (const auto& each : list)
        all += each->name + " ";
    return all;
}

/// The names of the slots that may begin.
std::string ready(const run& r) {
    std::string all;
    for (const auto& each : r.slots)
        if (r.may_begin(each))
            all += each.of->name + " ";
    return all;
}

void answer(run& r, std::size_t slot, health_status said) {
    note(*r.slots[slot].of->standing, said, {}, {});
    r.slots[slot].begun = true;
    r.slots[slot].outcome = check_report{.status = said};
}

const entry_list shop{
    make("network", {.groups = {}}),
    make("search", {.groups = {"ready", "search"}, .depends_on = {"network"}}),
    make("loop", {.groups = {"live"}}),
    make("orders", {.groups = {"ready"}, .depends_on = {"db", "missing"}}),
    make("db", {.groups = {}, .depends_on = {"network"}}),
};

TEST(HealthRunMembers, AreThoseOfTheGroupAndWhatTheyDependOnInOrder) {
    EXPECT_EQ(names(members(shop, "")), "network search loop orders db ");
    EXPECT_EQ(names(members(shop, "ready")), "network search orders db ");
    EXPECT_EQ(names(members(shop, "search")), "network search ");
    EXPECT_EQ(names(members(shop, "live")), "loop ");
    EXPECT_EQ(names(members(shop, "nobody's")), "");
}

TEST(HealthRunDependencies, MustNotLeadBack) {
    const entry_list list{make("a", {.depends_on = {"b"}}), make("b", {.depends_on = {"c"}})};
    const auto accepts = [&list](std::string name, std::vector<std::string> on) {
        try {
            check_dependencies(list, *make(std::move(name), {.depends_on = std::move(on)}));
            return true;
        } catch (const std::invalid_argument&) {
            return false;
        }
    };
    EXPECT_FALSE(accepts("self", {"self"}));
    EXPECT_FALSE(accepts("c", {"a"}));
    EXPECT_FALSE(accepts("c", {"b"}));
    EXPECT_FALSE(accepts("b", {"a"})) << "also in place of another";
    EXPECT_TRUE(accepts("b", {"d"}));
    EXPECT_TRUE(accepts("c", {"d"}));
    EXPECT_TRUE(accepts("d", {"a", "b", "c"}));
}

TEST(HealthRunOrder, LetsACheckBeginWhenWhatItDependsOnHasAnswered) {
    run r;
    r.seat_checks(members(shop, ""));
    EXPECT_EQ(ready(r), "network loop ");
    answer(r, 0, health_status::healthy);
    EXPECT_EQ(ready(r), "search loop db ");
    answer(r, 4, health_status::healthy);
    EXPECT_EQ(ready(r), "search loop orders ");
    EXPECT_EQ(r.obstacle(r.slots[3]), nullptr);
}

TEST(HealthRunOrder, FindsTheObstacleOfACheckAlsoBehindOneThatWasSkipped) {
    const entry_list chain{make("network"), make("db", {.depends_on = {"network"}}),
                           make("orders", {.depends_on = {"db"}})};
    run r;
    r.seat_checks(chain);
    answer(r, 0, health_status::unhealthy);
    ASSERT_NE(r.obstacle(r.slots[1]), nullptr);
    EXPECT_EQ(r.obstacle(r.slots[1])->name, "network");
    r.slots[1].outcome = check_report{.skipped = true};
    ASSERT_NE(r.obstacle(r.slots[2]), nullptr);
    EXPECT_EQ(r.obstacle(r.slots[2])->name, "db");
}

TEST(HealthRunOrder, IsNotHeldUpByWhatWasRemoved) {
    const entry_list pair{make("db"), make("orders", {.depends_on = {"db"}})};
    run r;
    r.seat_checks(pair);
    r.slots[0].begun = true;
    EXPECT_EQ(ready(r), "");
    pair[0]->standing->removed = true;
    EXPECT_EQ(ready(r), "orders ");
    EXPECT_EQ(r.obstacle(r.slots[1]), nullptr);
}

TEST(HealthRunTime, IsDueAtTheLastTimeoutAndAtTheDeadlineAtTheLatest) {
    run r;
    r.began = steady_time{};
    r.deadline = steady_time{800ms};
    EXPECT_EQ(r.due(), steady_time{}) << "nothing to wait for";
    for (const auto limit : {100ms, 500ms}) {
        auto& slot = r.slots.emplace_back();
        slot.awaited = std::make_shared<flight>();
        slot.awaited->limit = steady_time{limit};
    }
    EXPECT_EQ(r.due(), steady_time{500ms});
    EXPECT_EQ(r.next_look(steady_time{}), steady_time{100ms});
    EXPECT_EQ(r.next_look(steady_time{100ms}), steady_time{500ms});
    r.slots[1].awaited->limit = steady_time{2s};
    EXPECT_EQ(r.due(), steady_time{800ms});
    EXPECT_EQ(r.next_look(steady_time{100ms}), steady_time{800ms});
}

} // namespace
} // namespace infra::health::detail
