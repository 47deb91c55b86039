// The calls of a storage, the same over every bucket that is in this library.

#include "tests/fake_bucket.hpp"
#include "tests/support.hpp"

#include <infra/storage.hpp>
#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>

#include <infra/testing/test_loop.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

struct store {
    std::string name;
    std::function<std::shared_ptr<bucket>(const temporary_folder&)> make;
};

void PrintTo(const store& each, std::ostream* to) { *to << each.name; }

const store stores[] = {
    {"memory", [](const temporary_folder&) { return make_memory_bucket(); }},
    {"file",
     [](const temporary_folder& in) {
         return make_file_bucket({.directory = in / "kept", .sync = durability::unsynced});
     }},
    {"remote", [](const temporary_folder&) { return std::make_shared<fake_bucket>(real_clock()); }},
};

class EveryBucket : public ::testing::TestWithParam<store> {
protected:
    temporary_folder folder;
    std::shared_ptr<bucket> kept = GetParam().make(folder);
    storage files{{.bucket = kept, .prefix = "p/", .pause = {.delay = 1ms}, .part_size = 5 << 20}};

    static byte_source source_of(std::string bytes, std::size_t piece) {
        const auto at = std::make_shared<std::size_t>(0);
        return [bytes = std::make_shared<std::string>(std::move(bytes)), at, piece]() -> awaitable<std::string> {
            auto next = bytes->substr(*at, piece);
            *at += next.size();
            co_return next;
        };
    }

    static awaitable<std::string> read_all(storage from, std::string key, get_options how = {}) {
        auto reader = co_await from.open(key, how);
        std::string all;
        for (auto piece = co_await reader.read(); !piece.empty(); piece = co_await reader.read()) {
            EXPECT_LE(piece.size(), 1u << 20);
            all += piece;
        }
        EXPECT_EQ(all.size(), reader.length());
        co_return all;
    }

    std::string get(const std::string& key) const { return run(files.get(key)).bytes; }

    template <class T>
    std::optional<storage_error> refusal(awaitable<T> operation) const {
        return refusal_of([&] { run(std::move(operation)); });
    }
};

