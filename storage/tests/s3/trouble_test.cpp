// What stores do to their clients, done to a storage over the S3 bucket.

#include "proof.hpp"
#include "support.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <thread>

namespace infra::storage {
namespace {

using namespace proof;
using stub::trouble;

std::size_t refused(const std::vector<stub::seen>& requests, std::size_t from, std::size_t to) {
    std::size_t count = 0;
    for (std::size_t i = from; i < to; ++i)
        count += requests[i].status == 503 ? 1 : 0;
    return count;
}

// What is done behind the caller's back has been done a little later.
bool comes_true(const std::function<bool()>& fact) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; !fact();)
        if (std::chrono::steady_clock::now() > end)
            return false;
        else
            std::this_thread::sleep_for(1ms);
    return true;
}

TEST(S3Trouble, OfACompleteWhoseAnswerIsLostIsSettled) {
    for (const auto what : {trouble::reset_after, trouble::silent_after, trouble::cut_answer}) {
        stub::server s3;
        const auto files = files_at(s3);
        const auto large = bytes(2 * part_bytes + 1, 1);
        s3.faults().add({.op = "complete", .what = what});
        const auto info = wait(files.put("a", large));
        EXPECT_EQ(info.size, large.size());
        EXPECT_EQ(info.etag, s3.s3().objects().at("a").etag);
        EXPECT_TRUE(s3.s3().uploads().empty());
    }
}

TEST(S3Trouble, OfACompleteThatIsLostOrFailsIsTriedAgain) {
    const std::vector<stub::fault> all{
        {.op = "complete", .what = trouble::reset},
        {.op = "complete", .what = trouble::silent},
        {.op = "complete", .what = trouble::error_in_200, .code = "InternalError"},
        {.op = "complete", .what = trouble::answer, .status = 500, .code = "InternalError"},
    };
    for (const auto& each : all) {
        stub::server s3;
        const auto files = files_at(s3);
        const auto large = bytes(2 * part_bytes + 1, 1);
        s3.faults().add(each);
        wait(files.put("a", large));
        EXPECT_TRUE(s3.s3().objects().at("a").bytes.bytes.view() == large);
        EXPECT_EQ(s3.requests_of("complete").size(), 2u);
        EXPECT_TRUE(s3.s3().uploads().empty());
    }
}

TEST(S3Trouble, OfACompleteThatFailsForGoodLeavesNothing) {
    stub::server s3;
    const auto files = files_at(s3);
    s3.faults().add({.op = "complete", .times = -1, .what = trouble::answer, .status = 500, .code = "InternalError"});
    EXPECT_EQ(failure(files.put("a", bytes(2 * part_bytes + 1, 1))), infra::errc::unavailable);
    EXPECT_TRUE(s3.s3().objects().empty());
    EXPECT_TRUE(comes_true([&] { return s3.s3().uploads().empty(); })) << "it was to be aborted";
}

TEST(S3Trouble, OfARegionIsLearnedOnce) {
    for (const int status : {301, 307, 400}) {
        stub::server s3({.region = "eu-central-1"});
        if (status != 400) // which the stub says by itself to whoever signs for another region
            s3.faults().add(stub::redirect(status, "eu-central-1"));
        const auto files = files_at(s3);
        wait(files.put("a", "1"));
        wait(files.put("b", "2"));
        EXPECT_EQ(s3.requests().size(), 3u) << status;
    }
}

TEST(S3Trouble, OfAClockIsLearnedOnce) {
    stub::server s3;
    s3.s3().skew(1h);
    const auto files = files_at(s3);
    wait(files.put("a", "1"));
    wait(files.put("b", "2"));
    EXPECT_EQ(wait(files.get("a")).bytes, "1");
    EXPECT_EQ(s3.requests().size(), 4u);
}

