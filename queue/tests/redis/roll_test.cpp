#include "src/redis/roll.hpp"

#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;
using queues = std::vector<std::string>;

TEST(Roll, AWorkerIsNewsOnce) {
    roll here;
    EXPECT_TRUE(here.is_news("w", {"mail"}));
    here.enter("w", "", {"mail"}, t0);
    EXPECT_FALSE(here.is_news("w", {"mail"}));
    EXPECT_TRUE(here.is_news("w", {"mail", "images"})) << "it takes jobs of another queue as well";
    here.enter("w", "", {"images"}, t0 + 1s);
    EXPECT_FALSE(here.is_news("w", {"mail", "images"}));
    EXPECT_EQ(here.all().at("w").queues, (queues{"mail", "images"}));
    EXPECT_EQ(here.all().at("w").since, t0);
}

TEST(Roll, HasRoomForSoManyOnly) {
    roll here;
    for (std::size_t i = 0; i < max_workers; ++i)
        here.enter(std::to_string(i), "", {"mail"}, t0);
    EXPECT_FALSE(here.is_news("one more", {"mail"}));
    EXPECT_TRUE(here.is_news("0", {"images"}));
    EXPECT_TRUE(here.leave("0"));
    EXPECT_FALSE(here.leave("0"));
    EXPECT_TRUE(here.is_news("one more", {"mail"}));
}

TEST(Roll, ShowsEachQueueUnderEachNameOnce) {
    roll here;
    here.enter("w1", "mill", {"mail", "images"}, t0);
    here.enter("w2", "mill", {"mail"}, t0);
    here.enter("w3", "", {"mail"}, t0);
    EXPECT_EQ(here.shown(),
              (std::set<std::pair<std::string, std::string>>{{"images", "mill"}, {"mail", ""}, {"mail", "mill"}}));
}

TEST(Roll, WhatIsStoredIsReadAgain) {
    const auto field = field_of("12ab", "host:7:lot");
    EXPECT_EQ(process_in(field), "12ab");
    EXPECT_EQ(read_worker(field, to_text({.queues = {"mail", "\"x\""}, .since = t0 + 5ms})),
              (worker_info{.name = "host:7:lot", .queues = {"mail", "\"x\""}, .since = t0 + 5ms}));
}

TEST(Roll, WhatOthersWroteThereIsNoWorker) {
    EXPECT_FALSE(read_worker("12ab:w", "no JSON"));
    EXPECT_FALSE(read_worker("nobody", "{}"));
    EXPECT_EQ(read_worker("p:w", R"({"queues":[1,"mail"],"since":"x"})"),
              (worker_info{.name = "w", .queues = {"mail"}}));
}

TEST(Roll, ProcessesAndWorkersAreKnownByTheirConnections) {
    EXPECT_EQ(name_of_process("12ab", {}), "infra-queue:12ab");
    EXPECT_EQ(name_of_process("34cd", {5, 7}), "infra-queue:34cd:5:7");
    const auto seen = read_connections("bull",
                                       "id=3 addr=127.0.0.1:1 fd=8 name=infra-queue:12ab age=1 db=0\n"
                                       "id=4 addr=127.0.0.1:2 fd=9 name= age=1\n"
                                       "id=5 addr=127.0.0.1:3 fd=9 name=bull:bWFpbA==:w:mill age=1\n"
                                       "id=6 addr=127.0.0.1:4 fd=9 name=infra-queue:34cd:5:7 age=9\n"
                                       "id=8 addr=127.0.0.1:5 fd=9 name=bull:bWFpbA==:w:node age=60\n"
                                       "id=9 addr=127.0.0.1:6 fd=9 name=bull:aW1hZ2Vz age=2\n"
                                       "id=10 addr=127.0.0.1:7 fd=9 name=bull:aW1hZ2Vz:qe age=2\n",
                                       t0);
    EXPECT_EQ(seen.processes, (std::set<std::string, std::less<>>{"12ab", "34cd"}));
    EXPECT_EQ(seen.others, (std::vector<worker_info>{{.name = "node", .queues = {"mail"}, .since = t0 - 60s},
                                                     {.name = "127.0.0.1:6", .queues = {"images"}, .since = t0 - 2s}}));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
