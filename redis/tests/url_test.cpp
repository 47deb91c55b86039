#include "src/url.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

using namespace std::chrono_literals;

TEST(RedisUrl, NamesServerUserAndDatabase) {
    const auto o = options_from("redis://shop:s%40cret@cache.internal:6380/2");
    EXPECT_EQ(o.host, "cache.internal");
    EXPECT_EQ(o.port, 6380);
    EXPECT_EQ(o.username, "shop");
    EXPECT_EQ(o.password, "s@cret");
    EXPECT_EQ(o.database, 2);
    EXPECT_FALSE(o.tls);
    EXPECT_EQ(describe(o), "redis://cache.internal:6380/2");
}

TEST(RedisUrl, LeavesOutWhatHasADefault) {
    for (const char* url :
         {"redis://", "redis://127.0.0.1", "redis://127.0.0.1/", "redis://127.0.0.1:6379/0", "redis://127.0.0.1?"})
        EXPECT_EQ(describe(options_from(url)), "redis://127.0.0.1:6379/0") << url;
    const auto o = options_from("redis://:secret@h");
    EXPECT_EQ(o.username, "");
    EXPECT_EQ(o.password, "secret");
    EXPECT_EQ(options_from("redis://u:p@w@h:1").password, "p@w") << "the last @ ends it";
    EXPECT_EQ(options_from("redis://u:p%2Fq%3F%23@h:1").password, "p/q?#");
    EXPECT_EQ(describe(options_from("redis://[::1]:7000")), "redis://[::1]:7000/0");
}

TEST(RedisUrl, TakesOptions) {
    const auto o =
        options_from("rediss://h:1?db=3&protocol=2&client_name=shop&ca_file=/etc/my%20ca.pem&server_name=redis.example"
                     "&max_sessions=4&deadline=500&connect_timeout=1500");
    EXPECT_EQ(o.database, 3);
    EXPECT_EQ(o.protocol, 2);
    EXPECT_EQ(o.client_name, "shop");
    ASSERT_TRUE(o.tls);
    EXPECT_EQ(o.tls->ca_file, "/etc/my ca.pem");
    EXPECT_EQ(o.tls->server_name, "redis.example");
    EXPECT_FALSE(o.tls->insecure_accept_any_certificate);
    EXPECT_EQ(o.max_sessions, 4u);
    EXPECT_EQ(o.default_deadline, 500ms);
    EXPECT_EQ(o.connect_timeout, 1500ms);
    EXPECT_TRUE(options_from("rediss://h?verify=no").tls->insecure_accept_any_certificate);
}

TEST(RedisUrl, NamesAUnixSocket) {
    const auto o = options_from("unix://:pw@/run/redis/redis%20one.sock?db=1");
    EXPECT_EQ(o.socket_path, "/run/redis/redis one.sock");
    EXPECT_EQ(o.password, "pw");
    EXPECT_EQ(describe(o), "unix:///run/redis/redis one.sock?db=1");
}

TEST(RedisUrl, NamesSentinelsAndTheirMaster) {
    const auto o = options_from("redis+sentinel://app:pw@s1,s2:26380,[::1]:5/my%20shop/3?sentinel_user=u"
                                "&sentinel_password=p%40w&deadline=100");
    ASSERT_TRUE(o.sentinel);
    EXPECT_EQ(o.sentinel->sentinels, (std::vector<endpoint>{{"s1", 26379}, {"s2", 26380}, {"::1", 5}}));
    EXPECT_EQ(o.sentinel->master, "my shop");
    EXPECT_EQ(o.sentinel->username, "u");
    EXPECT_EQ(o.sentinel->password, "p@w");
    EXPECT_EQ(o.username, "app");
    EXPECT_EQ(o.password, "pw");
    EXPECT_EQ(o.database, 3);
    EXPECT_FALSE(o.tls);
    EXPECT_EQ(describe(o), "redis+sentinel://s1:26379,s2:26380,[::1]:5/my shop/3");
    EXPECT_EQ(options_from("redis+sentinel://s/shop?db=2").database, 2);
    EXPECT_TRUE(options_from("rediss+sentinel://s/shop?ca_file=/ca.pem").tls);
}

TEST(RedisUrl, NamesTheSeedsOfACluster) {
    const auto o = options_from("redis+cluster://:pw@a:7000,b:7001,c");
    ASSERT_TRUE(o.cluster);
    EXPECT_EQ(o.cluster->seeds, (std::vector<endpoint>{{"a", 7000}, {"b", 7001}, {"c", 6379}}));
    EXPECT_EQ(o.password, "pw");
    EXPECT_EQ(describe(o), "redis+cluster://a:7000,b:7001,c:6379");
    EXPECT_TRUE(options_from("rediss+cluster://a").tls);
}

