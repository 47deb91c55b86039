#include "tests/fake_storage.hpp"

#include "src/put_mark.hpp"

#include <infra/testing/test_loop.hpp>

#include <boost/asio/error.hpp>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

struct StoragePut : fake_storage {
    void streams() { to->can = {.streams = true}; }
};

TEST_F(StoragePut, KeepsBytesWithTheirTypeAndChecksum) {
    const auto info = get(files().put("a.txt", "hello", {.metadata = {{"By", "Ann"}}}));
    EXPECT_EQ(info.key, "a.txt");
    EXPECT_EQ(info.size, 5u);
    const auto kept = to->find("a.txt");
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->bytes, "hello");
    EXPECT_EQ(kept->info.content_type, "text/plain; charset=utf-8");
    EXPECT_EQ(kept->info.metadata, (metadata_map{{"by", "Ann"}}));
    EXPECT_EQ(kept->info.checksum, checksum_of("hello"));
}

TEST_F(StoragePut, SaysTheChecksumThatTheStoreWants) {
    to->can.sum = checksum_kind::crc64nvme;
    get(files().put("a", "hello"));
    EXPECT_EQ(to->find("a")->info.checksum, checksum_of("hello", checksum_kind::crc64nvme));
}

TEST_F(StoragePut, LooksAtTheFirstBytesWhereTheNameSaysNothing) {
    get(files().put("a", "%PDF-1.7"));
    get(files().put("b", "%PDF-1.7", {.content_type = "text/x-mine"}));
    get(files().put("c", pieces{source_of({"%PD", "F-1.7"})}));
    EXPECT_EQ(to->find("a")->info.content_type, "application/pdf");
    EXPECT_EQ(to->find("b")->info.content_type, "text/x-mine");
    EXPECT_EQ(to->find("c")->info.content_type, "application/pdf");
}

TEST_F(StoragePut, GoesAgainAfterALostAnswer) {
    to->lose("put", lost);
    get(files().put("a", "hello"));
    EXPECT_EQ(to->count("put"), 2u);
    EXPECT_EQ(to->count("head"), 0u);
}

TEST_F(StoragePut, HasMoreTimeForMoreBytes) {
    const auto began = time.steady();
    get(files().put("a", std::string(640 << 10, 'x')));
    EXPECT_EQ(to->calls().at(0).limit.time(), began + 15s + 10s - 250ms);
}

// --- Conditions -------------------------------------------------------------------------------------------------

TEST_F(StoragePut, TellsThatSomebodyWasFaster) {
    to->store("a", "theirs");
    EXPECT_EQ(refusal(files().put("a", "ours", {.if_absent = true}))->code(), errc::precondition);
    EXPECT_EQ(refusal(files().put("a", "ours", {.if_match = "e0"}))->code(), errc::precondition);
    EXPECT_EQ(bytes_of("a"), "theirs");
    EXPECT_EQ(to->count("put"), 2u);
}

TEST_F(StoragePut, TellsSoToWhoeverMayOnlyWrite) {
    to->store("a", "theirs");
    to->fail("head", denied);
    EXPECT_EQ(refusal(files().put("a", "ours", {.if_absent = true}))->code(), errc::precondition);
}

TEST_F(StoragePut, KnowsItsOwnObjectWhereAnAnswerWasLostUnseen) {
    to->after("put", [] { throw storage_error(errc::precondition, "the second of two on a connection of ours"); });
    EXPECT_EQ(get(files().put("a", "ours", {.if_absent = true})).size, 4u);
    to->after("put", [] { throw storage_error(errc::precondition, "and now the store is out of order"); });
    to->fail("head", down);
    to->fail("put", down);
    EXPECT_EQ(get(files().put("b", "ours", {.if_absent = true})).size, 4u);
}

TEST_F(StoragePut, TakesBytesOfAnyKind) {
    const std::vector<std::byte> bytes(3, std::byte{'x'});
    const unsigned char raw[] = {'y', 'y'};
    get(files().put("a", bytes));
    get(files().put("b", std::span(bytes).first(1)));
    get(files().put("c", raw));
    get(files().put("d", std::string_view("view")));
    get(files().put("e", std::string("string")));
    EXPECT_EQ(bytes_of("a") + bytes_of("b") + bytes_of("c") + bytes_of("d") + bytes_of("e"), "xxxxyyviewstring");
}

TEST_F(StoragePut, KnowsItsOwnObjectAgainAfterALostAnswer) {
    to->lose("put", lost);
    const auto info = get(files().put("a", "ours", {.metadata = {{"by", "us"}}, .if_absent = true}));
    EXPECT_EQ(info.etag, to->find("a")->info.etag);
    EXPECT_EQ(info.metadata, (metadata_map{{"by", "us"}})) << "the mark is nobody's business";
    EXPECT_EQ(to->count("put"), 2u);

    to->lose("put", lost);
    EXPECT_EQ(get(files().put("a", "ours again", {.if_match = info.etag})).size, 10u);
    EXPECT_EQ(bytes_of("a"), "ours again");
}

