#include "src/handler_table.hpp"

#include <infra/base/clock.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::realtime::detail {
namespace {

using namespace std::chrono_literals;

class Handlers : public ::testing::Test {
protected:
    using heard = std::vector<std::string>;

    /// True if no coroutine was needed.
    bool say(message said) {
        auto rest = dispatch(table.now(), "anna", std::move(said), {10s, &time});
        if (!rest)
            return true;
        loop.spawn(std::move(*rest));
        loop.settle();
        return false;
    }
    auto noting(std::string name) {
        return
            [this, name](const client_id& from, const message& m) { all.push_back(name + ":" + from + ":" + m.type); };
    }

    testing::test_loop loop;
    manual_clock time;
    handler_table table;
    heard all;
};

TEST_F(Handlers, AreCalledInTheOrderOfRegistrationForTheirTypeOrAll) {
    table.on_message("", noting("1"));
    table.on_message("x", noting("2"));
    table.on_message("y", noting("3"));
    table.on_message("", noting("4"));
    EXPECT_TRUE(say({.type = "x"}));
    EXPECT_EQ(all, (heard{"1:anna:x", "2:anna:x", "4:anna:x"}));
}

TEST_F(Handlers, KeepTheirOrderAmongCoroutines) {
    table.on_message("x", noting("1"));
    table.on_message("x", [this](client_id, message) -> awaitable<void> {
        co_await time.sleep_for(1s);
        all.push_back("slow");
    });
    table.on_message("x", noting("3"));
    EXPECT_FALSE(say({.type = "x"}));
    EXPECT_EQ(all, heard{"1:anna:x"});
    time.advance(1s);
    loop.settle();
    EXPECT_EQ(all, (heard{"1:anna:x", "slow", "3:anna:x"}));
}

TEST_F(Handlers, ThatThrowStopNoOther) {
    table.on_message("x", [](client_id, message) { throw std::runtime_error("plain"); });
    table.on_message("x", noting("2"));
    EXPECT_TRUE(say({.type = "x"}));
    table.on_message("x", [](client_id, message) -> awaitable<void> {
        throw 7;
        co_return;
    });
    table.on_message("x", noting("4"));
    EXPECT_FALSE(say({.type = "x"}));
    EXPECT_EQ(all, (heard{"2:anna:x", "2:anna:x", "4:anna:x"}));
}

TEST_F(Handlers, ThatHangAreCancelledAfterTheirTime) {
    bool cancelled = false;
    table.on_message("x", [&](client_id, message) -> awaitable<void> {
        try {
            co_await time.sleep_until(steady_time::max());
        } catch (...) {
            cancelled = true;
            throw;
        }
    });
    table.on_message("x", noting("2"));
    EXPECT_FALSE(say({.type = "x"}));
    time.advance(10s);
    loop.settle();
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(all, heard{"2:anna:x"});
}

TEST_F(Handlers, MayRegisterOthers) {
    table.on_message("x", [this](client_id, message) { table.on_message("x", noting("new")); });
    say({.type = "x"});
    EXPECT_EQ(all, heard{});
    say({.type = "x"});
    EXPECT_EQ(all, heard{"new:anna:x"});
}

TEST_F(Handlers, OfRequestsAreOneForEachType) {
    table.on_request("seats", [](client_id, message) { return 7; });
    table.on_request("other", [](client_id, message) -> awaitable<json::value> { co_return nullptr; });
    EXPECT_THROW(table.on_request("seats", [](client_id, message) { return 8; }), std::invalid_argument);
    EXPECT_EQ(table.now()->requests.at("seats").now("anna", {}), json::value(7));
    EXPECT_FALSE(table.now()->requests.at("other").is_plain());
}

TEST_F(Handlers, AreKnownByTheTypesTheyHear) {
    table.on_message("x", noting("1"));
    EXPECT_TRUE(has_handler(*table.now(), "x"));
    EXPECT_FALSE(has_handler(*table.now(), "y"));
    table.on_message("", noting("2"));
    EXPECT_TRUE(has_handler(*table.now(), "y"));
}

TEST_F(Handlers, HearOfClientsWithoutASession) {
    table.on_connect([&](client_id who, close_code) { all.push_back("+" + who); });
    table.on_disconnect([&](client_id who, close_code code) -> awaitable<void> {
        all.push_back("-" + who + " " + std::string(to_string(code)));
        co_return;
    });
    telling(table.now()->connected, "anna", close_code::normal, loop.get_executor())();
    telling(table.now()->disconnected, "anna", close_code::slow, loop.get_executor())();
    loop.settle();
    EXPECT_EQ(all, (heard{"+anna", "-anna slow"}));
}

} // namespace
} // namespace infra::realtime::detail
