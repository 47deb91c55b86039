#include "src/parts/copy.hpp"

#include "tests/fake_bucket.hpp"
#include "tests/support.hpp"

#include <infra/storage/storage.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

struct CopyByParts : ::testing::Test {
    testing::test_loop loop;
    manual_clock time;
    std::shared_ptr<fake_bucket> fake = std::make_shared<fake_bucket>(time);
    std::string bytes = some_bytes(1234);
    std::weak_ptr<const infra::storage::core> used;

    CopyByParts() {
        fake->can = {.remote = true, .min_part = 1, .max_part = 100, .max_parts = 100};
        fake->store("from", bytes);
    }

    awaitable<object_info> copy(std::string etag = "e1") {
        const auto core = std::make_shared<const infra::storage::core>(
            storage_options{.bucket = fake, .pause = {.delay = 0ms}, .time = &time});
        used = core;
        return copy_by_parts(core,
                             {.from = "from",
                              .to = "to",
                              .attributes = object_attributes{.content_type = "text/plain"},
                              .source_if_match = std::move(etag)},
                             bytes.size(), {});
    }
};

TEST_F(CopyByParts, CopiesEveryByteAndTheAttributes) {
    fake->fail("copy_part", {infra::errc::unavailable, "no connection"});
    const auto info = loop.get(copy());
    EXPECT_EQ(fake->find("to")->bytes, bytes);
    EXPECT_EQ(fake->find("to")->attributes.content_type, "text/plain");
    EXPECT_EQ(info.size, bytes.size());
    EXPECT_EQ(fake->count("copy_part"), 14u) << "one was made again";
    EXPECT_EQ(fake->count("get"), 0u);
}

TEST_F(CopyByParts, LeavesNothingOfASourceThatHasChanged) {
    const auto copying = loop.run(copy("e0"));
    EXPECT_EQ(copying->code(), errc::precondition);
    loop.until([&] { return used.expired(); }); // an abort goes on behind, and needs the clock
    EXPECT_EQ(fake->uploads(), 0u);
    EXPECT_FALSE(fake->find("to"));
}

} // namespace
} // namespace infra::storage
