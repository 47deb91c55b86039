#include "src/credentials_cache.hpp"

#include <infra/storage/error.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;
using testing::test_loop;

/// A function that is asked for credentials, counts, and may be held up.
class source {
public:
    explicit source(clock& time) : time_(time) {}

    credentials_function function() {
        return [this]() -> awaitable<credentials> {
            ++asked;
            if (held_up)
                co_await time_.sleep_for(1s);
            if (fails)
                throw std::runtime_error("nobody there");
            co_return next;
        };
    }

    int asked = 0;
    bool fails = false;
    bool held_up = false;
    credentials next{.access_key_id = "A1", .secret_access_key = "s"};

private:
    clock& time_;
};

class CredentialsCache : public ::testing::Test {
protected:
    credentials expiring(const std::string& id, std::chrono::minutes after) const {
        return {.access_key_id = id, .secret_access_key = "s", .expires = time.wall() + after};
    }
    std::string id() { return loop.get(cache.get()).access_key_id; }

    manual_clock time;
    test_loop loop;
    source from{time};
    credentials_cache cache{from.function(), time};
};

TEST_F(CredentialsCache, AsksBeforeTheFirstUseAndKeepsWhatDoesNotExpire) {
    EXPECT_EQ(from.asked, 0);
    EXPECT_EQ(id(), "A1");
    time.advance(1000h);
    EXPECT_EQ(id(), "A1");
    EXPECT_EQ(from.asked, 1);
}

TEST_F(CredentialsCache, AsksAgainFiveMinutesBeforeTheyExpire) {
    from.next = expiring("A1", 60min);
    EXPECT_EQ(id(), "A1");
    from.next = expiring("A2", 120min);
    time.advance(55min - 1s);
    EXPECT_EQ(id(), "A1");
    time.advance(1s);
    EXPECT_EQ(id(), "A2");
    EXPECT_EQ(from.asked, 2);
}

TEST_F(CredentialsCache, AsksOnceForAllWhoWait) {
    from.held_up = true;
    const auto first = loop.spawn(cache.get()), second = loop.spawn(cache.get()), third = loop.spawn(cache.get());
    loop.settle();
    EXPECT_FALSE(first->done() || second->done() || third->done());
    time.advance(1s);
    loop.until([&] { return first->done() && second->done() && third->done(); });
    EXPECT_EQ(from.asked, 1);
    EXPECT_EQ(third->value->access_key_id, "A1");
}

TEST_F(CredentialsCache, HoldsNobodyUpWhileWhatItHasIsGood) {
    from.next = expiring("A1", 60min);
    EXPECT_EQ(id(), "A1");
    time.advance(56min);
    from.next = expiring("A2", 120min);
    from.held_up = true;
    const auto asking = loop.spawn(cache.get());
    loop.settle();
    EXPECT_FALSE(asking->done());
    EXPECT_EQ(id(), "A1");
    time.advance(1s);
    loop.until([&] { return asking->done(); });
    EXPECT_EQ(id(), "A2");
    EXPECT_EQ(from.asked, 2);
}

TEST_F(CredentialsCache, SharesAFailureWhereItHasNothing) {
    from.held_up = from.fails = true;
    const auto first = loop.spawn(cache.get()), second = loop.spawn(cache.get());
    loop.settle();
    time.advance(1s);
    loop.until([&] { return first->done() && second->done(); });
    EXPECT_EQ(first->what(), "nobody there");
    EXPECT_EQ(second->what(), "nobody there");
    EXPECT_EQ(from.asked, 1);
    from.held_up = from.fails = false;
    EXPECT_EQ(id(), "A1");
}

TEST_F(CredentialsCache, KeepsTheOldOnesThroughAFailureAsLongAsTheyAreGood) {
    from.next = expiring("A1", 60min);
    EXPECT_EQ(id(), "A1");
    from.fails = true;
    time.advance(56min);
    EXPECT_EQ(id(), "A1");
    EXPECT_EQ(id(), "A1");
    EXPECT_EQ(from.asked, 2); // and does not ask at each use
    time.advance(credentials_cache::pause);
    EXPECT_EQ(id(), "A1");
    EXPECT_EQ(from.asked, 3);
    time.advance(4min);
    EXPECT_THROW(id(), std::runtime_error);
}

TEST_F(CredentialsCache, AsksOnceMoreForWhatAStoreCalledExpired) {
    const auto used = loop.get(cache.get());
    from.next = {.access_key_id = "A2", .secret_access_key = "s"};
    EXPECT_TRUE(cache.expired(used));
    EXPECT_EQ(id(), "A2");
    EXPECT_TRUE(cache.expired(used)); // heard twice: the second has others already
    EXPECT_EQ(id(), "A2");
    EXPECT_EQ(from.asked, 2);
}

TEST_F(CredentialsCache, DoesNotAskForEverWhereTheSameOnesComeBack) {
    const auto used = loop.get(cache.get());
    EXPECT_TRUE(cache.expired(used));
    EXPECT_EQ(id(), "A1");
    EXPECT_FALSE(cache.expired(used));
    EXPECT_EQ(id(), "A1");
    EXPECT_EQ(from.asked, 2);
}

TEST_F(CredentialsCache, UsesNothingThatAStoreCalledExpiredWhenAskingFails) {
    const auto used = loop.get(cache.get());
    from.fails = true;
    EXPECT_TRUE(cache.expired(used));
    EXPECT_THROW(id(), std::runtime_error);
}

TEST_F(CredentialsCache, LeavesItToAnotherToAskWhenOneIsCancelled) {
    from.held_up = true;
    asio::cancellation_signal cancel;
    const auto first = loop.spawn(cache.get(), cancel.slot());
    loop.settle();
    const auto second = loop.spawn(cache.get());
    loop.settle();
    loop.cancel(cancel);
    loop.until([&] { return first->done(); });
    EXPECT_EQ(first->code(), asio::error::operation_aborted);
    loop.settle();
    EXPECT_EQ(from.asked, 2);
    time.advance(1s);
    loop.until([&] { return second->done(); });
    EXPECT_EQ(second->value->access_key_id, "A1");
}

TEST_F(CredentialsCache, RefusesWhatCannotBeUsed) {
    from.next = expiring("A1", 0min);
    EXPECT_EQ(loop.run(cache.get())->code(), errc::denied);
    from.next = {.access_key_id = "A1"};
    EXPECT_EQ(loop.run(cache.get())->code(), infra::errc::misconfigured);
}

TEST_F(CredentialsCache, GivesFixedOnesForEver) {
    credentials_cache fixed(credentials{.access_key_id = "A"}, time), none(credentials{}, time);
    EXPECT_EQ(loop.get(fixed.get()).access_key_id, "A");
    EXPECT_FALSE(fixed.expired({.access_key_id = "A"}));
    EXPECT_EQ(loop.get(none.get()).access_key_id, "");
}

} // namespace
} // namespace infra::storage
