#include "src/doctor/reached.hpp"
#include "src/doctor/redis.hpp"
#include "src/doctor/smtp.hpp"

#include <gtest/gtest.h>

namespace infra::cli::doctor {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1024 * 1024;

TEST(DoctorRedis, FindsWhatLivesWhere) {
    const auto named = [](environment::variables values) {
        std::string text;
        for (const auto& each : redis_uses(environment(std::move(values))))
            text += each.server + (each.queue ? " queue" : "") + (each.cache ? " cache" : "") +
                    (each.realtime ? " realtime" : "") + "; ";
        return text;
    };
    EXPECT_EQ(named({}), "");
    EXPECT_EQ(named({{"REDIS_URL", "redis://me:pw@h:1/3"}}), "redis://h:1/0 queue cache realtime; ");
    EXPECT_EQ(named({{"QUEUE_URL", "redis://a?prefix=%7Bshop%7D"}, {"CACHE_URL", "redis://a/1"}}),
              "redis://a:6379/0 queue cache; ");
    EXPECT_EQ(named({{"QUEUE_URL", "redis://a"}, {"REDIS_URL", "redis://b"}}),
              "redis://a:6379/0 queue; redis://b:6379/0 cache realtime; ");
    EXPECT_EQ(named({{"QUEUE_URL", "redis://a:x"}, {"REALTIME_URL", "memory:"}}), "");
}

TEST(DoctorRedis, ReadsWhatAServerSays) {
    const auto f = redis_facts_from("# Server\r\nredis_version:7.0.15\r\nloading:0\r\nrole:slave\r\n"
                                    "master_link_status:down\r\nmaxmemory:1024\r\nused_memory:512\r\n"
                                    "maxmemory_policy:allkeys-lru\r\naof_enabled:1\r\nrdb_last_bgsave_status:err\r\n");
    EXPECT_EQ(f.version, "7.0.15");
    EXPECT_EQ(f.role, "slave");
    EXPECT_FALSE(f.link_to_master_up);
    EXPECT_FALSE(f.loading);
    EXPECT_EQ(f.eviction_policy, "allkeys-lru");
    EXPECT_EQ(f.max_memory, 1024u);
    EXPECT_EQ(f.used_memory, 512u);
    EXPECT_TRUE(f.append_only);
    EXPECT_TRUE(f.last_save_failed);
}

struct redis_case {
    redis_use use;
    redis_facts facts;
    verdict expected;
    const char* says;
};

TEST(DoctorRedis, IsJudgedByWhatIsKeptThere) {
    const redis_use queue{.server = "r", .queue = true}, cache{.server = "r", .cache = true},
        both{.server = "r", .queue = true, .cache = true}, realtime{.server = "r", .realtime = true};
    const redis_facts good{
        .version = "7.0.15", .role = "master", .eviction_policy = "noeviction", .append_only = true, .save = ""};
    const auto with = [good](auto change) {
        auto f = good;
        change(f);
        return f;
    };
    const auto lru = with([](auto& f) { f.eviction_policy = "allkeys-lru"; });
    const auto bounded = with([](auto& f) { f.max_memory = 100 * mib; });
    const redis_case cases[] = {
        {queue, good, verdict::ok, "Redis 7.0.15 answers (queue)"},
        {queue, lru, verdict::warn, "evicts keys (maxmemory-policy allkeys-lru)"},
        {queue, with([&](auto& f) { f = lru, f.max_memory = 100 * mib; }), verdict::fail, "evicts keys"},
        {cache, with([&](auto& f) { f = lru, f.max_memory = 100 * mib; }), verdict::ok, "answers (cache)"},
        {cache, good, verdict::warn, "has no bound of its memory"},
        {both, bounded, verdict::warn, "is shared by queue and cache"},
        {both, good, verdict::ok, "answers (queue, cache)"},
        {queue, with([](auto& f) { f.max_memory = 100 * mib, f.used_memory = 95 * mib; }), verdict::fail,
         "95.0 MiB of"},
        {queue, with([](auto& f) { f.append_only = false; }), verdict::warn, "keeps nothing on disk"},
        {queue, with([](auto& f) { f.append_only = false, f.save = "3600 1"; }), verdict::warn, "saves now and then"},
        {queue, with([](auto& f) { f.append_only = false, f.save.reset(); }), verdict::warn, "no append-only file"},
        {realtime, with([](auto& f) { f.append_only = false; }), verdict::ok, "answers (realtime)"},
        {realtime, lru, verdict::warn, "it loses what channels remember"},
        {queue, with([](auto& f) { f.role = "slave"; }), verdict::fail, "is a replica"},
        {queue, with([](auto& f) { f.loading = true; }), verdict::fail, "is still loading"},
        {queue, with([](auto& f) { f.version = "5.0.7"; }), verdict::fail, "is Redis 5.0.7"},
        {queue, with([](auto& f) { f.last_save_failed = true; }), verdict::fail, "could not save"},
    };
    for (const auto& each : cases) {
        const auto found = judge_redis(each.use, each.facts);
        EXPECT_EQ(worst_of(found), each.expected) << each.says;
        EXPECT_NE(text_of(found, false).find(each.says), std::string::npos) << text_of(found, false);
    }
}

TEST(DoctorSmtp, ReadsRepliesLineByLine) {
    smtp_reply reply;
    EXPECT_FALSE(add_line(reply, "250-mail.example\r\n"));
    EXPECT_FALSE(add_line(reply, "250-AUTH LOGIN plain\r\n"));
    EXPECT_FALSE(add_line(reply, "250-Starttls\r\n"));
    EXPECT_TRUE(add_line(reply, "250 SIZE 1000\r\n"));
    EXPECT_EQ(reply.code, 250);
    EXPECT_EQ(capabilities_of(reply), (std::set<std::string>{"AUTH LOGIN", "AUTH PLAIN", "SIZE", "STARTTLS"}));
    for (const auto* line : {"SSH-2.0-OpenSSH", "", "25", "25a ok", "220x"}) {
        smtp_reply none;
        EXPECT_TRUE(add_line(none, line)) << line;
        EXPECT_EQ(none.code, 0) << line;
    }
    smtp_reply bare;
    EXPECT_TRUE(add_line(bare, "220\r\n"));
    EXPECT_EQ(bare.code, 220);
}

TEST(DoctorSmtp, IsJudgedByWhereTheConversationEnded) {
    using email::smtp_tls;
    const std::pair<smtp_facts, const char*> failures[] = {
        {{.problem = "cannot be reached: Connection refused"}, "cannot be reached"},
        {{.refused = "554 go away"}, "does not want to talk: 554 go away"},
        {{.offers_starttls = false}, "does not offer STARTTLS"},
        {{.tls_problem = "its certificate is not trusted: self-signed certificate"}, "not trusted"},
        {{.wants_login = true, .offers_login = false}, "does not let one log in"},
        {{.wants_login = true, .login_refused = "535 no"}, "refuses the log-in: 535 no"},
    };
    for (const auto& [facts, says] : failures) {
        const auto found = judge_smtp(facts).front();
        EXPECT_EQ(found.verdict, verdict::fail) << says;
        EXPECT_NE(found.found.find(says), std::string::npos) << found.found;
        EXPECT_NE(found.advice, "") << says;
    }
    const std::pair<smtp_facts, const char*> well[] = {
        {{}, "answers, and TLS is trusted"},
        {{.tls = smtp_tls::none, .offers_starttls = false}, "answers, in the clear"},
        {{.tls = smtp_tls::implicit, .offers_starttls = false}, "answers, and TLS is trusted"},
        {{.wants_login = true}, "answers, and TLS is trusted; the log-in was not tried (--login does)"},
        {{.wants_login = true, .login_refused = ""}, "answers, and TLS is trusted; the log-in succeeds"},
    };
    for (const auto& [facts, says] : well)
        EXPECT_EQ(judge_smtp(facts).front().found, says);
}

TEST(DoctorS3, IsJudgedByItsAnswerAndItsClock) {
    const std::tuple<s3_facts, verdict, const char*> cases[] = {
        {{}, verdict::ok, "answers to a signed request"},
        {{.ahead = 20s}, verdict::ok, "answers"},
        {{.ahead = -90s}, verdict::warn, "this clock is 90 s behind the server's"},
        {{.problem = "no such bucket"}, verdict::fail, "no such bucket"},
        {{.problem = "refused", .ahead = 3600s}, verdict::fail, "this clock is 3600 s ahead of the server's"},
    };
    for (const auto& [facts, expected, says] : cases) {
        const auto found = judge_s3(facts);
        EXPECT_EQ(worst_of(found), expected) << says;
        EXPECT_NE(text_of(found, false).find(says), std::string::npos) << text_of(found, false);
    }
}

TEST(DoctorOtlp, IsJudgedByTheStatus) {
    const std::pair<otlp_facts, verdict> cases[] = {
        {{.status = 200}, verdict::ok},
        {{.status = 202}, verdict::ok},
        {{.status = 401}, verdict::fail},
        {{.status = 404}, verdict::fail},
        {{.status = 429}, verdict::warn},
        {{.status = 503}, verdict::warn},
        {{.problem = "no connection"}, verdict::fail},
    };
    for (const auto& [facts, expected] : cases)
        EXPECT_EQ(worst_of(judge_otlp(facts)), expected) << facts.status;
}

} // namespace
} // namespace infra::cli::doctor
