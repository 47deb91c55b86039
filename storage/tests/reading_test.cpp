#include "tests/fake_storage.hpp"

#include <infra/testing/test_loop.hpp>

#include <boost/asio/error.hpp>

#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

struct StorageReading : fake_storage {
    StorageReading() { to->piece = 1000; }

    /// An object with a checksum.
    std::string store(std::size_t size) {
        auto bytes = some_bytes(size);
        to->store("a", bytes, {}, checksum_of(bytes));
        return bytes;
    }

    std::string read(get_options how = {}) {
        return get([](storage from, get_options options) -> awaitable<std::string> {
            co_return co_await read_all(co_await from.open("a", options));
        }(files(), how));
    }
};

// --- get() ------------------------------------------------------------------------------------------------------

TEST_F(StorageReading, GivesAnObjectAndWhatIsKnownOfIt) {
    to->store("a", "hello", {.content_type = "text/plain", .metadata = {{"by", "Ann"}}}, checksum_of("hello"));
    const auto found = get(files().get("a"));
    EXPECT_EQ(found.bytes, "hello");
    EXPECT_EQ(found.info.key, "a");
    EXPECT_EQ(found.info.content_type, "text/plain");
    EXPECT_EQ(found.info.metadata, (metadata_map{{"by", "Ann"}}));
}

TEST_F(StorageReading, GivesRanges) {
    to->store("a", "0123456789");
    EXPECT_EQ(get(files().get("a", {.range = byte_range{.offset = 7}})).bytes, "789");
    EXPECT_EQ(get(files().get("a", {.range = byte_range{.offset = 2, .length = 3}})).bytes, "234");
    EXPECT_EQ(get(files().get("a", {.range = byte_range{.last = 2}})).bytes, "89");
    EXPECT_EQ(refusal(files().get("a", {.range = byte_range{.offset = 10}}))->code(), errc::bad_range);
    EXPECT_EQ(refusal(files().get("a", {.range = byte_range{.last = 0}}))->code(), infra::errc::invalid_input);
}

TEST_F(StorageReading, TellsWhatIsNotThereOrTheSame) {
    EXPECT_EQ(refusal(files().get("none"))->code(), errc::not_found);
    to->store("a", "x");
    const auto etag = to->find("a")->info.etag;
    const auto e = refusal(files().get("a", {.if_none_match = etag}));
    EXPECT_EQ(e->code(), errc::precondition);
    EXPECT_EQ(e->name(), "not_modified");
    EXPECT_EQ(refusal(files().get("a", {.if_match = "other"}))->code(), errc::precondition);
    EXPECT_EQ(get(files().get("a", {.if_match = etag})).bytes, "x");
}

TEST_F(StorageReading, RefusesMoreThanIsAllowedBeforeItReads) {
    store(3000);
    const auto e = refusal(files().get("a", {.max_bytes = 2999}));
    EXPECT_EQ(e->code(), errc::too_large);
    EXPECT_STREQ(e->what(),
                 "get a: 3000 bytes are more than the 2999 that max_bytes allows; read it with open() or download()");
    EXPECT_EQ(get(files().get("a", {.max_bytes = 3000})).bytes.size(), 3000u);
    EXPECT_EQ(get(files().get("a", {.range = byte_range{.length = 5}, .max_bytes = 5})).bytes.size(), 5u);
    options.max_object_in_memory = 10;
    EXPECT_EQ(refusal(files().get("a"))->code(), errc::too_large);
}