TEST_F(StoragePut, DoesNotTakeAnothersObjectForItsOwnThoughTheBytesAreTheSame) {
    to->fail("put", lost);
    const auto losing = [&]() -> awaitable<object_info> {
        co_return co_await files().put("a", "locked", {.if_absent = true});
    };
    to->store("a", "locked", {}, checksum_of("locked"));
    const auto e = refusal(losing());
    ASSERT_TRUE(e);
    EXPECT_EQ(e->code(), errc::precondition);
    EXPECT_TRUE(e->uncertain());
}

TEST_F(StoragePut, LeavesNoMarkWhereNothingIsTriedAgain) {
    get(files().put("a", "x"));
    EXPECT_FALSE(to->find("a")->info.metadata.contains(put_mark));
    to->can.remote = false;
    get(files().put("b", "x", {.if_absent = true}));
    EXPECT_FALSE(to->find("b")->info.metadata.contains(put_mark));
}

TEST_F(StoragePut, ChecksBeforeItAsks) {
    EXPECT_EQ(refusal(files().put("../a", "x"))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().put("a", "x", {.metadata = {{"a", "\n"}}}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().put("a", "x", {.if_absent = true, .if_match = "e"}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().put("a", "x", {.part_size = 1}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().put("a", pieces{}))->code(), infra::errc::invalid_input);
    EXPECT_TRUE(to->calls().empty());
}

// --- Files ------------------------------------------------------------------------------------------------------

TEST_F(StoragePut, ReadsAFile) {
    options.time = &real_clock(); // the pool's time is not ours
    const temporary_folder folder;
    const auto path = folder.write("f.bin", some_bytes(3 << 20));
    for (const bool streaming : {false, true}) {
        to->can = {.streams = streaming, .remote = !streaming};
        const auto key = streaming ? "streamed" : "whole";
        EXPECT_EQ(run(files().put(key, file{path})).size, 3u << 20);
        EXPECT_EQ(bytes_of(key), some_bytes(3 << 20));
        EXPECT_EQ(to->find(key)->info.content_type, "application/octet-stream");
    }
}

TEST_F(StoragePut, RefusesWhatIsNoFile) {
    options.time = &real_clock();
    const temporary_folder folder;
    for (const auto& each : {folder.path(), folder / "none", std::filesystem::path("/dev/zero")}) {
        const auto e = refusal_of([&] { run(files().put("a", file{each})); });
        ASSERT_TRUE(e) << each;
        EXPECT_EQ(e->code(), infra::errc::io);
        EXPECT_NE(std::string(e->what()).find(each.string()), std::string::npos) << e->what();
    }
    EXPECT_TRUE(to->calls().empty());
}

// --- Pieces -----------------------------------------------------------------------------------------------------

TEST_F(StoragePut, GathersPiecesWhereTheStoreWantsThemWhole) {
    EXPECT_EQ(get(files().put("a", pieces{source_of({"1", "22", "333"})})).size, 6u);
    EXPECT_EQ(bytes_of("a"), "122333");
    EXPECT_EQ(to->find("a")->info.checksum, checksum_of("122333"));
    EXPECT_EQ(get(files().put("b", pieces{source_of({})})).size, 0u);
}

TEST_F(StoragePut, HandsPiecesOnWhereTheStoreTakesThemSo) {
    streams();
    EXPECT_EQ(get(files().put("a.txt", pieces{source_of({"1", "22", "333"}), 6})).size, 6u);
    EXPECT_EQ(bytes_of("a.txt"), "122333");
    EXPECT_EQ(get(files().put("b", pieces{source_of({})})).size, 0u);
}

TEST_F(StoragePut, DoesNotTakeAnotherSizeThanWasSaid) {
    for (const bool streaming : {false, true}) {
        to->can = {.streams = streaming, .remote = !streaming};
        for (const std::uint64_t size : {0u, 5u, 7u, 20'000'000u}) {
            const auto e = refusal(files().put("a", pieces{source_of({"1", "22", "333"}), size}));
            ASSERT_TRUE(e) << size;
            EXPECT_EQ(e->code(), infra::errc::invalid_input) << e->what();
        }
    }
    EXPECT_EQ(to->objects(), 0u);
}

TEST_F(StoragePut, ThrowsWhatItsSourceThrows) {
    const auto failing = []() -> awaitable<std::string> {
        throw std::out_of_range("mine");
        co_return std::string();
    };
    const auto timed_out = []() -> awaitable<std::string> {
        throw error(infra::errc::timed_out, "also mine");
        co_return std::string();
    };
    for (const bool streaming : {false, true}) {
        to->can = {.streams = streaming, .remote = !streaming};
        EXPECT_THROW(get(files().put("a", pieces{failing})), std::out_of_range);
        try {
            get(files().put("a", pieces{timed_out}));
            ADD_FAILURE() << "it was put";
        } catch (const error& e) {
            EXPECT_STREQ(e.what(), "also mine");
        }
    }
    EXPECT_EQ(to->objects(), 0u);
}

TEST_F(StoragePut, WaitsForItsSourceAsLongAsForAByte) {
    for (const bool streaming : {false, true}) {
        to->can = {.streams = streaming, .remote = !streaming};
        const auto began = time.steady();
        int given = 0;
        const auto stuck = [&]() -> awaitable<std::string> {
            co_await time.sleep_for(++given < 3 ? std::chrono::milliseconds(59s) : std::chrono::milliseconds(1h));
            co_return "x";
        };
        const auto e = refusal(files().put("a", pieces{stuck}));
        ASSERT_TRUE(e);
        EXPECT_EQ(e->code(), infra::errc::timed_out);
        EXPECT_STREQ(e->what(), "put a, its source: no byte came within 60000 ms");
        EXPECT_EQ(time.steady() - began, 59s + 59s + 60s);
        EXPECT_EQ(to->running(), 0);
    }
    EXPECT_EQ(to->objects(), 0u);
}

TEST_F(StoragePut, RemovesWhatTheStoreKeptOtherwise) {
    streams();
    to->flip_stored(); // what it says it kept
    const auto e = refusal(files().put("a", pieces{source_of({"hello"})}));
    ASSERT_TRUE(e);
    EXPECT_EQ(e->code(), errc::integrity);
    EXPECT_EQ(to->objects(), 0u);
}

TEST_F(StoragePut, TellsHowFarItIs) {
    std::vector<progress> told;
    const auto listen = [&](const progress& p) { told.push_back(p); };
    get(files().put("a", "hello", {.on_progress = listen}));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].done, 5u);
    EXPECT_EQ(told[0].total, 5u);

    told.clear();
    streams();
    const auto slowly = [&, left = std::make_shared<int>(100)]() -> awaitable<std::string> {
        co_await time.sleep_for(50ms);
        co_return --*left < 0 ? "" : "x";
    };
    get(files().put("a", pieces{slowly}, {.on_progress = listen}));
    EXPECT_LE(told.size(), 52u); // at most ten a second
    EXPECT_GE(told.size(), 25u);
    EXPECT_FALSE(told.front().total);
    EXPECT_EQ(told.back().done, 100u);
    EXPECT_EQ(told.back().total, 100u);
}

