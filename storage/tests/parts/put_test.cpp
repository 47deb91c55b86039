#include "src/parts/put.hpp"
#include "src/parts/sweep.hpp"
#include "src/put_mark.hpp"

#include "tests/fake_bucket.hpp"
#include "tests/support.hpp"

#include <infra/storage/storage.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

const storage_error down(infra::errc::unavailable, "no connection");
const storage_error lost(infra::errc::unavailable, "the answer was lost",
                         {.name = "unavailable", .retryable = true, .uncertain = true});
const storage_error no(errc::denied, "not allowed");

struct PutByParts : ::testing::Test {
    testing::test_loop loop;
    manual_clock time;
    std::shared_ptr<fake_bucket> fake = std::make_shared<fake_bucket>(time);
    temporary_folder folder;
    storage_options options{.bucket = fake, .pause = {.delay = 0ms}, .time = &time};
    std::vector<progress> told;
    std::vector<std::weak_ptr<const core>> cores;

    PutByParts() { fake->can = {.remote = true, .min_part = 1, .max_part = 1000, .max_parts = 100}; }
    void TearDown() override {
        settle();
        loop.until([&] { // an abort that has ended, or not begun, still needs the clock
            return std::ranges::all_of(cores, [](const auto& each) { return each.expired(); });
        });
    }

    void renew() {
        const auto can = fake->can;
        fake = std::make_shared<fake_bucket>(time);
        fake->can = can;
        options.bucket = fake;
    }

    core_ptr made() {
        auto one = std::make_shared<const core>(options);
        cores.push_back(one);
        return one;
    }

    put_options by_hundreds() {
        return {.part_size = 100, .concurrency = 3, .on_progress = [this](const progress& p) { told.push_back(p); }};
    }

    awaitable<object_info> put(content what, put_options how) {
        return put_by_parts(made(), {.key = "k", .attributes = {.content_type = "text/plain"}}, std::move(what),
                            std::move(how));
    }
    awaitable<object_info> put(content what) { return put(std::move(what), by_hundreds()); }

    storage_error failure_of_put(content what) {
        try {
            loop.get(put(std::move(what)));
        } catch (const storage_error& e) {
            settle();
            return e;
        }
        throw std::logic_error("the put did not fail");
    }

    // Aborts come from loops of their own.
    void settle() {
        loop.until([&] { return fake->running() == 0 && fake->uploads() == 0; });
    }

    awaitable<sweep_result> sweep_after(std::chrono::milliseconds pause) {
        time.advance(pause);
        return sweep(made(), 1ms, "");
    }

    static pieces in_pieces(std::string bytes, std::size_t piece, std::optional<std::uint64_t> size = {}) {
        const auto at = std::make_shared<std::size_t>(0);
        return {[bytes, piece, at]() -> awaitable<std::string> {
                    auto next = bytes.substr(std::min(*at, bytes.size()), piece);
                    *at += next.size();
                    co_return next;
                },
                size};
    }
};

TEST_F(PutByParts, TakesBytesFilesAndPieces) {
    const auto bytes = some_bytes(950);
    const std::function<content()> sources[] = {
        [&] { return content(bytes); },
        [&] { return content(file{folder.write("f", bytes)}); },
        [&] { return content(in_pieces(bytes, 7)); },
        [&] { return content(in_pieces(bytes, 333)); },
        [&] { return content(in_pieces(bytes, 5000, 950)); },
    };
    for (const auto& source : sources) {
        told.clear();
        const auto info = loop.get(put(source()));
        EXPECT_EQ(fake->find("k")->bytes, bytes);
        EXPECT_EQ(info.size, 950u);
        EXPECT_EQ(info.checksum, checksum_of(bytes));
        EXPECT_EQ(info.content_type, "text/plain");
        EXPECT_EQ(fake->find("k")->info.checksum, checksum_of(bytes)) << "the whole's goes with complete";
        EXPECT_EQ(told.back().done, 950u);
        EXPECT_EQ(told.back().total, 950u);
    }
    EXPECT_EQ(fake->count("put_part"), 10 * std::size(sources));
    EXPECT_EQ(fake->count("abort_upload"), 0u);
}

