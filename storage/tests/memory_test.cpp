#include "conformance/subject.hpp"

#include <infra/storage/memory.hpp>

namespace infra::storage {
namespace {

class MemoryBucket : public ::testing::Test {
protected:
    boost::system::error_code put_failure(std::string key, std::string bytes) {
        return loop.run(files->put({.key = std::move(key)}, {.bytes = std::move(bytes)}, deadline::never()))->code();
    }

    testing::test_loop loop;
    manual_clock time;
    std::shared_ptr<bucket> files = make_memory_bucket({.max_bytes = 1000, .time = &time});
};

TEST_F(MemoryBucket, TakesNoMoreThanItHasRoomFor) {
    put_failure("a", std::string(600, 'a'));
    EXPECT_EQ(put_failure("b", std::string(401, 'b')), errc::full);
    loop.get(files->put({.key = "c"}, {.bytes = std::string(400, 'c')}, deadline::never()));
    EXPECT_EQ(put_failure("d", "d"), errc::full);
    loop.wait(files->remove("a", {}, deadline::never()));
    loop.get(files->put({.key = "e"}, {.bytes = std::string(600, 'e')}, deadline::never()));
    EXPECT_EQ(loop.get(read_all(files, {.key = "c"}, deadline::never())), std::string(400, 'c'));
}

TEST_F(MemoryBucket, KeepsNothingOfASourceThatIsTooLong) {
    EXPECT_EQ(loop.run(files->put({.key = "a"}, {.source = source_of(std::string(3'000'000, 'a'), 500'000)},
                                  deadline::never()))
                  ->code(),
              errc::full);
    loop.get(files->put({.key = "b"}, {.bytes = std::string(1000, 'b')}, deadline::never()));
}

TEST_F(MemoryBucket, CountsPartsUntilTheyAreAborted) {
    const auto upload = loop.get(files->begin_upload({.key = "a"}, deadline::never()));
    loop.get(files->put_part(upload, 1, std::string(1000, 'x'), {}, deadline::never()));
    EXPECT_EQ(put_failure("b", "b"), errc::full);
    loop.wait(files->abort_upload(upload, deadline::never()));
    loop.get(files->put({.key = "b"}, {.bytes = std::string(1000, 'b')}, deadline::never()));
}

TEST_F(MemoryBucket, CountsWhatIsStillBeingRead) {
    loop.get(files->put({.key = "a"}, {.bytes = std::string(1000, 'a')}, deadline::never()));
    {
        const auto open = loop.get(files->get({.key = "a"}, deadline::never()));
        loop.wait(files->remove("a", {}, deadline::never()));
        EXPECT_EQ(put_failure("b", "b"), errc::full);
    }
    loop.get(files->put({.key = "b"}, {.bytes = std::string(1000, 'b')}, deadline::never()));
}

TEST_F(MemoryBucket, CopiesWithoutTakingRoom) {
    loop.get(files->put({.key = "a"}, {.bytes = std::string(1000, 'a')}, deadline::never()));
    loop.get(files->copy({.from = "a", .to = "b"}, deadline::never()));
    loop.wait(files->remove("a", {}, deadline::never()));
    EXPECT_EQ(loop.get(read_all(files, {.key = "b"}, deadline::never())), std::string(1000, 'a'));
}

TEST_F(MemoryBucket, TellsWhenAnObjectWasPut) {
    time.advance(std::chrono::milliseconds(1500));
    const auto info = loop.get(files->put({.key = "a"}, {.bytes = "x"}, deadline::never()));
    EXPECT_EQ(info.modified, std::chrono::floor<std::chrono::seconds>(time.wall()));
}

TEST_F(MemoryBucket, RefusesHeadersOfOtherStores) {
    put_request what{.key = "a"};
    what.attributes.store_headers = {{"x-amz-storage-class", "STANDARD_IA"}};
    EXPECT_EQ(loop.run(files->put(what, {.bytes = "x"}, deadline::never()))->code(), errc::unsupported);
}

TEST_F(MemoryBucket, RefusesKeysThatCanBeNone) {
    EXPECT_EQ(put_failure("../up", "x"), infra::errc::invalid_input);
    EXPECT_EQ(put_failure("", "x"), infra::errc::invalid_input);
}

TEST(MemoryBucketOptions, ComeFromAUrl) {
    EXPECT_EQ(make_bucket("memory:", environment())->description(), "memory:");
    for (const char* url : {"memory:x", "memory://"})
        try {
            make_bucket(url, environment());
            ADD_FAILURE() << url;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), infra::errc::misconfigured);
        }
}

TEST(MemoryBucketOptions, SayWhereSignedUrlsLead) {
    testing::test_loop loop;
    const auto files = make_bucket("memory:", environment({{"STORAGE_PUBLIC_URL", "https://shop.example/files"}}));
    EXPECT_TRUE(loop.get(files->sign("a.txt", std::chrono::minutes(1), {}))
                    .url.starts_with("https://shop.example/files/a.txt?"));
}

TEST(MemoryBucketOptions, NameTheFieldThatIsWrong) {
    EXPECT_THROW(make_memory_bucket({.max_bytes = 0}), std::invalid_argument);
}

} // namespace
} // namespace infra::storage
