#include "redis.hpp"

#include "../cache.hpp"
#include "../storage_verbs.hpp"

#include <charconv>

namespace infra::cli::doctor {
namespace {

constexpr int oldest_major = 6; // RESP3, ACLs, and what the queue's scripts need

int major_of(std::string_view version) {
    int major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    return major;
}

std::string users_of(const redis_use& use) {
    std::string text;
    for (const auto& [uses, name] : {std::pair(use.queue, "queue"), {use.cache, "cache"}, {use.realtime, "realtime"}})
        if (uses)
            text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
}

void judge_version(findings& all, const redis_use& use, const redis_facts& f) {
    if (!f.version.empty() && major_of(f.version) < oldest_major)
        all.push_back(
            failure(use.server, "is Redis " + f.version, "the queue's scripts need Redis 6.2 or newer", "upgrade it"));
}

void judge_role(findings& all, const redis_use& use, const redis_facts& f) {
    if (f.role == "slave")
        all.push_back(
            failure(use.server,
                    std::string("is a replica") + (f.link_to_master_up ? "" : ", and its link to the master is down"),
                    "it refuses everything that writes", "name the master, or redis+sentinel://"));
    if (f.loading)
        all.push_back(failure(use.server, "is still loading its data", "it refuses commands until that is done",
                              "wait, and ask again"));
}

void judge_eviction(findings& all, const redis_use& use, const redis_facts& f) {
    if (!(use.queue || use.realtime) || f.eviction_policy.empty() || f.eviction_policy == "noeviction")
        return;
    const auto found = "evicts keys (maxmemory-policy " + f.eviction_policy + ")";
    const std::string loses = use.queue ? "it loses jobs" : "it loses what channels remember";
    const std::string advice = "maxmemory-policy noeviction; and a server of its own for the cache (CACHE_URL)";
    if (f.max_memory == 0)
        all.push_back(warning(use.server, found, "once it is given a bound (maxmemory), " + loses, advice));
    else
        all.push_back(failure(use.server, found, "when " + shown_size(f.max_memory) + " are full, " + loses, advice));
}

void judge_memory_of(findings& all, const redis_use& use, const redis_facts& f) {
    const bool keeps_all = f.eviction_policy == "noeviction";
    if (f.max_memory > 0 && keeps_all && f.used_memory > f.max_memory / 10 * 9)
        all.push_back(failure(use.server, shown_size(f.used_memory) + " of " + shown_size(f.max_memory) + " are in use",
                              "when it is full it refuses everything that writes",
                              "raise maxmemory, or see what fills it: `infra queue ls`, `infra cache stats`"));
    if (f.max_memory == 0 && use.cache && !use.queue)
        all.push_back(warning(use.server, "has no bound of its memory", "a cache grows until the machine has no more",
                              "maxmemory, with maxmemory-policy allkeys-lfu"));
    if (use.queue && use.cache && f.max_memory > 0 && keeps_all)
        all.push_back(warning(use.server, "is shared by queue and cache",
                              "a cache that fills it stops the queue, since nothing may be evicted",
                              "a server of its own for the cache (CACHE_URL), with maxmemory-policy allkeys-lfu"));
}

void judge_persistence(findings& all, const redis_use& use, const redis_facts& f) {
    if (f.last_save_failed)
        all.push_back(failure(use.server, "could not save its data the last time",
                              "by default it then refuses everything that writes",
                              "see its log; mostly the disk is full or may not be written"));
    if (!use.queue || f.append_only)
        return;
    if (f.save && f.save->empty())
        all.push_back(warning(use.server, "keeps nothing on disk", "when it restarts, all jobs are lost",
                              "appendonly yes, with appendfsync everysec"));
    else
        all.push_back(warning(
            use.server, std::string("has no append-only file") + (f.save ? " and saves now and then" : ""),
            "when it crashes, the jobs since the last save are lost", "appendonly yes, with appendfsync everysec"));
}

} // namespace

findings judge_redis(const redis_use& use, const redis_facts& f) {
    findings all;
    judge_version(all, use, f);
    judge_role(all, use, f);
    judge_eviction(all, use, f);
    judge_memory_of(all, use, f);
    judge_persistence(all, use, f);
    if (worst_of(all) != verdict::fail)
        all.insert(all.begin(), well(use.server, "Redis " + f.version + " answers (" + users_of(use) + ")"));
    return all;
}

redis_facts redis_facts_from(std::string_view info) {
    return {.version = std::string(info_field(info, "redis_version")),
            .role = std::string(info_field(info, "role")),
            .loading = info_field(info, "loading") == "1",
            .link_to_master_up = info_field(info, "master_link_status") != "down",
            .eviction_policy = std::string(info_field(info, "maxmemory_policy")),
            .used_memory = info_number(info, "used_memory"),
            .max_memory = info_number(info, "maxmemory"),
            .append_only = info_field(info, "aof_enabled") == "1",
            .last_save_failed = info_field(info, "rdb_last_bgsave_status") == "err" ||
                                info_field(info, "aof_last_write_status") == "err"};
}

} // namespace infra::cli::doctor