TEST_F(PutByParts, SendsEqualPartsAndAShorterLastOne) {
    loop.get(put(in_pieces(some_bytes(250), 7)));
    std::vector<std::uint64_t> sizes;
    for (const auto& call : fake->calls())
        if (call.op == "put_part")
            sizes.push_back(call.bytes);
    std::ranges::sort(sizes);
    EXPECT_EQ(sizes, (std::vector<std::uint64_t>{50, 100, 100}));
}

TEST_F(PutByParts, OfPiecesThatFillTheLastPartSendsNoEmptyOne) {
    loop.get(put(in_pieces(some_bytes(300), 100)));
    EXPECT_EQ(fake->count("put_part"), 3u);
    loop.get(put(in_pieces("", 100)));
    EXPECT_EQ(fake->find("k")->bytes, "");
    EXPECT_EQ(fake->count("put_part"), 4u) << "an object of no bytes is one part of none";
}

TEST_F(PutByParts, TriesAPartAgain) {
    fake->pass("put_part");
    fake->fail("put_part", down);
    fake->lose("put_part", lost);
    const auto bytes = some_bytes(950);
    loop.get(put(bytes));
    EXPECT_EQ(fake->find("k")->bytes, bytes);
    EXPECT_EQ(fake->count("put_part"), 12u);
}

TEST_F(PutByParts, AbortsWhenAPartFails) {
    for (int which = 0; which < 10; ++which) {
        renew();
        for (int i = 0; i < which; ++i)
            fake->pass("put_part");
        fake->fail("put_part", no);
        EXPECT_EQ(failure_of_put(some_bytes(950)).code(), errc::denied) << which;
        EXPECT_EQ(fake->uploads(), 0u);
        EXPECT_FALSE(fake->find("k"));
    }
}

TEST_F(PutByParts, EndsTheOthersBeforeItThrows) {
    fake->hang("put_part");
    fake->hang("put_part");
    fake->fail("put_part", no);
    EXPECT_EQ(failure_of_put(some_bytes(950)).code(), errc::denied);
    EXPECT_EQ(fake->count("put_part"), 3u);
    EXPECT_EQ(fake->running(), 0);
}

TEST_F(PutByParts, FailsWhereItCannotBegin) {
    fake->fail("begin_upload", no);
    EXPECT_EQ(failure_of_put(some_bytes(950)).code(), errc::denied);
    EXPECT_EQ(fake->count("put_part"), 0u);
    EXPECT_EQ(fake->count("abort_upload"), 0u);
}

TEST_F(PutByParts, AbortsAgainWhereThatFails) {
    fake->fail("complete_upload", no);
    fake->fail("abort_upload", down);
    EXPECT_EQ(failure_of_put(some_bytes(950)).code(), errc::denied);
    EXPECT_EQ(fake->count("abort_upload"), 2u);
}

TEST_F(PutByParts, SettlesALostAnswerToCompleteByAskingWhatIsThere) {
    fake->lose("complete_upload", lost);
    const auto bytes = some_bytes(950);
    const auto info = loop.get(put(bytes));
    EXPECT_EQ(info.etag, fake->find("k")->info.etag);
    EXPECT_EQ(fake->count("complete_upload"), 1u);
    EXPECT_EQ(fake->count("head"), 1u);
    settle();
    EXPECT_EQ(fake->count("abort_upload"), 0u);
}

TEST_F(PutByParts, CompletesAgainWhereTheRequestWasLost) {
    fake->fail("complete_upload", lost);
    loop.get(put(some_bytes(950)));
    EXPECT_EQ(fake->count("complete_upload"), 2u);
}