TEST(S3Trouble, OfTooManyRequestsMakesFewerOfThem) {
    stub::server s3({.most_at_once = 8});
    s3.faults().add({.op = "put", .times = -1, .what = trouble::slow, .wait = 5ms});
    auto with = impatient(bucket_at(s3.endpoint(), s3.keys()), 100);
    with.timeout = 60s;
    with.retry_budget = 10'000;
    const infra::storage::storage files(with);
    std::vector<std::future<object_info>> puts;
    for (int i = 0; i < 600; ++i)
        puts.push_back(asio::co_spawn(default_executor(), files.put("k" + std::to_string(i), "x"), asio::use_future));
    for (auto& each : puts)
        EXPECT_NO_THROW(each.get());
    const auto requests = s3.requests();
    const auto half = requests.size() / 2;
    EXPECT_EQ(s3.s3().objects().size(), 600u);
    EXPECT_GT(refused(requests, 0, half), 2 * refused(requests, half, requests.size()))
        << "it goes on with as many at once as in the beginning";
}

TEST(S3Trouble, OfConnectionsThatTheStoreClosedIsNotSeen) {
    stub::server s3({.idle = 50ms});
    const auto files = files_at(s3, 1);
    wait(files.put("a", "1"));
    while (s3.open_connections() > 0)
        std::this_thread::sleep_for(1ms);
    wait(files.put("a", "2"));
    EXPECT_EQ(s3.connections(), 2u);
}

TEST(S3Trouble, OfConnectionsThatAreResetIsNotSeen) {
    stub::server s3;
    const auto files = files_at(s3);
    for (int i = 0; i < rounds(20, 200); ++i) {
        wait(files.put("a", std::to_string(i)));
        s3.drop_connections();
        EXPECT_EQ(wait(files.get("a")).bytes, std::to_string(i));
    }
}

TEST(S3Trouble, InTheMiddleOfABodyIsGoneOverTo) {
    stub::server s3;
    const auto files = files_at(s3);
    const auto text = bytes(1 << 20, 5);
    s3.faults().add({.op = "put", .times = 2, .what = trouble::cut_request, .at = 300'000});
    wait(files.put("a", text));
    s3.faults().add({.op = "get", .times = 2, .what = trouble::cut_answer, .at = 300'000});
    EXPECT_TRUE(wait(files.get("a")).bytes == text);
    EXPECT_EQ(s3.requests_of("get").size(), 3u);
}

TEST(S3Trouble, ThatLastsIsSaidInOneSentence) {
    stub::server s3;
    const auto files = files_at(s3, 3);
    s3.faults().add(stub::slow_down(-1));
    EXPECT_EQ(failure(files.put("a", "1")), errc::throttled);
    EXPECT_EQ(s3.requests().size(), 3u);
}

// An object is pinned by when it was changed, and by its length.
TEST(S3Trouble, MixesNoVersionsWhereTheStoreHasNoETags) {
    stub::server s3({.profile = {.etags = false}});
    const auto files = files_at(s3);
    const auto first = bytes(2 * part_bytes + 12'345, 1), second = bytes(2 * part_bytes + 12'345, 2);
    const temporary_folder folder;
    wait(files.put("a", first));
    EXPECT_EQ(wait(files.head("a"))->etag, "");
    wait(files.download("a", folder / "a"));
    EXPECT_TRUE(contents_of(folder / "a") == first);
    EXPECT_NE(s3.requests_of("get").back().header("if-unmodified-since"), "");

    s3.faults().add({.op = "get", .what = stub::trouble::cut_answer, .at = 100'000});
    const auto reader = std::make_shared<object_reader>(wait(files.open("a")));
    auto got = wait(reader->read());
    s3.s3().skew(2s);
    wait(files.put("a", second));
    const auto rest = [](std::shared_ptr<object_reader> from) -> awaitable<void> {
        while (!(co_await from->read()).empty())
            ;
    };
    EXPECT_EQ(failure(rest(reader)), errc::precondition);

    s3.faults().add({.op = "get", .what = stub::trouble::cut_answer, .at = 100'000}); // goes on, and is whole
    EXPECT_TRUE(wait(files.get("a")).bytes == second);
    wait(files.download("a", folder / "a"));
    EXPECT_TRUE(contents_of(folder / "a") == second);
}

} // namespace
} // namespace infra::storage
