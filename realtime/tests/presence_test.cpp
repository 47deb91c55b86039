#include "../src/presence.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace infra::realtime::detail {
namespace {

using namespace std::chrono_literals;
using kind = presence_change::kind;

TEST(PresenceTable, TellsWhatChangedOnceItsClockSaysSo) {
    manual_clock time;
    std::vector<std::pair<kind, std::string>> told;
    presence_table table({.grace = 15s}, time,
                         [&](const presence_change& c) { told.emplace_back(c.what, c.who.user); });
    table.add("room", "anna", "1", "desk");
    EXPECT_EQ(table.snapshot("room").front().since, time.wall());
    table.remove("room", "1");
    time.advance(14s);
    table.expire();
    EXPECT_EQ(told.size(), 2u);
    time.advance(1s);
    EXPECT_LE(*table.next_expiry(), time.steady());
    table.expire();
    EXPECT_EQ(told, (std::vector<std::pair<kind, std::string>>{
                        {kind::joined, "anna"}, {kind::changed, "anna"}, {kind::left, "anna"}}));
    EXPECT_EQ(table.count("room"), presence_stats{});
}

TEST(PresenceTable, TellsNextWhatItsTellerChanges) {
    manual_clock time;
    std::vector<std::string> told;
    presence_table* here = nullptr;
    presence_table table({}, time, [&](const presence_change& c) {
        told.push_back(c.who.user);
        if (c.who.user == "anna")
            here->add("room", "ben", "2", {});
        told.push_back("end of " + c.who.user);
    });
    here = &table;
    table.add("room", "anna", "1", {});
    EXPECT_EQ(told, (std::vector<std::string>{"anna", "end of anna", "ben", "end of ben"}));
}

TEST(PresenceTable, TellsJoinAndLeaveInTurnFromManyThreads) {
    manual_clock time;
    std::map<std::string, bool> there; // touched by one teller at a time
    int out_of_turn = 0;
    presence_table table({.grace = 0ms}, time, [&](const presence_change& c) {
        if (c.what == kind::changed)
            return;
        bool& is = there[c.who.user];
        out_of_turn += is == (c.what == kind::joined);
        is = c.what == kind::joined;
    });
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n)
        threads.emplace_back([&, n] {
            for (int round = 0; round < 2'000; ++round) {
                const auto client = std::to_string(n);
                table.add("room", round % 2 ? "anna" : "ben", client, {});
                table.remove("room", client);
                table.expire();
            }
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(out_of_turn, 0);
    EXPECT_FALSE(there["anna"]);
    EXPECT_FALSE(there["ben"]);
}

} // namespace
} // namespace infra::realtime::detail