TEST_F(PutByParts, SettlesATimedOutComplete) {
    fake->hang_after("complete_upload");
    const auto putting = loop.spawn(put(some_bytes(950)));
    loop.until([&] { return fake->count("complete_upload") == 1 && time.sleepers() > 0; });
    time.advance(62s);
    loop.until([&] { return putting->done(); });
    EXPECT_TRUE(putting->value) << putting->what();
    EXPECT_EQ(fake->count("complete_upload"), 1u);
}

TEST_F(PutByParts, AsksOnceMoreWhereTheLastAnswerWasLost) {
    options.attempts = 1;
    fake->lose("complete_upload", lost);
    EXPECT_EQ(loop.get(put(some_bytes(950))).size, 950u);
    EXPECT_EQ(fake->count("head"), 1u);
}

TEST_F(PutByParts, IsDoneWhereItWasAskedForTwiceAndTheSecondAnswerCame) {
    fake->lose("complete_upload", {errc::no_upload, "the upload is over", {.name = "NoSuchUpload", .status = 404}});
    EXPECT_EQ(loop.get(put(some_bytes(950))).size, 950u);

    put_request marked{.key = "m", .write = {.if_absent = true}};
    mark(marked.attributes);
    const storage_error there(errc::precondition, "there is such an object");
    fake->lose("complete_upload", there);
    EXPECT_EQ(loop.get(put_by_parts(made(), marked, content(some_bytes(950)), by_hundreds())).size, 950u);

    fake->store("n", some_bytes(950), {}, checksum_of(some_bytes(950)));
    marked.key = "n";
    const auto putting = loop.run(put_by_parts(made(), marked, content(some_bytes(950)), by_hundreds()));
    EXPECT_EQ(putting->code(), errc::precondition) << "somebody else put the same bytes";
}

TEST_F(PutByParts, BelievesNoOtherObjectToBeItsOwn) {
    options.attempts = 1;
    fake->store("k", some_bytes(950, 2), {}, checksum_of(some_bytes(950, 2)));
    fake->fail("complete_upload", lost);
    const auto failure = failure_of_put(some_bytes(950));
    EXPECT_TRUE(failure.uncertain());
    EXPECT_EQ(failure.code(), infra::errc::unavailable);
    EXPECT_EQ(fake->find("k")->bytes, some_bytes(950, 2));
}

TEST_F(PutByParts, SettlesNothingByASizeAlone) {
    options.attempts = 1;
    fake->tells_checksums = false;
    fake->lose("complete_upload", lost);
    EXPECT_TRUE(failure_of_put(some_bytes(950)).uncertain());
}

TEST_F(PutByParts, KeepsAConditionThroughALostAnswer) {
    fake->lose("complete_upload", lost);
    const auto info = loop.get(
        put_by_parts(made(), {.key = "k", .write = {.if_absent = true}}, content(some_bytes(950)), by_hundreds()));
    EXPECT_EQ(info.size, 950u) << "what is there is its own, and no reason for errc::precondition";
    try {
        loop.get(
            put_by_parts(made(), {.key = "k", .write = {.if_absent = true}}, content(some_bytes(950)), by_hundreds()));
        FAIL();
    } catch (const storage_error& e) {
        EXPECT_EQ(e.code(), errc::precondition);
    }
}

TEST_F(PutByParts, NeedsAFileThatStaysAsLongAsItWas) {
    const auto path = folder.write("f", some_bytes(950));
    fake->hang("begin_upload");
    const auto putting = loop.spawn(put(content(file{path})));
    loop.until([&] { return fake->count("begin_upload") == 1 && time.sleepers() > 0; });
    std::filesystem::resize_file(path, 500);
    time.advance(16s);
    loop.until([&] { return putting->done(); });
    EXPECT_EQ(putting->code(), infra::errc::io);
    EXPECT_NE(putting->what().find("became shorter"), std::string::npos);
}

