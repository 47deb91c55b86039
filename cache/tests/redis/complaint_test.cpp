#include "src/redis/complaint.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

namespace infra::cache::redis_backend {
namespace {

const redis::reply ok{std::string("OK")};

redis::reply error_reply(std::string words) { return redis::reply(std::move(words), redis::reply::kind::error); }

TEST(CacheRedisComplaint, TellsAServerThatIsAwayFromOneThatRefuses) {
    EXPECT_EQ(complaint_in(ok), complaint::none);
    EXPECT_EQ(complaint_in(redis::reply()), complaint::none);
    for (const auto* const words :
         {"LOADING Redis is loading the dataset in memory", "BUSY Redis is busy running a script",
          "MASTERDOWN Link with MASTER is down", "CLUSTERDOWN The cluster is down"})
        EXPECT_EQ(complaint_in(error_reply(words)), complaint::away) << words;
    for (const auto* const words :
         {"OOM command not allowed when used memory > 'maxmemory'.", "READONLY You can't write",
          "MISCONF Redis is configured to save RDB snapshots", "NOPERM no permissions", "ERR something new"})
        EXPECT_EQ(complaint_in(error_reply(words)), complaint::refused) << words;
}

TEST(CacheRedisComplaint, TellsWhatMayPass) {
    for (const auto* const words : {"OOM no room", "MISCONF no disk", "NOREPLICAS not enough", "LOADING yet"})
        EXPECT_TRUE(may_pass(error_reply(words))) << words;
    for (const auto* const words : {"READONLY You can't write", "NOPERM no permissions", "WRONGTYPE a list", "ERR new"})
        EXPECT_FALSE(may_pass(error_reply(words))) << words;
}

TEST(CacheRedisComplaint, FindsTheWorstOfMany) {
    const std::vector<redis::reply> fine{ok, redis::reply()};
    EXPECT_EQ(worst_of(fine), nullptr);
    const std::vector<redis::reply> mixed{ok, error_reply("OOM no"), error_reply("LOADING yet"), error_reply("OOM no")};
    EXPECT_EQ(worst_of(mixed), &mixed[2]);
}

TEST(CacheRedisComplaint, TellsWhoseFaultAFailureIs) {
    for (const auto code :
         {redis::errc::lost, redis::errc::unanswered, redis::errc::not_connected, redis::errc::refused,
          redis::errc::protocol, redis::errc::too_large, redis::errc::exhausted})
        EXPECT_EQ(failure_of(code), failure::away);
    EXPECT_EQ(failure_of(infra::errc::timed_out), failure::away);
    EXPECT_EQ(failure_of(infra::errc::overloaded), failure::away);
    EXPECT_EQ(failure_of(infra::errc::closed), failure::ours);
    EXPECT_EQ(failure_of(infra::errc::invalid_input), failure::ours);
    EXPECT_EQ(failure_of(boost::asio::error::operation_aborted), failure::abandoned);
}

} // namespace
} // namespace infra::cache::redis_backend
