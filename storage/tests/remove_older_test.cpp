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

struct RemoveOlder : ::testing::Test {
    testing::test_loop loop;
    manual_clock time;
    std::shared_ptr<fake_bucket> fake = std::make_shared<fake_bucket>(time);
    storage files{{.bucket = fake, .prefix = "p/", .pause = {.delay = 0ms}, .time = &time}};

    RemoveOlder() {
        for (const auto* key : {"p/staged/a", "p/staged/b", "p/taken/c"})
            fake->store(key, "old");
        time.advance(25h);
        fake->store("p/staged/young", "x");
    }
};

TEST_F(RemoveOlder, TakesWhatIsOldBelowThePrefix) {
    EXPECT_EQ(loop.get(files.remove_older("staged/", 24h)), 2u);
    EXPECT_FALSE(fake->find("p/staged/a"));
    EXPECT_FALSE(fake->find("p/staged/b"));
    EXPECT_TRUE(fake->find("p/staged/young"));
    EXPECT_TRUE(fake->find("p/taken/c"));
    EXPECT_EQ(loop.get(files.remove_older("staged/", 24h)), 0u);
}

TEST_F(RemoveOlder, GoesThroughAllPages) {
    for (int i = 0; i < 2500; ++i)
        fake->store("p/staged/" + std::to_string(i), "x");
    time.advance(25h);
    EXPECT_EQ(loop.get(files.remove_older("staged/", 24h)), 2503u);
    EXPECT_EQ(fake->objects(), 1u);
}

TEST_F(RemoveOlder, LeavesWhatWasReplacedMeanwhile) {
    fake->hang("remove");
    const auto removing = loop.spawn(files.remove_older("staged/", 24h));
    loop.until([&] { return fake->count("remove") == 2; });
    loop.settle();
    fake->store("p/staged/a", "new");
    time.advance(16s); // the one that hangs is asked for again
    loop.until([&] { return removing->done(); });
    EXPECT_EQ(removing->value, 1u);
    EXPECT_EQ(fake->find("p/staged/a")->bytes, "new");
}

TEST_F(RemoveOlder, LetsNoneKeepTheOthers) {
    fake->fail("remove", {errc::denied, "not allowed"});
    EXPECT_EQ(loop.run(files.remove_older("staged/", 24h))->code(), errc::denied);
    EXPECT_EQ(fake->count("remove"), 2u);
    EXPECT_EQ(fake->objects(), 3u);
}

TEST_F(RemoveOlder, RefusesWhatWouldRemoveEverything) {
    EXPECT_EQ(loop.run(files.remove_older("", 24h))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(files.remove_older("staged/", -1h))->code(), infra::errc::invalid_input);
    EXPECT_EQ(fake->objects(), 4u);
}

} // namespace
} // namespace infra::storage
