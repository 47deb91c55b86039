#pragma once

// What every backend must keep of what handlers tell, and of what ended.

#include "operations_fixture.hpp"

namespace infra::queue::tests {

// --- what handlers tell --------------------------------------------------------------------------------------------

TEST_P(QueueOperations, KeepsProgressAndLogLines) {
    add({make_job("a")});
    const auto held = claim().jobs.at(0).held;
    const auto told = loop.await(stored->tell({{.held = held, .progress = "50", .lines = {{t0, "one"}, {t0, "two"}}},
                                               {.held = held, .lines = {{t0 + 1s, "three"}}}}));
    EXPECT_EQ(told, (std::vector<bool>{true, true}));
    EXPECT_EQ(info("a")->progress, "50");
    EXPECT_EQ(loop.await(stored->logs({"mail", "a"})),
              (std::vector<log_line>{{t0, "one"}, {t0, "two"}, {t0 + 1s, "three"}}));
    finish({.held = held, .at = t0, .keep = {}});
    EXPECT_EQ(info("a")->progress, "50");
    EXPECT_EQ(loop.await(stored->logs({"mail", "a"})).size(), 3u);
}

TEST_P(QueueOperations, KeepsNothingThatIsToldUnderALostLease) {
    add({make_job("a")});
    const auto stale = claim().jobs.at(0).held;
    claim(1, t0 + 10s);
    EXPECT_EQ(loop.await(stored->tell({{.held = stale, .progress = "50", .lines = {{t0, "one"}}}})),
              std::vector<bool>{false});
    EXPECT_EQ(info("a")->progress, "");
    EXPECT_TRUE(loop.await(stored->logs({"mail", "a"})).empty());
}

TEST_P(QueueOperations, KeepsTheLastLogLines) {
    add({make_job("a")});
    note many{.held = claim().jobs.at(0).held};
    for (std::size_t i = 0; i < max_log_lines + 5; ++i)
        many.lines.push_back({t0, std::to_string(i)});
    loop.await(stored->tell({many}));
    const auto kept = loop.await(stored->logs({"mail", "a"}));
    ASSERT_EQ(kept.size(), max_log_lines);
    EXPECT_EQ(kept.front().text, "5");
}

TEST_P(QueueOperations, HasNoLogOfAJobThatIsForgotten) {
    add({make_job("a")});
    const auto held = claim().jobs.at(0).held;
    loop.await(stored->tell({{.held = held, .lines = {{t0, "one"}}}}));
    finish({.held = held, .at = t0, .keep = {.count = 0}});
    add({make_job("a")});
    EXPECT_TRUE(loop.await(stored->logs({"mail", "a"})).empty());
}

TEST_P(QueueOperations, RemembersTheLastErrors) {
    add({make_job("a", {.attempts = 100})});
    const auto number = static_cast<int>(max_job_errors) + 2;
    for (int i = 1; i <= number; ++i) {
        const auto at = t0 + std::chrono::seconds(i);
        finish({.held = claim(1, at).jobs.at(0).held,
                .as = outcome::kind::retry,
                .reason = "e" + std::to_string(i),
                .at = at});
    }
    finish({.held = claim(1, t0 + 1min).jobs.at(0).held, .as = outcome::kind::completed, .at = t0 + 1min, .keep = {}});
    const auto errors = info("a")->errors;
    ASSERT_EQ(errors.size(), max_job_errors);
    EXPECT_EQ(errors.front(), (job_error{.attempt = 3, .at = t0 + 3s, .reason = "e3"}));
    EXPECT_EQ(errors.back().reason, "e" + std::to_string(number));
}

// --- history -------------------------------------------------------------------------------------------------------

TEST_P(QueueOperations, CountsWhatEndsByTheMinute) {
    live_and_end("a", outcome::kind::completed, {.count = 0}, t0 + 1s);
    live_and_end("b", outcome::kind::completed, {}, t0 + 59s);
    live_and_end("c", outcome::kind::failed, {}, t0 + 59s);
    live_and_end("d", outcome::kind::completed, {}, t0 + 5min);
    EXPECT_EQ(loop.await(stored->history("mail", t0, t0 + 1h)),
              (std::vector<minute_counts>{{t0, 2, 1}, {t0 + 5min, 1, 0}}));
    EXPECT_EQ(loop.await(stored->history("mail", t0 + 1min, t0 + 5min)), std::vector<minute_counts>{});
    EXPECT_TRUE(loop.await(stored->history("images", t0, t0 + 1h)).empty());
}

TEST_P(QueueOperations, ForgetsWhatIsDroppedAndCountsItNowhere) {
    live_and_end("kept", outcome::kind::completed, {}, t0);
    auto job = make_job("a");
    job.deduplicate = deduplication{.id = "one"};
    add({job});
    const auto waiting = loop.start(stored->wait_for_end({"mail", "a"}));
    const auto start = events("").next;
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::dropped, .at = t0}));
    EXPECT_FALSE(finish({.held = held, .as = outcome::kind::dropped, .at = t0})) << "the lease is void";
    EXPECT_FALSE(loop.await(stored->get({{"mail", "a"}})).at(0));
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0), (queue_counts{.queue = "mail", .completed = 1}));
    EXPECT_EQ(loop.await(stored->history("mail", t0, t0 + 1h)), (std::vector<minute_counts>{{t0, 1, 0}}));
    EXPECT_EQ(lines(events(start)), (std::vector<std::string>{"active a", "removed a"}));
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_FALSE(*waiting->value) << "it did not end";
    job.id = "b";
    EXPECT_TRUE(loop.await(stored->enqueue({job})).at(0).created()) << "its deduplication is free";
}

TEST_P(QueueOperations, ForgetsMinutesAfterAWeek) {
    live_and_end("a", outcome::kind::completed, {}, t0);
    live_and_end("b", outcome::kind::completed, {}, t0 + history_kept + 1min);
    const auto kept = loop.await(stored->history("mail", t0, t0 + 2 * history_kept));
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].minute, t0 + history_kept + 1min);
}

} // namespace infra::queue::tests
