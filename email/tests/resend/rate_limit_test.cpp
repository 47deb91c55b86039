#include "src/resend/rate_limit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace infra::email::resend {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start{1000s};
constexpr wall_time noon{784111777s}; // Sun, 06 Nov 1994 08:49:37 GMT

rate_words words(std::size_t limit, std::chrono::milliseconds window = 1s) {
    return {.limit = limit, .window = window};
}

// --- What an answer says ----------------------------------------------------------------------------------------

TEST(ResendRate, IsReadFromTheFieldsOfAnAnswer) {
    const auto said = read_rate({{"RateLimit-Limit", "5"},
                                 {"ratelimit-policy", "5;w=2"},
                                 {"ratelimit-remaining", "3"},
                                 {"ratelimit-reset", "1"},
                                 {"retry-after", "7"}},
                                noon);
    EXPECT_EQ(said.limit, 5u);
    EXPECT_EQ(said.window, 2s);
    EXPECT_EQ(said.remaining, 3u);
    EXPECT_EQ(said.reset, 1s);
    EXPECT_EQ(said.retry_after, 7s);
}

TEST(ResendRate, MayBeSaidByThePolicyAlone) {
    EXPECT_EQ(read_rate({{"ratelimit-policy", "100;w=1"}}, noon).limit, 100u);
    EXPECT_EQ(read_rate({{"ratelimit-policy", "100;w=60;burst=10, 5000;w=3600"}}, noon).window, 60s);
    EXPECT_EQ(read_rate({{"ratelimit-policy", "100"}}, noon).window, std::nullopt);
    EXPECT_EQ(read_rate({{"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"}}, noon).retry_after, 30s);
}

TEST(ResendRate, IsNotThereWhereItMakesNoSense) {
    for (const char* bad : {"", "x", "-1", "1.5", "99999999999999999999999", " "}) {
        const auto said = read_rate({{"ratelimit-limit", bad},
                                     {"ratelimit-policy", std::string(bad) + ";w=" + bad},
                                     {"ratelimit-remaining", bad},
                                     {"ratelimit-reset", bad},
                                     {"retry-after", bad}},
                                    noon);
        EXPECT_FALSE(said.limit || said.window || said.remaining || said.reset || said.retry_after) << bad;
    }
    EXPECT_FALSE(read_rate({{"ratelimit-limit", "0"}, {"ratelimit-policy", "0;w=0"}}, noon).limit);
    EXPECT_EQ(read_rate({{"ratelimit-reset", "999999999"}}, noon).reset, 1h);
}

// --- Waiting ----------------------------------------------------------------------------------------------------

TEST(ResendRateLimit, BeginsWithWhatEverybodyMay) {
    rate_limit limit;
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(limit.next(start), start);
        limit.started(start);
    }
    EXPECT_EQ(limit.next(start), std::nullopt) << "not before the first answer";
    EXPECT_EQ(limit.earliest(start, 1'000'000), start);
}

TEST(ResendRateLimit, IsNoneWhereNoneIsTold) {
    rate_limit limit({}, 50);
    limit.started(start);
    limit.ended(start);
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(limit.next(start), start);
        limit.started(start);
    }
    EXPECT_EQ(limit.next(start), std::nullopt) << "but for connections";
    limit.ended(start);
    EXPECT_EQ(limit.next(start), start);
}

TEST(ResendRateLimit, LetsNoMoreCountAtATime) {
    rate_limit limit({rate{.limit = 2, .window = 1s}});
    limit.started(start);
    limit.started(start);
    EXPECT_EQ(limit.next(start + 10s), std::nullopt) << "both may still be on their way";
    limit.ended(start + 10s);
    EXPECT_EQ(limit.next(start + 10s), start + 11s);
    EXPECT_EQ(limit.next(start + 11s), start + 11s);
    limit.ended(start + 12s);
    EXPECT_EQ(limit.next(start + 12s), start + 12s);
    limit.started(start + 12s);
    EXPECT_EQ(limit.next(start + 12s), start + 13s) << "that of 12 s counts until then";
}

TEST(ResendRateLimit, WaitsAsLongAsA429Says) {
    rate_limit limit;
    limit.started(start);
    limit.started(start);
    limit.ended(start, {.retry_after = 3s});
    limit.ended(start + 1s, {.retry_after = 1s});
    EXPECT_EQ(limit.next(start + 1s), start + 3s);
    EXPECT_EQ(limit.next(start + 4s), start + 4s);
}

TEST(ResendRateLimit, LeavesToOthersWhatTheyUse) {
    rate_limit limit;
    for (int i = 0; i < 3; ++i)
        limit.started(start);
    limit.ended(start, {.limit = 100, .window = 1s, .remaining = 3, .reset = 2s});
    limit.started(start); // of those three left, two are for requests that are under way
    EXPECT_EQ(limit.next(start), start + 2s);
    limit.ended(start, {.limit = 100, .window = 1s, .remaining = 50, .reset = 2s});
    EXPECT_EQ(limit.next(start), start) << "the last answer knows best";
}