TEST_P(EveryBucket, GivesBackWhatWasPutHoweverItWasPut) {
    for (const std::size_t size : {0u, 1u, 5000u, 1'048'577u, 12u << 20}) {
        const auto bytes = some_bytes(size, size + 1);
        const auto path = folder.write("from.bin", bytes);
        run(files.put("bytes", bytes));
        run(files.put("file", file{path}));
        run(files.put("pieces", pieces{source_of(bytes, 300'000)}));
        run(files.put("sized", pieces{source_of(bytes, 300'000), bytes.size()}));
        for (const auto* key : {"bytes", "file", "pieces", "sized"}) {
            EXPECT_EQ(get(key), bytes) << key << " of " << size;
            EXPECT_EQ(run(read_all(files, key)), bytes) << key << " of " << size;
            const auto info = run(files.head(key));
            ASSERT_TRUE(info);
            EXPECT_EQ(info->size, size);
            EXPECT_EQ(info->key, key);
            if (info->checksum)
                EXPECT_EQ(*info->checksum, checksum_of(bytes, info->checksum->kind())) << key << " of " << size;
        }
    }
}

TEST_P(EveryBucket, GivesBackAttributes) {
    run(files.put("a.svg", "<svg/>",
                  {.cache_control = "max-age=60",
                   .content_disposition = "attachment; filename=\"a.svg\"",
                   .content_encoding = "identity",
                   .content_language = "de",
                   .metadata = {{"Author", "J\xC3\xBCrgen"}}}));
    const auto info = run(files.get("a.svg")).info;
    EXPECT_EQ(info.content_type, "image/svg+xml");
    EXPECT_EQ(info.cache_control, "max-age=60");
    EXPECT_EQ(info.content_disposition, "attachment; filename=\"a.svg\"");
    EXPECT_EQ(info.content_encoding, "identity");
    EXPECT_EQ(info.content_language, "de");
    EXPECT_EQ(info.metadata, (metadata_map{{"author", "J\xC3\xBCrgen"}}));
}

TEST_P(EveryBucket, GivesParts) {
    run(files.put("a", "0123456789"));
    EXPECT_EQ(run(files.get("a", {.range = byte_range{.offset = 3, .length = 4}})).bytes, "3456");
    EXPECT_EQ(run(read_all(files, "a", {.range = byte_range{.last = 3}})), "789");
    EXPECT_EQ(refusal(files.get("a", {.range = byte_range{.offset = 10}}))->code(), errc::bad_range);
}

TEST_P(EveryBucket, CopiesAndMoves) {
    const auto put = run(files.put("a", "hello", {.metadata = {{"by", "Ann"}}}));
    EXPECT_EQ(run(files.copy("a", "dir/b")).key, "dir/b");
    EXPECT_EQ(run(files.head("dir/b"))->metadata, (metadata_map{{"by", "Ann"}}));
    EXPECT_EQ(refusal(files.copy("a", "dir/b", {.if_absent = true}))->code(), errc::precondition);
    EXPECT_EQ(run(files.copy("a", "dir/c", {.if_absent = true, .source_if_match = put.etag})).size, 5u);
    EXPECT_EQ(run(files.head("dir/c"))->metadata, (metadata_map{{"by", "Ann"}}));
    EXPECT_EQ(run(files.move("a", "d")).key, "d");
    EXPECT_FALSE(run(files.exists("a")));
    EXPECT_EQ(get("d"), "hello");
    EXPECT_EQ(refusal(files.move("none", "e"))->code(), errc::not_found);
}

TEST_P(EveryBucket, ListsAndRemoves) {
    std::vector<std::string> keys;
    for (int i = 0; i < 30; ++i)
        keys.push_back((i % 3 == 0 ? "dir/" : "") + std::to_string(100 + i));
    for (const auto& each : keys)
        run(files.put(each, "x"));
    auto sorted = keys;
    std::ranges::sort(sorted);
    std::vector<std::string> listed;
    list_options how{.limit = 7};
    do {
        auto page = run(files.list(how));
        EXPECT_LE(page.objects.size(), 7u);
        for (const auto& each : page.objects)
            listed.push_back(each.key);
        how.token = page.token;
    } while (!how.token.empty());
    EXPECT_EQ(listed, sorted);
    EXPECT_EQ(run(files.list({.delimiter = "/"})).prefixes, (std::vector<std::string>{"dir/"}));
    EXPECT_EQ(run(files.list_all("dir/")).size(), 10u);
    const auto outcomes = run(files.remove_many(keys));
    EXPECT_TRUE(std::ranges::none_of(outcomes, [](const auto& each) { return each.failure.has_value(); }));
    EXPECT_TRUE(run(files.list_all("")).empty());
}

TEST_P(EveryBucket, LetsOneOfManyThreadsMakeAnObject) {
    std::atomic<int> won = 0, lost = 0;
    const auto try_it = [&](std::string mine) {
        const auto e = refusal(files.put("lock", mine, {.if_absent = true}));
        ++(e ? lost : won);
        if (e)
            EXPECT_EQ(e->code(), errc::precondition);
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back(try_it, "the same bytes");
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 7);
}

TEST_P(EveryBucket, LosesNoUpdateOfManyThreads) {
    run(files.put("count", "0"));
    const auto count = [&] {
        for (int done = 0; done < 20;) {
            const auto now = run(files.get("count"));
            const auto next = std::to_string(std::stoi(now.bytes) + 1);
            done += !refusal(files.put("count", next, {.if_match = now.info.etag}));
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back(count);
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(get("count"), "80");
}

TEST_P(EveryBucket, IsWholeForWhoeverReadsWhileItIsReplaced) {
    const auto one = std::string(300'000, '1'), two = std::string(300'000, '2');
    run(files.put("a", one));
    std::atomic<bool> done = false;
    std::thread writer([&] {
        for (int i = 0; i < 30; ++i)
            run(files.put("a", i % 2 == 0 ? two : one));
        done = true;
    });
    while (!done) {
        const auto found = get("a");
        EXPECT_TRUE(found == one || found == two);
    }
    writer.join();
}

TEST_P(EveryBucket, LeavesNothingBehindWhereAPutIsCancelled) {
    testing::test_loop loop;
    for (const bool is_long : {false, true}) {
        asio::cancellation_signal signal;
        const auto given = std::make_shared<int>(0);
        const auto stuck = [given, is_long]() -> awaitable<std::string> {
            if (++*given <= (is_long ? 12 : 1))
                co_return std::string(1 << 20, 'x');
            co_await real_clock().sleep_until(steady_time::max());
            co_return std::string();
        };
        const auto put = loop.spawn(files.put("a", pieces{stuck}), signal.slot());
        loop.until([&] { return *given > (is_long ? 12 : 1); });
        loop.cancel(signal);
        loop.until([&] { return put->done(); });
        EXPECT_EQ(put->code(), asio::error::operation_aborted);
        EXPECT_FALSE(run(files.exists("a")));
    }
}

INSTANTIATE_TEST_SUITE_P(Storage, EveryBucket, ::testing::ValuesIn(stores),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace infra::storage
