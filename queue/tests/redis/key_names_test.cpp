#include "src/redis/key_names.hpp"

#include <gtest/gtest.h>

namespace infra::queue::redis_backend {

void PrintTo(const key_name& k, std::ostream* out) {
    *out << static_cast<int>(k.what) << ' ' << k.queue << ' ' << k.id << ' ' << static_cast<int>(k.part);
}

namespace {

using kind = key_name::kind;

TEST(RedisKeyNames, TellWhatAKeyIs) {
    const std::pair<const char*, key_name> cases[] = {
        {"bull:mail:meta", {kind::of_queue, "mail", "meta"}},
        {"bull:mail:stalled-check", {kind::of_queue, "mail", "stalled-check"}},
        {"bull:mail:waiting-children", {kind::of_queue, "mail", "waiting-children"}},
        {"bull:mail:17", {kind::of_job, "mail", "17"}},
        {"bull:mail:17:lock", {kind::of_job, "mail", "17", job_part::lock}},
        {"bull:mail:17:unsuccessful", {kind::of_job, "mail", "17", job_part::unsuccessful}},
        {"bull:mail:repeat", {kind::of_queue, "mail", "repeat"}},
        {"bull:mail:repeat:daily:1767225600000", {kind::of_job, "mail", "repeat:daily:1767225600000"}},
        {"bull:mail:repeat:daily:1767225600000:logs",
         {kind::of_job, "mail", "repeat:daily:1767225600000", job_part::logs}},
        {"bull:mail:repeat:daily", {kind::other, "mail", "repeat:daily"}},
        {"bull:mail:repeat:2026", {kind::other, "mail", "repeat:2026"}},
        {"bull:mail:repeat:every:day", {kind::other, "mail", "repeat:every:day"}},
        {"bull:mail:de:order 7", {kind::deduplication, "mail", "order 7"}},
        {"bull:mail:dn:order 7", {kind::other, "mail", "dn:order 7"}},
        {"bull:mail:metrics:failed:data", {kind::other, "mail", "metrics:failed:data"}},
        {"bull:mail:failed", {kind::of_queue, "mail", "failed"}},
        {"bull:mail:failed:failed", {kind::of_job, "mail", "failed", job_part::failed}},
        {"bull:mail~group:vip", {kind::of_job, "mail~group", "vip"}},
    };
    for (const auto& [key, name] : cases)
        EXPECT_EQ(read_key("bull", key), name) << key;
    EXPECT_EQ(read_key("{a}:b", "{a}:b:mail:17"), (key_name{kind::of_job, "mail", "17"}));
}

TEST(RedisKeyNames, LeaveOthersAlone) {
    for (const auto* key : {"", "bull", "bull:", "bull:mail", "bull:mail:", "bull::17", "bull~queues", "bully:mail:17",
                            "other:mail:17", "bull:mail~leases"})
        EXPECT_FALSE(read_key("bull", key)) << key;
}

} // namespace
} // namespace infra::queue::redis_backend
