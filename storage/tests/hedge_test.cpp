#include "src/hedge.hpp"
#include "src/reading.hpp"

#include "tests/fake_storage.hpp"

#include <infra/testing/test_loop.hpp>

#include <boost/asio/error.hpp>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

TEST(StorageHedge, IsForWhatMayBeShort) {
    struct row {
        std::optional<byte_range> range;
        bool short_enough;
    };
    const row table[] = {
        {std::nullopt, true},
        {byte_range{.length = 1}, true},
        {byte_range{.offset = 1 << 30, .length = 512 << 10}, true},
        {byte_range{.length = (512 << 10) + 1}, false},
        {byte_range{.last = 512 << 10}, true},
        {byte_range{.last = (512 << 10) + 1}, false},
        {byte_range{.offset = 10}, false},
    };
    for (const auto& [range, short_enough] : table)
        EXPECT_EQ(may_be_short({.key = "a", .range = range}), short_enough) << &range - &table[0].range;
}

struct StorageHedges : fake_storage {
    StorageHedges() {
        options.hedge_after = 200ms;
        to->store("a", "hello");
    }

    /// How long a get of "a" takes.
    std::chrono::nanoseconds time_of_get(get_options how = {}) {
        const auto began = time.steady();
        EXPECT_EQ(get(files().get("a", how)).bytes, "hello");
        EXPECT_EQ(to->running(), 0) << "the other is waited for";
        return time.steady() - began;
    }

    std::vector<std::chrono::nanoseconds> times() const {
        std::vector<std::chrono::nanoseconds> all;
        const auto calls = to->calls();
        for (const auto& each : calls)
            all.push_back(each.at - calls.at(0).at);
        return all;
    }
};

TEST_F(StorageHedges, TakeTheSecondAnswerWhereTheFirstIsLate) {
    to->hang("get");
    EXPECT_EQ(time_of_get(), 200ms);
    EXPECT_EQ(to->count("get"), 2u);
}

TEST_F(StorageHedges, TakeTheFirstAnswerWhereItComesFirst) {
    to->delay("get", 300ms);
    to->hang("get");
    EXPECT_EQ(time_of_get(), 300ms);
    EXPECT_EQ(to->count("get"), 2u);
}

TEST_F(StorageHedges, AreNotMadeWhereTheAnswerComesInTime) {
    to->delay("get", 150ms);
    EXPECT_EQ(time_of_get(), 150ms);
    EXPECT_EQ(to->count("get"), 1u);
}

TEST_F(StorageHedges, EndWithTheFirstFailureWhereBothFail) {
    options.attempts = 1;
    to->delay("get", 300ms, down);
    to->delay("get", 50ms, slow);
    EXPECT_STREQ(refusal(files().get("a"))->what(), "no connection");
    to->delay("get", 300ms, down);
    to->delay("get", 200ms, slow);
    EXPECT_STREQ(refusal(files().get("a"))->what(), "no connection");
    EXPECT_EQ(to->count("get"), 4u);
    EXPECT_EQ(to->running(), 0);
}

TEST_F(StorageHedges, OutliveTheFailureOfTheOther) {
    to->delay("get", 300ms);
    to->fail("get", down);
    EXPECT_EQ(time_of_get(), 300ms) << "of the second";
    to->delay("get", 250ms, down);
    to->delay("get", 300ms);
    EXPECT_EQ(time_of_get(), 500ms) << "of the first";
    EXPECT_EQ(to->count("get"), 4u);
}

TEST_F(StorageHedges, LeaveWhatFailsBeforeThemToAnotherAttempt) {
    to->delay("get", 150ms, down);
    EXPECT_EQ(time_of_get(), 250ms);
    EXPECT_EQ(times(), (std::vector<std::chrono::nanoseconds>{0ms, 250ms}));
}

TEST_F(StorageHedges, TakeARefusalForAnAnswer) {
    const auto began = time.steady();
    to->hang("get");
    to->fail("get", denied);
    EXPECT_STREQ(refusal(files().get("a"))->what(), "not allowed");
    EXPECT_EQ(time.steady() - began, 200ms);
    to->delay("get", 250ms, denied);
    to->hang("get");
    EXPECT_STREQ(refusal(files().get("a"))->what(), "not allowed");
    EXPECT_EQ(time.steady() - began, 450ms);
    EXPECT_EQ(to->running(), 0);
}

