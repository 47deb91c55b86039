#include <infra/redis/options.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace infra::redis {
namespace {

using namespace std::chrono_literals;

TEST(RedisOptions, AreGoodAsTheyAre) { EXPECT_NO_THROW(validate(options{})); }

TEST(RedisOptions, NameTheFieldThatIsNot) {
    const std::pair<std::function<void(options&)>, const char*> cases[] = {
        {[](options& o) { o.host = ""; }, "redis::options::host must be given, or socket_path"},
        {[](options& o) { o.port = 0; }, "redis::options::port must be from 1 to 65535"},
        {[](options& o) { o.username = "u"; }, "redis::options::password must be given with a username"},
        {[](options& o) { o.database = -1; }, "redis::options::database must be at least 0"},
        {[](options& o) { o.client_name = "a b"; },
         "redis::options::client_name must be printable ASCII without spaces"},
        {[](options& o) { o.protocol = 4; }, "redis::options::protocol must be 2 or 3"},
        {[](options& o) { o.default_deadline = 0ms; }, "redis::options::default_deadline must be greater than zero"},
        {[](options& o) { o.connect_timeout = -1ms; }, "redis::options::connect_timeout must be greater than zero"},
        {[](options& o) { o.max_queued_commands = 0; }, "redis::options::max_queued_commands must be at least 1"},
        {[](options& o) { o.max_queued_bytes = 1; }, "redis::options::max_queued_bytes must be at least 1024"},
        {[](options& o) { o.max_reply_bytes = 1; }, "redis::options::max_reply_bytes must be from 1 KiB to 4 GiB"},
        {[](options& o) { o.max_sessions = 0; }, "redis::options::max_sessions must be from 1 to 10000"},
        {[](options& o) { o.session_max_idle = 0ms; }, "redis::options::session_max_idle must be greater than zero"},
        {[](options& o) { o.ping_every = 1ms; }, "redis::options::ping_every must be at least 100 ms"},
        {[](options& o) { o.response_timeout = 1ms; }, "redis::options::response_timeout must be at least 100 ms"},
        {[](options& o) { o.flush_delay = 200ms; }, "redis::options::flush_delay must be from 0 to 100 ms"},
        {[](options& o) { o.reconnect.jitter = 2; }, "redis::options::reconnect.jitter must be between 0 and 1"},
        {[](options& o) { o.sentinel = {.sentinels = {}, .master = "m"}; },
         "redis::options::sentinel.sentinels must be 1 to 64, each with host and port"},
        {[](options& o) { o.sentinel = {.sentinels = {{"h", 1}}}; },
         "redis::options::sentinel.master must be 1 to 255 bytes long"},
        {[](options& o) { o.cluster = {.seeds = {{"h", 0}}}; },
         "redis::options::cluster.seeds must be 1 to 64, each with host and port"},
        {[](options& o) {
             o.sentinel = {.sentinels = {{"h", 1}}, .master = "m"};
             o.cluster = {.seeds = {{"h", 1}}};
         },
         "redis::options::cluster must be unset with sentinel"},
        {[](options& o) {
             o.cluster = {.seeds = {{"h", 1}}};
             o.database = 1;
         },
         "redis::options::database must be 0 in a cluster, which has no other"},
        {[](options& o) {
             o.tls.emplace();
             o.socket_path = "/x";
         },
         "redis::options::tls must be unset with a socket_path"},
    };
    for (const auto& [spoil, sentence] : cases) {
        options o;
        spoil(o);
        try {
            validate(o);
            ADD_FAILURE() << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_STREQ(e.what(), sentence);
        }
    }
}

} // namespace
} // namespace infra::redis