TEST_F(StoragePut, LeavesNothingRunningWhenCancelled) {
    testing::test_loop loop;
    for (const auto* op : {"put", "source"}) {
        asio::cancellation_signal signal;
        const auto stuck = [&]() -> awaitable<std::string> {
            co_await time.sleep_for(1h);
            co_return "";
        };
        if (op == std::string_view("put"))
            to->hang("put");
        const content what = op == std::string_view("put") ? content("x") : content(pieces{stuck});
        const auto one = loop.spawn(files().put("a", what), signal.slot());
        loop.settle();
        ASSERT_FALSE(one->done());
        loop.cancel(signal);
        loop.until([&] { return one->done(); });
        EXPECT_EQ(one->code(), asio::error::operation_aborted) << op;
        EXPECT_EQ(to->running(), 0) << op;
    }
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST_F(StoragePut, LetsNobodyWaitForASlowSource) {
    streams();
    options.max_requests = 1;
    to->store("b", "x");
    testing::test_loop loop;
    const auto stuck = [&]() -> awaitable<std::string> {
        co_await time.sleep_for(1h);
        co_return "";
    };
    const storage one = files();
    const auto slowly = loop.spawn(one.put("a.txt", pieces{stuck}));
    loop.settle();
    ASSERT_EQ(to->running(), 1);
    EXPECT_EQ(loop.get(one.get("b")).bytes, "x");
    EXPECT_FALSE(slowly->done());
}

TEST_F(StoragePut, EndsAtItsLimit) {
    to->hang("put");
    const auto began = time.steady();
    const auto e = refusal(files().put("a", "x", {.limit = deadline::after(3s, began)}));
    ASSERT_TRUE(e);
    EXPECT_EQ(e->code(), infra::errc::timed_out);
    EXPECT_TRUE(e->uncertain());
    EXPECT_EQ(time.steady() - began, 3s);
}

} // namespace
} // namespace infra::storage