TEST_F(PutByParts, SaysWhichFileCannotBeRead) {
    EXPECT_EQ(failure_of_put(content(file{folder / "none"})).code(), infra::errc::io);
    EXPECT_EQ(failure_of_put(content(file{folder.path()})).code(), infra::errc::io);
}

TEST_F(PutByParts, SaysTheChecksumFirstWhereAStoreKeepsItOnlyWithTheAttributes) {
    const auto bytes = some_bytes(950);
    for (int i = 0; i < 2; ++i) {
        fake->can.keeps_checksums = false;
        fake->hang("put_part");
        asio::cancellation_signal stop;
        const auto putting = loop.spawn(put(i ? content(bytes) : content(file{folder.write("f", bytes)})), stop.slot());
        loop.until([&] { return fake->uploads() == 1; });
        EXPECT_EQ(fake->begun_uploads().front().checksum, checksum_of(bytes));
        loop.cancel(stop);
        loop.until([&] { return putting->done(); });
        settle();
    }
}

// The first object of a store that is not known yet.
TEST_F(PutByParts, BeginsAnewWhereAStoreDoesNotSayThatItKeepsChecksums) {
    fake->can.checksums_proven = false;
    for (const bool of_a_file : {false, true})
        for (const auto kind : {checksum_kind::crc32c, checksum_kind::sha256}) {
            const auto bytes = some_bytes(950);
            const auto before = fake->count("begin_upload");
            auto how = by_hundreds();
            how.checksum = kind;
            loop.get(put(of_a_file ? content(file{folder.write("f", bytes)}) : content(bytes), how));
            EXPECT_EQ(fake->count("begin_upload"), before + 2);
            const auto there = fake->find("k");
            EXPECT_TRUE(there->bytes == bytes);
            EXPECT_EQ(there->info.checksum, checksum_of(bytes)); // the whole's, which follows from the parts'
            settle();
            EXPECT_EQ(fake->uploads(), 0u);
        }
    const auto before = fake->count("begin_upload");
    loop.get(put(content(in_pieces(some_bytes(950), 100)))); // which cannot be read twice
    EXPECT_EQ(fake->count("begin_upload"), before + 1);
}

TEST_F(PutByParts, HoldsASourceToItsWord) {
    for (const std::uint64_t said : {0u, 1u, 949u, 951u}) {
        const auto failure = failure_of_put(content(in_pieces(some_bytes(950), 100, said)));
        EXPECT_EQ(failure.code(), infra::errc::invalid_input) << said;
        EXPECT_EQ(fake->uploads(), 0u);
    }
}

TEST_F(PutByParts, ThrowsWhatASourceThrows) {
    const auto broken = [given = std::make_shared<int>(0)]() -> awaitable<std::string> {
        if (++*given == 4)
            throw std::runtime_error("the disk of others");
        co_return std::string(100, 'x');
    };
    const auto putting = loop.run(put(content(pieces{broken})));
    EXPECT_EQ(putting->what(), "the disk of others");
    settle();
    EXPECT_EQ(fake->count("abort_upload"), 1u);
}

TEST_F(PutByParts, WaitsForNoSourceThatGivesNothing) {
    const auto silent = [this]() -> awaitable<std::string> {
        co_await time.sleep_until(steady_time::max());
        co_return "";
    };
    const auto putting = loop.spawn(put(content(pieces{silent})));
    loop.until([&] { return fake->count("begin_upload") == 1 && time.sleepers() >= 2; });
    time.advance(61s);
    loop.until([&] { return putting->done(); });
    EXPECT_EQ(putting->code(), infra::errc::timed_out);
    EXPECT_NE(putting->what().find("its source gave nothing"), std::string::npos);
}