TEST(ResendRateLimit, KnowsTheEarliestTimeOfThoseFurtherBack) {
    rate_limit limit({rate{.limit = 5, .window = 1s}});
    EXPECT_EQ(limit.earliest(start, 4), start);
    EXPECT_EQ(limit.earliest(start, 5), start + 1s);
    EXPECT_EQ(limit.earliest(start, 12), start + 2s);
}

TEST(ResendRateLimit, TakesTheStricterOfItsOwnAndWhatIsTold) {
    rate_limit limit({rate{.limit = 2, .window = 1s}});
    limit.started(start);
    limit.ended(start, words(1));
    EXPECT_EQ(limit.next(start), start + 1s);
    limit.started(start + 1s);
    limit.ended(start + 1s, words(100));
    EXPECT_EQ(limit.next(start + 1s), start + 1s);
    limit.started(start + 1s);
    EXPECT_EQ(limit.next(start + 1s), start + 2s);
}

TEST(ResendRateLimit, TakesNoHugeLimitForOne) {
    rate_limit limit;
    limit.started(start);
    limit.ended(start, words(1'000'000));
    for (int i = 0; i < 2000; ++i)
        limit.started(start);
    EXPECT_EQ(limit.next(start), start);
}

// --- Against a server -------------------------------------------------------------------------------------------

/// Takes `rule.limit` requests in a window, which begins every `rule.window`, or with each request anew.
struct server {
    rate rule;
    bool slides = false;
    std::vector<steady_time> taken{};
    int refused = 0;

    /// What it says to a request that arrives now, and whether it takes it.
    rate_words arrival(steady_time now) {
        const auto begin =
            slides ? now - rule.window : steady_time(now.time_since_epoch() - now.time_since_epoch() % rule.window);
        const auto counted = static_cast<std::size_t>(
            std::ranges::count_if(taken, [&](steady_time t) { return slides ? t > begin : t >= begin; }));
        const auto reset = std::chrono::ceil<std::chrono::seconds>(slides ? rule.window : begin + rule.window - now);
        if (counted >= rule.limit) {
            ++refused;
            return {.limit = rule.limit, .window = rule.window, .remaining = 0, .reset = reset, .retry_after = reset};
        }
        taken.push_back(now);
        return {.limit = rule.limit, .window = rule.window, .remaining = rule.limit - counted - 1, .reset = reset};
    }
};

struct play {
    server at;
    std::size_t requests = 0;    // in all
    std::size_t connections = 1; // at once
    std::chrono::milliseconds slowest = 0ms;
    unsigned seed = 0;
};

/// Plays a client that follows the limit, and returns how long it took. Where the limit is below everybody's, refusals before
/// the first answer and its window are not counted.
std::chrono::nanoseconds follow(play& p) {
    std::mt19937 lot(p.seed);
    const auto delay = [&] {
        return std::chrono::microseconds(lot() % (1 + 1000 * static_cast<unsigned>(p.slowest.count())));
    };
    struct event {
        bool is_answer;
        rate_words said;
    };
    std::multimap<steady_time, event> events;
    rate_limit limit;
    auto now = start + std::chrono::milliseconds(lot() % 1000);
    std::optional<steady_time> told;
    std::size_t under_way = 0, begun = 0;
    while (begun < p.requests || !events.empty()) {
        auto next = begun < p.requests && under_way < p.connections ? limit.next(now) : std::nullopt;
        while (next == now) {
            limit.started(now);
            ++begun;
            ++under_way;
            events.emplace(now + delay(), event{false, {}});
            next = begun < p.requests && under_way < p.connections ? limit.next(now) : std::nullopt;
        }
        if (events.empty() && !next)
            return std::chrono::nanoseconds::max(); // it waits for nothing
        if (events.empty() || (next && *next < events.begin()->first)) {
            now = *next;
            continue;
        }
        const auto [when, what] = *events.begin();
        events.erase(events.begin());
        now = std::max(now, when);
        if (what.is_answer) {
            limit.ended(now, what.said);
            --under_way;
            told = told.value_or(now);
            continue;
        }
        const auto said = p.at.arrival(now);
        if (p.at.rule.limit < 5 && (!told || now < *told + p.at.rule.window + 2 * p.slowest))
            p.at.refused = 0;
        events.emplace(now + delay(), event{true, said});
    }
    return now - start;
}

TEST(ResendRateLimit, IsNeverPassedByWhoFollowsIt) {
    std::mt19937 lot(1);
    for (unsigned i = 0; i < 300; ++i) {
        const rate rule{.limit = 1 + lot() % 20, .window = std::chrono::seconds(1 + lot() % 3)};
        play p{.at = {.rule = rule, .slides = i % 2 == 0},
               .requests = rule.limit * 10,
               .connections = 1 + lot() % 40,
               .slowest = std::chrono::milliseconds(lot() % 2000),
               .seed = i};
        const auto took = follow(p);
        SCOPED_TRACE("play " + std::to_string(i));
        EXPECT_EQ(p.at.refused, 0);
        const auto turns = 10 * (1 + rule.limit / p.connections); // of as many as may be under way together
        EXPECT_LT(took, 2 * turns * (rule.window + 2 * p.slowest + 1s)) << "and it does not wait for nothing";
    }
}

} // namespace
} // namespace infra::email::resend
