#include "src/parts/download.hpp"
#include "src/parts/part_list.hpp"
#include "src/parts/reception.hpp"
#include "src/parts/target.hpp"

#include "tests/fake_bucket.hpp"
#include "tests/support.hpp"

#include <infra/storage/storage.hpp>
#include <infra/testing/test_loop.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const storage_error down(infra::errc::unavailable, "no connection");
const storage_error no(errc::denied, "not allowed");

struct Download : ::testing::Test {
    testing::test_loop loop;
    manual_clock time;
    temporary_folder folder;
    std::shared_ptr<fake_bucket> fake;
    storage_options options{.pause = {.delay = 0ms}, .time = &time};
    std::vector<progress> told;
    const std::string bytes = some_bytes(950);

    Download() { renew(); }

    void renew() {
        fake = std::make_shared<fake_bucket>(time);
        fake->piece = 7;
        options.bucket = fake;
        put(bytes);
    }
    void put(const std::string& all) { fake->store("k", all, {}, checksum_of(all)); }

    composite_checksum composite_of(std::uint64_t part_size) const {
        running_composite sum(checksum_kind::sha256);
        for (std::size_t at = 0; at < bytes.size(); at += part_size)
            sum.add(checksum_of(std::string_view(bytes).substr(at, part_size), checksum_kind::sha256));
        return sum.value();
    }
    void put_by(std::uint64_t part_size) {
        fake->store("k", bytes);
        fake->tell_of_parts("k", composite_of(part_size), part_size);
    }

    download_options by_hundreds(bool resume = false) {
        return {.part_size = 100, .concurrency = 3, .resume = resume, .on_progress = [this](const progress& p) {
                    told.push_back(p);
                }};
    }
    awaitable<object_info> get(download_options how) {
        return download(std::make_shared<const core>(options), "k", folder / "to", std::move(how));
    }
    awaitable<object_info> get(bool resume = false) { return get(by_hundreds(resume)); }

    storage_error failure_of_get(download_options how) {
        const auto getting = loop.run(get(std::move(how)));
        if (!getting->failure)
            throw std::logic_error("the download did not fail");
        return storage_error(failure_of(getting->failure));
    }
    storage_error failure_of_get(bool resume = false) { return failure_of_get(by_hundreds(resume)); }

    std::string there() { return contents_of(folder / "to"); }
    bool is_nothing_there() { return fs::is_empty(folder.path()); }

    // Leaves a download that has failed after some parts.
    void leave_some() {
        for (int i = 0; i < 5; ++i)
            fake->pass("get");
        fake->fail("get", no);
        EXPECT_EQ(failure_of_get(true).code(), errc::denied);
    }
};

TEST_F(Download, WritesEveryByte) {
    for (const std::size_t size : {0u, 1u, 99u, 100u, 101u, 950u, 1000u}) {
        const auto all = some_bytes(size);
        put(all);
        for (const bool resume : {false, true}) {
            const auto info = loop.get(get(resume));
            EXPECT_EQ(there(), all);
            EXPECT_EQ(info.size, size);
            EXPECT_EQ(info.checksum, checksum_of(all));
            EXPECT_EQ(told.back().done, size);
            EXPECT_EQ(told.back().total, size);
            EXPECT_FALSE(fs::exists(folder / "to.part"));
            EXPECT_FALSE(fs::exists(folder / "to.part.parts"));
        }
    }
}

TEST_F(Download, AsksForEachByteOnce) {
    loop.get(get());
    EXPECT_EQ(fake->count("get"), 10u);
    EXPECT_EQ(fake->count("head"), 0u) << "the first range tells what a HEAD would";
}

TEST_F(Download, AsksForTheChecksumWhereARangeLacksIt) {
    fake->tells_checksums = false;
    put(bytes);
    loop.get(get());
    EXPECT_EQ(fake->count("head"), 1u);
    EXPECT_EQ(there(), bytes);
}

TEST_F(Download, SaysThatThereIsNoSuchObject) {
    loop.wait(fake->remove("k", "", {}));
    EXPECT_EQ(failure_of_get().code(), errc::not_found);
    EXPECT_TRUE(is_nothing_there());
    EXPECT_EQ(failure_of_get(true).code(), errc::not_found);
    EXPECT_TRUE(is_nothing_there());
}