TEST_F(PutByParts, TakesNoMoreMemoryThanThereIs) {
    options.max_buffered = options.part_size;
    fake->can.max_part = 64u << 20;
    const auto core = made();
    const auto part = options.part_size;
    std::size_t most = 0;
    auto how = by_hundreds();
    how.part_size = part;
    how.on_progress = [&](const progress&) { most = std::max(most, core->memory.in_use()); };
    const auto source = [given = std::make_shared<int>(0), part]() -> awaitable<std::string> {
        co_return std::string(++*given <= 12 ? part / 3 : 0, 'x');
    };
    loop.get(put_by_parts(core, {.key = "k"}, content(pieces{source}), how));
    EXPECT_LE(most, options.max_buffered);
    EXPECT_EQ(core->memory.in_use(), 0u);
    EXPECT_GE(fake->count("put_part"), 4u);
}

TEST_F(PutByParts, LeavesNothingWhereverItIsCancelled) {
    const auto bytes = some_bytes(450);
    for (const auto* op : {"begin_upload", "put_part", "complete_upload"})
        for (const bool done : {false, true})
            for (const std::size_t passed : {0u, 1u, 3u}) {
                renew();
                for (std::size_t i = 0; i < passed; ++i)
                    fake->pass(op);
                if (done)
                    fake->hang_after(op);
                else
                    fake->hang(op);
                asio::cancellation_signal stop;
                const auto putting = loop.spawn(put(content(in_pieces(bytes, 50))), stop.slot());
                loop.until([&] { return putting->done() || fake->count(op) > passed; });
                loop.settle();
                if (!putting->done())
                    loop.cancel(stop);
                loop.until([&] { return putting->done(); });
                loop.until([&] { // begin, whose answer never comes, goes on behind
                    time.advance(1s);
                    return fake->running() == 0;
                });
                if (done && std::string_view(op) == "begin_upload")
                    loop.get(sweep_after(1s)); // nobody knows the id of one whose answer was lost
                settle();
                EXPECT_EQ(fake->uploads(), 0u) << op << done << passed;
            }
}

TEST_F(PutByParts, LeavesNothingWhereItsLoopIsDestroyed) {
    fake->hang("put_part");
    {
        testing::test_loop dying;
        const auto putting = dying.spawn(put(content(some_bytes(950))));
        dying.until([&] { return fake->count("put_part") >= 3; });
    }
    settle();
    EXPECT_EQ(fake->uploads(), 0u);
    EXPECT_EQ(fake->count("abort_upload"), 1u);
}

TEST_F(PutByParts, EndsWholeOrAbsentWhateverFails) {
    std::uint64_t lots = 7;
    const auto lot = [&lots](std::uint64_t below) {
        lots = lots * 6364136223846793005u + 1442695040888963407u;
        return (lots >> 33) % below;
    };
    options.attempts = 2;
    for (std::uint64_t round = 0; round < 300; ++round) {
        renew();
        fake->tells_checksums = lot(4) != 0;
        for (const auto* op : {"begin_upload", "put_part", "put_part", "complete_upload", "abort_upload", "head"})
            for (auto i = lot(4); i > 0; --i) {
                const auto what = lot(4);
                if (what == 0)
                    fake->fail(op, lot(2) ? down : no);
                else if (what == 1)
                    fake->lose(op, lost);
                else
                    fake->pass(op);
            }
        const auto bytes = some_bytes(lot(700), round);
        const auto putting = loop.run(put(content(in_pieces(bytes, 1 + lot(300)))));
        loop.until([&] { return fake->running() == 0; });
        loop.settle();
        const auto there = fake->find("k");
        if (putting->value)
            ASSERT_TRUE(there) << round;
        if (there)
            ASSERT_EQ(there->bytes, bytes) << round;
        if (putting->failure && there)
            ASSERT_TRUE(storage_error(failure_of(putting->failure)).uncertain()) << round << putting->what();
        for (int i = 0; i < 5 && fake->uploads() > 0; ++i)
            loop.run(sweep_after(1s)); // what is left of the script is in its way
        ASSERT_EQ(fake->uploads(), 0u) << round;
    }
}

} // namespace
} // namespace infra::storage