TEST(RedisUrl, NamesTheBadPartAndNeverThePassword) {
    const std::pair<std::string, const char*> cases[] = {
        {"hunter2", "has no scheme"},
        {"http://u:hunter2@h", "has a scheme it does not know"},
        {"redis+sentinel://u:hunter2@h", "names no master"},
        {"redis+sentinel://u:hunter2@h/", "names no master"},
        {"redis+sentinel://u:hunter2@h,/shop", "leaves a host empty"},
        {"redis+sentinel://u:hunter2@h:1,h:x/shop", "has a port that is not a number"},
        {"redis+sentinel://u:hunter2@h/shop/two", "has a database that is not a number"},
        {"redis+sentinel://u:hunter2@h/shop?sentinel_user=x", "sentinel.password must be given with a username"},
        {"redis://u:hunter2@h?sentinel_password=hunter2", "which is for redis+sentinel:// alone"},
        {"redis+cluster://u:hunter2@", "leaves a host empty"},
        {"redis+cluster://u:hunter2@h/1", "database must be 0 in a cluster"},
        {"redis://u:hunter2@h:x", "has a port that is not a number from 1 to 65535"},
        {"redis://u:hunter2@h:0", "has a port that is not a number from 1 to 65535"},
        {"redis://u:hunter2@h:65536", "has a port that is not a number from 1 to 65535"},
        {"redis://u:hunter2@h:", "has a port that is not"},
        {"redis://u:hunter2@h/two", "has a database that is not a number from 0"},
        {"redis://u:hunter2@h/-1", "has a database that is not a number from 0"},
        {"redis://u:hunter2@h?db=x", "has a database that is not"},
        {"redis://u:hunter2%zz@h", "has a malformed percent-encoding in its password"},
        {"redis://u%:hunter2@h", "has a malformed percent-encoding in its user"},
        {"redis://u:hun ter2@h", "has a space or a control character"},
        {"redis://hunter2@h", "has a user without a password"},
        {"redis://u:hunter2@[::1", "begins with [ and has no ]"},
        {"redis://u:hunter2@[::1]x", "has something between its host and its port"},
        {"redis://u:hunter2@h?protocol=4", "has a protocol that is not a number from 2 to 3"},
        {"redis://u:hunter2@h?hunter2=1", "has an option it does not know"},
        {"redis://u:hunter2@h?db", "has an option without a value"},
        {"redis://u:hunter2@h?ca_file=x", "has 'ca_file', which is for rediss:// alone"},
        {"rediss://u:hunter2@h?verify=hunter2", "has a 'verify' that is not no"},
        {"rediss://u:hunter2@h?ca_file=a&ca_directory=b", "ca_file or ca_directory, not both"},
        {"redis://u:hunter2@h?client_name=a%20b", "client_name must be printable ASCII without spaces"},
        {"redis://u:hunter2@h?deadline=0", "has a deadline that is not a number from 1"},
        {"unix://u:hunter2@relative", "names no absolute path"},
        {"redis://u:12/hunter2@h", "has an @ behind its host; percent-encode it"},
        {"redis://u:12?hunter2@h", "has an @ behind its host; percent-encode it"},
        {"redis://u:12?client_name=hunter2@h", "has an @ behind its host; percent-encode it"},
        {"redis://u:12#hunter2@h", "has a #; percent-encode it"},
        {"redis://:12#hunter2@h", "has a #; percent-encode it"},
        {"redis://u:hunter2@h#x", "has a #; percent-encode it"},
        {"redis+sentinel://u:12/hunter2@h", "has an @ behind its host; percent-encode it"},
        {"redis+sentinel://u:12/hunter2@h/shop", "has an @ behind its host; percent-encode it"},
        {"redis+sentinel://u:p@12/hunter2@h", "has an @ behind its host; percent-encode it"},
        {"redis+cluster://u:12/hunter2@h", "has an @ behind its host; percent-encode it"},
        {"unix://u:12/hunter2@/run/redis.sock", "has an @ behind its host; percent-encode it"},
        {"unix:///hunter2@redis.sock", "has an @ in its path; percent-encode it as %40"},
        {"unix://u:hunter2@/" + std::string(200, 'x'), "socket_path must be at most 107 bytes long"},
        {"rediss://", ""},
    };
    for (const auto& [url, sentence] : cases) {
        try {
            options_from(url);
            EXPECT_STREQ(sentence, "") << url;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), infra::errc::invalid_input);
            EXPECT_NE(std::string(e.what()).find(sentence), std::string::npos) << url << ": " << e.what();
            EXPECT_EQ(std::string(e.what()).find("hunter2"), std::string::npos) << e.what();
            EXPECT_EQ(std::string(e.what()).find("the URL of Redis "), 0u) << e.what();
        }
    }
}

TEST(RedisUrl, ComesFromTheEnvironment) {
    EXPECT_FALSE(options_from(environment()));
    EXPECT_EQ(options_from(environment({{"REDIS_URL", "redis://h:1/5"}}))->database, 5);
    try {
        options_from(environment({{"REDIS_URL", "redis://u:hunter2@h:x"}}));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured);
        EXPECT_STREQ(e.what(), "REDIS_URL: the URL of Redis has a port that is not a number from 1 to 65535");
    }
}

} // namespace
} // namespace infra::redis