TEST_F(Download, IsOfTheVersionThatIsAskedFor) {
    auto how = by_hundreds();
    how.if_match = "another";
    EXPECT_EQ(failure_of_get(how).code(), errc::precondition);
    how.if_match = fake->find("k")->info.etag;
    loop.get(get(how));
    EXPECT_EQ(there(), bytes);
}

TEST_F(Download, GoesOnFromTheByteReached) {
    for (const bool says_so : {false, true}) {
        renew();
        fake->cut(50, says_so ? std::optional(down) : std::nullopt);
        fake->cut(20, down);
        loop.get(get());
        EXPECT_EQ(there(), bytes);
        EXPECT_EQ(fake->count("get"), 12u);
    }
}

TEST_F(Download, GoesOnAsLongAsItGetsSomewhere) {
    options.attempts = 1;
    for (int i = 0; i < 10; ++i)
        fake->cut(7, down);
    loop.get(get());
    EXPECT_EQ(there(), bytes);
}

TEST_F(Download, EndsWhereItGetsNowhere) {
    for (int i = 0; i < 40; ++i)
        fake->cut(0, down);
    EXPECT_EQ(failure_of_get().code(), infra::errc::unavailable);
    EXPECT_TRUE(is_nothing_there());
}

TEST_F(Download, NoticesEveryByteThatIsAnother) {
    for (const std::uint64_t at : {0u, 49u, 99u})
        for (const bool resume : {false, true}) {
            renew();
            fake->flip(at);
            EXPECT_EQ(failure_of_get(resume).code(), errc::integrity);
            EXPECT_TRUE(is_nothing_there());
        }
}

TEST_F(Download, ComparesTheSha256OfTheWholeHoweverItIsCut) {
    fake->store("k", bytes, {}, checksum_of(bytes, checksum_kind::sha256));
    for (const bool resume : {false, true}) {
        fake->flip(49);
        EXPECT_EQ(failure_of_get(resume).code(), errc::integrity);
        EXPECT_TRUE(is_nothing_there());
    }
    loop.get(get());
    EXPECT_EQ(there(), bytes);
}

TEST_F(Download, ComparesPartByPartWhatHasAChecksumOfItsPartsAlone) {
    for (const std::uint64_t part_size : {70u, 250u, 949u, 950u, 5000u}) {
        SCOPED_TRACE(part_size);
        put_by(part_size);
        const auto before = fake->count("get");
        loop.get(get());
        EXPECT_EQ(there(), bytes);
        EXPECT_LE(fake->count("get") - before, 950 / part_size + 2) << "one of them only to see how it is cut";
        fs::remove(folder / "to");
        for (const std::uint64_t at : {0u, 49u, 69u}) {
            for (int i = 0; i < 3; ++i)
                fake->flip(at); // the first answer may be let go of
            EXPECT_EQ(failure_of_get(at == 49).code(), errc::integrity);
            EXPECT_TRUE(is_nothing_there());
            loop.get(get()); // what else was to be flipped is not
            fs::remove(folder / "to");
        }
    }
}

TEST_F(Download, GoesOnWithPartsOfAnObjectThatHasAChecksumOfThemAlone) {
    put_by(70);
    for (int i = 0; i < 6; ++i)
        fake->pass("get");
    fake->fail("get", no);
    EXPECT_EQ(failure_of_get(true).code(), errc::denied);
    const auto left = read_part_list(contents_of(folder / "to.part.parts"));
    ASSERT_TRUE(left);
    EXPECT_EQ(left->part_size, 70u);
    EXPECT_EQ(left->kind, checksum_kind::sha256);
    const auto before = fake->count("get");
    loop.get(get(true));
    EXPECT_EQ(there(), bytes);
    EXPECT_EQ(fake->count("get") - before, 14 - left->arrived.size());
}

TEST_F(Download, ComparesNothingWhereNobodyKnowsHowAnObjectWasCut) {
    for (const std::uint64_t part_size : {0u, 100u}) { // untold, and another than there are parts of
        fake->store("k", bytes);
        fake->tell_of_parts("k", composite_of(70), part_size);
        fake->flip(1);
        loop.get(get());
        EXPECT_NE(there(), bytes);
        fs::remove(folder / "to");
    }
}

