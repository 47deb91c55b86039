#include "cache_fixture.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/testing/background_conformance.hpp>

#include <map>

namespace infra::cache::tests {
namespace {

using strings = std::vector<std::string>;

class Cache : public OnMemory {};

TEST_F(Cache, AMissANullAndAnEmptyStringAreThreeThings) {
    EXPECT_EQ(loop.await(subject.get<std::string>("a")), std::nullopt);
    loop.await(subject.set("a", ""));
    EXPECT_EQ(loop.await(subject.get<std::string>("a")), "");
    loop.await(subject.set("a", nullptr));
    EXPECT_TRUE(loop.await(subject.get("a")).value().is_null());
    const auto null = loop.await(subject.get<std::optional<user>>("a"));
    ASSERT_TRUE(null);
    EXPECT_FALSE(*null);
    EXPECT_EQ(loop.code_of(subject.get<std::string>("a")), errc::wrong_type);
    EXPECT_TRUE(loop.await(subject.exists("a")));
}

TEST_F(Cache, ReadsWhatTheTypescriptPackageWrites) {
    store_bare("user:123", R"({"name":"John","role":"admin"})");
    EXPECT_EQ(loop.await(subject.get<user>("user:123")), (user{"John"}));
    store_bare("text", "not JSON at all");
    EXPECT_EQ(loop.await(subject.get<std::string>("text")), "not JSON at all");
}

// A hit of a plain string is copied without its quotes; nothing else may pass for one.
TEST_F(Cache, TextIsTheSameHoweverItIsAskedForAndStored) {
    for (const std::string text :
         {"", "plain", "\"quoted\"", "back\\slash", "a line\n", "\xC3\xA9t\xC3\xA9", "\xFF no UTF-8", "\xC1"}) {
        loop.await(subject.set("bare", text));
        loop.await(subject.set("tagged", text, {.tags = {"t"}}));
        for (const auto* const key : {"bare", "tagged"}) {
            EXPECT_EQ(subject.try_get<std::string>(key), text) << key;
            EXPECT_EQ(loop.await(subject.get<std::string>(key)), text) << key;
            EXPECT_EQ(loop.await(subject.get_many<std::string>(key)).front(), text) << key;
            EXPECT_EQ(loop.await(subject.get_or_set(key, 1s, [] { return std::string("loaded"); })), text) << key;
        }
    }
    loop.await(subject.set("text", "plain"));
    EXPECT_EQ(subject.try_get<json::value>("text"), json::value("plain"));
    EXPECT_THROW((void)subject.try_get<byte_vector>("text"), error) << "without its quotes it would be bytes";
    store_bare("other", "\"half");
    EXPECT_EQ(subject.try_get<std::string>("other"), "\"half");
    loop.await(subject.set("number", 1));
    EXPECT_THROW((void)subject.try_get<std::string>("number"), error);
}

TEST_F(Cache, WritesWhatTheTypescriptPackageReads) {
    loop.await(subject.set("user:123", {{"name", "John"}}, 60s));
    EXPECT_EQ(stored_under("user:123"), R"({"name":"John"})");
    loop.await(subject.get_or_set("n", 1s, [] { return 7; }));
    EXPECT_EQ(stored_under("n"), "7");
    loop.await(subject.increment("count", 3));
    EXPECT_EQ(stored_under("count"), "3");
}

TEST_F(Cache, KeepsBytesAndTextThatIsNotUtf8) {
    const byte_vector bytes(1000, std::byte{0xC1});
    loop.await(subject.set("bytes", bytes));
    EXPECT_EQ(loop.await(subject.get<byte_vector>("bytes")), bytes);
    EXPECT_EQ(subject.try_get<byte_vector>("bytes"), bytes);
    loop.await(subject.set("odd", std::string("\xC1\x01")));
    EXPECT_EQ(loop.await(subject.get<std::string>("odd")), "\xC1\x01");
}

TEST_F(Cache, AValueOfALaterReleaseIsAMiss) {
    store_bare("a", "\xC1\x7F whatever");
    EXPECT_EQ(loop.await(subject.get<std::string>("a")), std::nullopt);
    EXPECT_EQ(subject.try_get<std::string>("a"), std::nullopt);
    EXPECT_EQ(loop.await(subject.get_many<std::string>({"a", "b"})).at(0), std::nullopt);
}

TEST_F(Cache, LivesAsLongAsItWasTold) {
    const auto with_default = make({.default_ttl = 100ms});
    loop.await(with_default.set("a", 1));
    loop.await(with_default.set("b", 1, 50ms));
    loop.await(with_default.set("c", 1, forever));
    EXPECT_EQ(loop.await(with_default.ttl("a")), 100ms);
    time.advance(50ms);
    EXPECT_EQ(with_default.try_get<int>("a"), 1);
    EXPECT_EQ(with_default.try_get<int>("b"), std::nullopt);
    time.advance(50ms);
    EXPECT_EQ(with_default.try_get<int>("a"), std::nullopt);
    EXPECT_EQ(loop.await(with_default.ttl("c")), forever);
    EXPECT_EQ(loop.await(with_default.ttl("a")), std::nullopt);
}

TEST_F(Cache, ExpireAndTouchGiveAnotherTime) {
    const auto with_default = make({.default_ttl = 100ms});
    loop.await(with_default.set("bare", 1));
    loop.await(with_default.set("tagged", 1, {.tags = "t"}));
    loop.await(with_default.get_or_set("loaded", {.ttl = 100ms, .tags = "t", .stale = 10ms}, [] { return 1; }));
    for (const auto* key : {"bare", "tagged", "loaded"}) {
        EXPECT_TRUE(loop.await(with_default.expire(key, 10s))) << key;
        EXPECT_EQ(loop.await(with_default.ttl(key)), 10s) << key;
        EXPECT_TRUE(loop.await(with_default.touch(key))) << key;
        EXPECT_EQ(loop.await(with_default.ttl(key)), 100ms) << key;
    }
    EXPECT_FALSE(loop.await(with_default.expire("absent", 1s)));
    EXPECT_THROW(loop.await(with_default.expire("bare", 0ms)), std::invalid_argument);
    loop.await(with_default.invalidate_tag("t"));
    EXPECT_FALSE(loop.await(with_default.exists("loaded"))) << "it kept its tags";
}

TEST_F(Cache, StoresOnlyIfAbsentWhereAsked) {
    EXPECT_TRUE(loop.await(subject.set("a", 1, {.only_if_absent = true})));
    EXPECT_FALSE(loop.await(subject.set("a", 2, {.only_if_absent = true})));
    EXPECT_EQ(subject.try_get<int>("a"), 1);
}

TEST_F(Cache, HandlesManyAtOnce) {
    loop.await(subject.set_many(std::map<std::string, int>{{"a", 1}, {"b", 2}}, {.ttl = 1s}));
    EXPECT_EQ(loop.await(subject.get_many<int>({"b", "x", "a"})),
              (std::vector<std::optional<int>>{2, std::nullopt, 1}));
    EXPECT_EQ(loop.await(subject.del_many({"a", "x"})), 1U);
    EXPECT_EQ(loop.await(subject.get_many<int>(strings{})), std::vector<std::optional<int>>{});
    EXPECT_FALSE(loop.await(subject.del("a")));
    EXPECT_TRUE(loop.await(subject.del("b")));
}

TEST_F(Cache, OneMisfitAmongManyIsAnErrorNotAMiss) {
    loop.await(subject.set("a", 1));
    loop.await(subject.set("b", "text"));
    EXPECT_EQ(loop.code_of(subject.get_many<int>({"a", "b"})), errc::wrong_type);
}

TEST_F(Cache, TakesTimesOfEveryUnit) {
    loop.await(subject.set("short", 1, std::chrono::microseconds(1)));
    EXPECT_EQ(loop.await(subject.ttl("short")), 1ms);
    loop.await(subject.set("long", 1, std::chrono::hours::max()));
    EXPECT_EQ(loop.await(subject.ttl("long")), forever);
    loop.await(subject.get_or_set("fraction", std::chrono::duration<double>(0.25), [] { return 1; }));
    EXPECT_EQ(loop.await(subject.ttl("fraction")), 250ms);
    EXPECT_THROW(loop.await(subject.set("none", 1, std::chrono::nanoseconds(0))), std::invalid_argument);
    EXPECT_THROW(loop.await(subject.set("none", 1, std::chrono::hours::min())), std::invalid_argument);
}

TEST_F(Cache, CountsAndRefusesToCountOtherThings) {
    EXPECT_EQ(loop.await(subject.increment("n")), 1);
    EXPECT_EQ(loop.await(subject.increment("n", 41, 1s)), 42);
    EXPECT_EQ(subject.try_get<int>("n"), 42);
    EXPECT_EQ(loop.await(subject.ttl("n")), forever);
    loop.await(subject.set("text", "x"));
    EXPECT_EQ(loop.code_of(subject.increment("text")), errc::wrong_type);
}

TEST_F(Cache, RefusesBadKeysBeforeAnythingIsDone) {
    for (const std::string& key :
         {std::string(), std::string(1 << 20, 'k'), std::string("a\0b", 3), std::string("@@version")}) {
        EXPECT_EQ(loop.code_of(subject.set(key, 1)), infra::errc::invalid_input);
        EXPECT_EQ(loop.code_of(subject.get(key)), infra::errc::invalid_input);
        EXPECT_EQ(loop.code_of(subject.del(key)), infra::errc::invalid_input);
        EXPECT_EQ(loop.code_of(subject.get_or_set(key, 1s, [] { return 1; })), infra::errc::invalid_input);
        EXPECT_EQ(loop.code_of(subject.try_lock(key)), infra::errc::invalid_input);
        EXPECT_EQ(subject.try_get(key), std::nullopt);
    }
    EXPECT_EQ(stored->stats().entries, 0U);
}

TEST_F(Cache, TellsLongKeysApart) {
    const std::string base(2000, 'k');
    loop.await(subject.set(base + "a", 1));
    loop.await(subject.set(base + "b", 2));
    EXPECT_EQ(subject.try_get<int>(base + "a"), 1);
    EXPECT_EQ(loop.await(subject.get<int>(base + "b")), 2);
}

TEST_F(Cache, TellsWhereAValueLies) {
    const auto shop = make({.prefix = "shop:"});
    EXPECT_EQ(loop.await(shop.key_in_store("k")), "shop:k");
    loop.await(shop.flush());
    const auto now = loop.await(shop.key_in_store("k"));
    EXPECT_TRUE(now.starts_with("shop:@@") && now.ends_with(":k")) << now;
    loop.await(shop.set("k", 7));
    EXPECT_EQ(stored_under(now), "7");
    EXPECT_EQ(loop.code_of(shop.key_in_store("@@k")), infra::errc::invalid_input);
}

TEST_F(Cache, AnOperationOwnsItsArguments) {
    auto set = subject.set(std::string(100, 'k'), std::string(100, 'v'));
    loop.await(std::move(set));
    auto get = cache(subject).get<std::string>(std::string(100, 'k'));
    EXPECT_EQ(loop.await(std::move(get)), std::string(100, 'v'));
}

TEST_F(Cache, IsClosedAfterStop) {
    loop.await(subject.set("a", 1));
    loop.await(subject.stop(deadline::after(1s)));
    EXPECT_EQ(subject.try_get<int>("a"), std::nullopt);
    const auto closed = infra::errc::closed;
    EXPECT_EQ(loop.code_of(subject.set("a", 1)), closed);
    EXPECT_EQ(loop.code_of(subject.get<int>("a")), closed);
    EXPECT_EQ(loop.code_of(subject.get_many<int>("a")), closed);
    EXPECT_EQ(loop.code_of(subject.get_or_set("a", 1s, [] { return 1; })), closed);
    EXPECT_EQ(loop.code_of(subject.exists("a")), closed);
    EXPECT_EQ(loop.code_of(subject.ttl("a")), closed);
    EXPECT_EQ(loop.code_of(subject.del("a")), closed);
    EXPECT_EQ(loop.code_of(subject.expire("a", 1s)), closed);
    EXPECT_EQ(loop.code_of(subject.increment("a")), closed);
    EXPECT_EQ(loop.code_of(subject.invalidate_tag("t")), closed);
    EXPECT_EQ(loop.code_of(subject.flush()), closed);
    EXPECT_EQ(loop.code_of(subject.try_lock("a")), closed);
}

infra::testing::background_subject make_background_subject(executor) {
    const auto subject = std::make_shared<cache>(make_memory_store());
    return {.object = subject,
            .run = [c = subject.get()] { return c->run(); },
            .stop = [c = subject.get()](deadline d) { return c->stop(d); },
            .make_busy = [c = subject.get()]() -> awaitable<void> {
                co_await c->get_or_set("k", {.ttl = 1ms, .grace = 1h, .soft_timeout = 1ms}, [] { return 1; });
                asio::steady_timer pause(co_await asio::this_coro::executor, 5ms);
                co_await pause.async_wait(asio::use_awaitable);
                auto for_ever = []() -> awaitable<int> {
                    asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
                    co_await timer.async_wait(asio::use_awaitable);
                    co_return 2;
                };
                const auto old = co_await c->get_or_set("k", {.ttl = 1ms, .grace = 1h, .soft_timeout = 1ms}, for_ever);
                EXPECT_EQ(old, 1);
            }};
}

} // namespace
} // namespace infra::cache::tests

namespace infra::testing {
INSTANTIATE_TEST_SUITE_P(Cache, BackgroundConformance,
                         ::testing::Values(background_case{.name = "sweep_and_refreshes",
                                                           .make = cache::tests::make_background_subject}),
                         background_name);
} // namespace infra::testing