TEST_F(StorageHedges, EndWithTheAttemptWhereNobodyAnswers) {
    options.attempts = 1;
    to->hang("get");
    to->hang("get");
    const auto began = time.steady();
    EXPECT_EQ(refusal(files().get("a"))->code(), infra::errc::timed_out);
    EXPECT_EQ(time.steady() - began, 15s);
    EXPECT_EQ(to->running(), 0);
}

TEST_F(StorageHedges, AreForWhatIsMissingToo) {
    to->cut(2, down);
    to->pass("get");
    to->hang("get");
    EXPECT_EQ(time_of_get(), 300ms) << "a pause, and then late";
    EXPECT_EQ(to->count("get"), 3u);
}

TEST_F(StorageHedges, LeaveNothingWhenCancelledFromOutside) {
    const auto from = std::make_shared<const core>(options);
    to->hang("get");
    to->hang("get");
    testing::test_loop loop;
    asio::cancellation_signal signal;
    const auto one = loop.spawn(read_whole(from, {.key = "a"}, 100, {}), signal.slot());
    loop.settle();
    time.advance(200ms);
    loop.settle();
    EXPECT_EQ(to->running(), 2);
    EXPECT_EQ(from->calls.in_turn().in_flight(), 2u) << "each has its turn";
    loop.cancel(signal);
    loop.until([&] { return one->done(); });
    EXPECT_EQ(one->code(), asio::error::operation_aborted);
    EXPECT_EQ(to->running(), 0);
    EXPECT_EQ(time.sleepers(), 0u);
    EXPECT_EQ(from->calls.in_turn().in_flight(), 0u);
}

TEST_F(StorageHedges, LeaveNothingToALoopThatEnds) {
    const auto from = std::make_shared<const core>(options);
    to->hang("get");
    to->hang("get");
    {
        testing::test_loop loop;
        const auto one = loop.spawn(read_whole(from, {.key = "a"}, 100, {}));
        loop.settle();
        time.advance(200ms);
        loop.settle();
        EXPECT_EQ(to->running(), 2);
    }
    EXPECT_EQ(to->running(), 0);
    EXPECT_EQ(from->calls.in_turn().in_flight(), 0u);
}

TEST_F(StorageHedges, AreNotMadeWithoutABudget) {
    options.retry_budget = 1;
    const auto from = files();
    to->hang("get");
    EXPECT_EQ(get(from.get("a")).bytes, "hello");
    to->delay("get", 10s);
    EXPECT_EQ(get(from.get("a")).bytes, "hello");
    EXPECT_EQ(to->count("get"), 3u);
}

TEST_F(StorageHedges, WaitForTheirTurn) {
    options.max_requests = 1;
    to->delay("get", 10s);
    EXPECT_EQ(time_of_get(), 10s);
    EXPECT_EQ(to->count("get"), 1u);
}

TEST_F(StorageHedges, TellOfAStoreThatAsksForPatience) {
    options.max_requests = 8;
    const auto from = std::make_shared<const core>(options);
    to->delay("get", 300ms);
    to->fail("get", slow);
    EXPECT_EQ(get(read_whole(from, {.key = "a"}, 100, {})).bytes, "hello");
    EXPECT_EQ(from->calls.in_turn().limit(), 4u);
}

TEST_F(StorageHedges, AreMadeOnlyWhereTheyWereAskedForAndMayHelp) {
    struct row {
        const char* what;
        std::function<void(storage_options&)> change;
        get_options how;
    };
    const row table[] = {
        {"off unless set", [](auto& o) { o.hedge_after = storage_options().hedge_after; }, {}},
        {"a long range", [](auto&) {}, {.range = byte_range{.length = (512 << 10) + 1}}},
        {"nothing remote", [this](auto&) { to->can.remote = false; }, {}},
    };
    const auto usual = options;
    for (const auto& [what, change, how] : table) {
        options = usual;
        change(options);
        to->delay("get", 10s);
        EXPECT_EQ(time_of_get(how), 10s) << what;
    }
    EXPECT_EQ(to->count("get"), 3u);
}

TEST_F(StorageHedges, AreNotForWhatIsReadAsItComes) {
    to->delay("get", 10s);
    EXPECT_EQ(get(files().open("a")).length(), 5u);
    EXPECT_EQ(to->count("get"), 1u);
}

} // namespace
} // namespace infra::storage