TEST_F(StorageReading, GoesOnFromTheByteWhereItStopped) {
    const auto bytes = store(10'000);
    for (const bool told : {true, false}) {
        to->cut(3000, told ? std::optional(down) : std::nullopt);
        to->cut(2500, down);
        EXPECT_EQ(get(files().get("a")).bytes, bytes);
    }
    EXPECT_EQ(to->count("get"), 6u);
}

TEST_F(StorageReading, NoticesEveryFlippedByte) {
    const auto bytes = store(2500);
    options.attempts = 1;
    for (std::uint64_t at = 0; at < bytes.size(); at += 7) {
        to->flip(at);
        const auto e = refusal(files().get("a"));
        ASSERT_TRUE(e) << at;
        EXPECT_EQ(e->code(), errc::integrity) << at;
    }
}

TEST_F(StorageReading, TakesNoBytesForWhatHasTheChecksumOfSome) {
    options.attempts = 1;
    to->store("a", "", {}, checksum_of("hello"));
    const auto e = refusal(files().get("a"));
    ASSERT_TRUE(e);
    EXPECT_EQ(e->code(), errc::integrity);
    EXPECT_THROW(read(), storage_error);
    to->store("a", "", {}, checksum_of(""));
    EXPECT_EQ(get(files().get("a")).bytes, "");
    EXPECT_EQ(read(), "");
}

TEST_F(StorageReading, ReadsAgainWhatCameWrong) {
    const auto bytes = store(2500);
    to->flip(2000);
    EXPECT_EQ(get(files().get("a")).bytes, bytes);
    to->cut(1000, down); // and the other half comes wrong
    to->flip(700);
    EXPECT_EQ(get(files().get("a")).bytes, bytes);
}

TEST_F(StorageReading, BeginsAnewWithAnObjectThatWasReplacedMeanwhile) {
    store(5000);
    const auto later = some_bytes(4000, 2);
    to->cut(1000, down);
    testing::test_loop loop;
    const auto one = loop.spawn(files().get("a"));
    loop.settle(); // in the pause
    to->store("a", later, {}, checksum_of(later));
    for (int i = 0; i < 5 && !one->done(); ++i) {
        time.advance(200ms);
        loop.settle();
    }
    ASSERT_TRUE(one->value) << one->what();
    EXPECT_EQ(one->value->bytes, later);
}

TEST_F(StorageReading, WaitsForAByteAsLongAsItSays) {
    store(3000);
    options.attempts = 2;
    options.timeout = 30s;
    to->hang("get");
    to->hang("get");
    const auto began = time.steady();
    EXPECT_EQ(refusal(files().get("a"))->code(), infra::errc::timed_out);
    EXPECT_EQ(time.steady() - began, 15s + 100ms + 15s) << "for the head of an answer, attempt_timeout";
}

// --- open() -----------------------------------------------------------------------------------------------------

TEST_F(StorageReading, GivesPiecesAsTheyCome) {
    const auto bytes = store(3500);
    const auto reader = get(files().open("a"));
    EXPECT_EQ(reader.info().size, 3500u);
    EXPECT_EQ(reader.offset(), 0u);
    EXPECT_EQ(reader.length(), 3500u);
    EXPECT_EQ(read(), bytes);
    EXPECT_EQ(read({.range = byte_range{.offset = 100, .length = 2000}}), bytes.substr(100, 2000));
}

TEST_F(StorageReading, GivesNothingAfterTheEnd) {
    store(10);
    const auto past_the_end = [](storage from) -> awaitable<std::string> {
        auto reader = co_await from.open("a");
        co_await reader.read();
        auto rest = co_await reader.read();
        rest += co_await reader.read();
        co_return rest;
    };
    EXPECT_EQ(get(past_the_end(files())), "");
    to->store("a", "", {}, checksum_of(""));
    EXPECT_EQ(read(), "");
}

TEST_F(StorageReading, ResumesAPieceAfterEveryLostConnection) {
    const auto bytes = store(20'000);
    for (int i = 0; i < 18; ++i) // far more than attempts, but each with bytes between
        to->cut(1000, down);
    EXPECT_EQ(read(), bytes);
    EXPECT_EQ(to->count("get"), 19u);
}

TEST_F(StorageReading, GivesUpWhereNoByteComesAnyMore) {
    store(5000);
    to->cut(1000, down);
    for (int i = 0; i < 10; ++i)
        to->cut(0, down);
    options.attempts = 3;
    const auto e = refusal_of([&] { read(); });
    ASSERT_TRUE(e);
    EXPECT_STREQ(e->what(), "no connection; tried 3 times");
}

TEST_F(StorageReading, EndsWithAnErrorInsteadOfAnEndWhereBytesAreWrong) {
    store(2500);
    to->flip(10);
    const auto broken = [](storage from) -> awaitable<std::string> {
        auto reader = co_await from.open("a");
        auto all = co_await reader.read();
        all += co_await reader.read();
        try {
            co_await reader.read();
        } catch (const storage_error& e) {
            co_return e.name() + (all.size() == 2000 ? " after 2000" : "");
        }
        co_return all;
    };
    EXPECT_EQ(get(broken(files())), "integrity after 2000");
}

TEST_F(StorageReading, DoesNotMixTwoVersions) {
    store(5000);
    to->cut(1000, down);
    const auto replaced = [](storage from, fake_bucket* kept) -> awaitable<std::string> {
        auto reader = co_await from.open("a");
        auto all = co_await reader.read();
        kept->store("a", "another");
        co_return all + co_await reader.read();
    };
    EXPECT_EQ(refusal(replaced(files(), to.get()))->code(), errc::precondition);
}

TEST_F(StorageReading, LeavesNothingRunningWhenCancelled) {
    store(3000);
    testing::test_loop loop;
    const std::function<void()> places[] = {[&] { to->hang("get"); }, [&] { to->cut(1000, down); },
                                            [&] { to->stall_after(1000); }};
    for (const auto& prepare : places) {
        for (const bool as_it_comes : {false, true}) {
            prepare();
            asio::cancellation_signal signal;
            const auto whole = [](storage from) -> awaitable<std::string> {
                auto found = co_await from.get("a");
                co_return found.bytes;
            };
            const auto in_pieces = [](storage from) -> awaitable<std::string> {
                co_return co_await read_all(co_await from.open("a"));
            };
            const auto one = loop.spawn(as_it_comes ? in_pieces(files()) : whole(files()), signal.slot());
            loop.settle();
            ASSERT_FALSE(one->done());
            loop.cancel(signal);
            loop.until([&] { return one->done(); });
            EXPECT_EQ(one->code(), asio::error::operation_aborted);
            EXPECT_EQ(to->running(), 0);
        }
    }
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST_F(StorageReading, NoticesAStoreThatGivesNothingMore) {
    const auto bytes = store(3000);
    to->stall_after(1000);
    const auto began = time.steady();
    EXPECT_EQ(read(), bytes);
    EXPECT_EQ(time.steady() - began, 60s + 100ms);
}

} // namespace
} // namespace infra::storage