TEST_F(Download, StartsOverOnceWhereTheObjectIsReplaced) {
    fake->pass("get");
    fake->hang("get");
    const auto getting = loop.spawn(get());
    loop.until([&] { return fake->count("get") >= 2; });
    loop.settle();
    const auto newer = some_bytes(333, 2);
    put(newer);
    time.advance(16s); // the one that hangs is asked for again
    loop.until([&] { return getting->done(); });
    ASSERT_TRUE(getting->value) << getting->what();
    EXPECT_EQ(there(), newer);
}

TEST_F(Download, SaysThatTheObjectWasReplacedWhereAVersionWasAskedFor) {
    fake->pass("get");
    fake->hang("get");
    auto how = by_hundreds();
    how.if_match = fake->find("k")->info.etag;
    const auto getting = loop.spawn(get(how));
    loop.until([&] { return fake->count("get") >= 2; });
    loop.settle();
    put(some_bytes(333, 2));
    time.advance(16s); // the one that hangs is asked for again
    loop.until([&] { return getting->done(); });
    EXPECT_EQ(getting->code(), errc::precondition);
    EXPECT_TRUE(is_nothing_there());
}

TEST_F(Download, LeavesNothingAfterAFailure) {
    for (std::size_t which = 0; which < 10; ++which) {
        renew();
        for (std::size_t i = 0; i < which; ++i)
            fake->pass("get");
        fake->fail("get", no);
        EXPECT_EQ(failure_of_get().code(), errc::denied) << which;
        EXPECT_TRUE(is_nothing_there()) << which;
        EXPECT_EQ(fake->running(), 0);
    }
}

TEST_F(Download, GoesOnWithWhatAnEarlierOneLeft) {
    leave_some();
    EXPECT_FALSE(fs::exists(folder / "to"));
    const auto left = read_part_list(contents_of(folder / "to.part.parts"));
    ASSERT_TRUE(left);
    ASSERT_GE(left->arrived.size(), 1u);
    const auto before = fake->count("get");
    loop.get(get(true));
    EXPECT_EQ(there(), bytes);
    EXPECT_EQ(fake->count("get") - before, 10 - left->arrived.size());
    EXPECT_EQ(told.back().done, 950u);
}

TEST_F(Download, BelievesNoListThatTheFileDoesNotBearOut) {
    leave_some();
    auto part = contents_of(folder / "to.part");
    for (auto& byte : part)
        byte ^= 1;
    folder.write("to.part", part);
    const auto before = fake->count("get");
    loop.get(get(true));
    EXPECT_EQ(there(), bytes);
    EXPECT_EQ(fake->count("get") - before, 10u);
}

TEST_F(Download, GoesOnWithNothingOfAnOlderObject) {
    leave_some();
    const auto newer = some_bytes(950, 2);
    put(newer);
    loop.get(get(true));
    EXPECT_EQ(there(), newer);
}

TEST_F(Download, AsksForNothingWhereAllHasArrived) {
    auto list = part_list{.etag = fake->find("k")->info.etag, .size = 950, .part_size = 500};
    folder.write("to.part", bytes);
    folder.write("to.part.parts", first_line(list) + line_of(1, checksum_of(bytes.substr(0, 500))) +
                                      line_of(2, checksum_of(bytes.substr(500))));
    loop.get(get(true));
    EXPECT_EQ(there(), bytes);
    EXPECT_EQ(fake->count("get"), 0u);
    EXPECT_EQ(fake->count("head"), 1u);
}

TEST_F(Download, TakesNoticeOfNoLeavingsUnlessItIsTold) {
    leave_some();
    const auto before = fake->count("get");
    loop.get(get());
    EXPECT_EQ(there(), bytes);
    EXPECT_EQ(fake->count("get") - before, 10u);
    EXPECT_FALSE(fs::exists(folder / "to.part.parts"));
}

TEST_F(Download, WaitsForNoStoreThatGivesNothing) {
    options.attempts = 1;
    fake->hang("get");
    const auto getting = loop.spawn(get());
    loop.until([&] {
        time.advance(1s);
        return getting->done();
    });
    EXPECT_EQ(getting->code(), infra::errc::timed_out);
}

TEST_F(Download, LeavesNothingWhereverItIsCancelled) {
    for (std::size_t which = 0; which < 10; ++which) {
        renew();
        for (std::size_t i = 0; i < which; ++i)
            fake->pass("get");
        fake->hang("get");
        asio::cancellation_signal stop;
        const auto getting = loop.spawn(get(), stop.slot());
        loop.until([&] { return fake->count("get") > which; });
        loop.settle();
        loop.cancel(stop);
        loop.until([&] { return getting->done(); });
        EXPECT_EQ(getting->code(), asio::error::operation_aborted);
        EXPECT_EQ(fake->running(), 0);
        EXPECT_TRUE(is_nothing_there()) << which;
    }
}

TEST_F(Download, LeavesNothingWhereItsLoopIsDestroyed) {
    fake->hang("get");
    {
        testing::test_loop dying;
        const auto getting = dying.spawn(get());
        dying.until([&] { return fake->count("get") > 0; });
    }
    EXPECT_TRUE(is_nothing_there());
}

TEST_F(Download, TakesNoMoreMemoryThanThereIs) {
    const auto shared = std::make_shared<const core>(options);
    std::size_t most = 0;
    auto how = by_hundreds();
    how.on_progress = [&](const progress&) { most = std::max(most, shared->memory.in_use()); };
    loop.get(download(shared, "k", folder / "to", how));
    EXPECT_LE(most, 300u);
    EXPECT_EQ(shared->memory.in_use(), 0u);
}

TEST_F(Download, ReadsAnAnswerThatIsThereWithoutATurn) {
    options.max_requests = 1;
    const auto shared = std::make_shared<const core>(options);
    auto first = loop.get(fake->get({.key = "k", .range = byte_range{.length = 100}}, {}));
    fake->hang("head");
    const asking<object_info> waiting = [this](attempt a) { return fake->head("k", {}, a.limit); };
    asio::cancellation_signal enough;
    const auto other = loop.spawn(shared->calls.run<object_info>({.op = "head"}, waiting, {}), enough.slot());
    loop.until([&] { return fake->count("head") == 1; });

    const auto to = std::make_shared<target_file>(folder / "to", false);
    to->begin({.etag = first.info.etag, .size = 100, .part_size = 100});
    const auto by = std::make_shared<reception>(shared, "k", first.info, to, slice{.number = 1, .size = 100},
                                                checksum_kind::crc32c);
    by->begin_with(std::move(first));
    const auto told_to = std::make_shared<progress_teller>(progress_function(), 100, time);
    EXPECT_EQ(loop.get(reception::receive(by, told_to, {})), checksum_of(bytes.substr(0, 100)));
    EXPECT_FALSE(other->done()) << "it has the only turn";
    enough.emit(asio::cancellation_type::terminal); // it keeps neither the storage nor the bucket
    loop.until([&] { return other->done(); });
}

TEST_F(Download, IsWholeOrAbsentWhateverFails) {
    std::uint64_t lots = 11;
    const auto lot = [&lots](std::uint64_t below) {
        lots = lots * 6364136223846793005u + 1442695040888963407u;
        return (lots >> 33) % below;
    };
    options.attempts = 2;
    int whole = 0;
    for (std::uint64_t round = 0; round < 300; ++round) {
        renew();
        const auto all = some_bytes(lot(900), round);
        put(all);
        const bool resume = lot(2) == 0;
        bool flipped = false;
        for (auto i = lot(6); i > 0; --i)
            if (const auto what = lot(8); what < 5)
                fake->cut(lot(120), lot(2) ? std::optional(down) : std::nullopt);
            else if (what == 5) {
                fake->flip(lot(100));
                flipped = true;
            } else
                fake->fail("get", lot(3) ? down : no);
        if (!resume) {
            std::error_code ignored;
            fs::remove(folder / "to", ignored);
        }
        const auto before = fs::exists(folder / "to") ? there() : std::string();
        const auto getting = loop.run(get(resume));
        if (getting->value) {
            ASSERT_EQ(there(), all) << round;
            ++whole;
        } else {
            ASSERT_EQ(fs::exists(folder / "to") ? there() : std::string(), before) << round;
            ASSERT_TRUE(flipped || getting->code() != errc::integrity) << round;
        }
    }
    EXPECT_GT(whole, 100);
}

} // namespace
} // namespace infra::storage
