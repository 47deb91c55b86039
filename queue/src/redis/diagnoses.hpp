#pragma once

// What is wrong with a queue, from what was read of it; and where a job is to stay that stands in several places.

#include <infra/queue/redis_doctor.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

/// Where ids stand, in BullMQ's words; `parked` is ours: behind the first of its group.
enum class place : std::uint8_t {
    wait,
    paused,
    active,
    prioritized,
    delayed,
    waiting_children,
    completed,
    failed,
    parked,
};
inline constexpr std::size_t place_kinds = 9;

std::string_view to_string(place where) noexcept; ///< `waiting-children` …
std::optional<place> place_named(std::string_view word) noexcept;

struct job_facts {
    std::string id{};
    bool is_job = false;      ///< there is a hash, and it is a job's
    bool is_finished = false; ///< as that says
    bool is_locked = false;
    std::vector<place> in{}; ///< one that stands twice in a place has that twice
    std::size_t parts = 0;   ///< how many keys of it there are beside its hash and its lock
    std::size_t pending = 0; ///< children that it waits for
    std::size_t over = 0;    ///< of those the ones that are completed or gone
};
std::vector<finding> diagnose(const std::string& queue, const job_facts& job);

/// Of one that stands in several.
place place_to_keep(const job_facts& job);

struct queue_facts {
    std::string queue{};
    bool is_paused = false;
    std::size_t concurrency = 0;
    std::array<std::size_t, place_kinds> standing{}; ///< ids in each place
    std::size_t markers = 0;
    bool is_limited = false;              ///< a window in which no more are started, or may be none
    std::optional<wall_time> first_due{}; ///< of the delayed

    std::size_t in(place where) const { return standing[static_cast<std::size_t>(where)]; }
};
std::vector<finding> diagnose(const queue_facts& queue, wall_time now);

struct slot_facts {
    std::string id{};     ///< of the deduplication
    std::string holder{}; ///< empty: there is none any more
    bool ends = false;    ///< by time
    bool is_job = false;  ///< its holder is there

    friend bool operator==(const slot_facts&, const slot_facts&) = default;
};
std::optional<finding> diagnose(const std::string& queue, const slot_facts& slot);

struct schedule_facts {
    std::string id{};
    std::string run{}; ///< the id of its next run
    bool is_defined = false;
    bool has_run = false;
    std::size_t limit = 0; ///< 0: none
    std::size_t made = 0;
    std::optional<wall_time> end{};

    friend bool operator==(const schedule_facts&, const schedule_facts&) = default;
};
std::optional<finding> diagnose(const std::string& queue, const schedule_facts& schedule, wall_time now);

struct key_facts {
    std::string name{};
    std::string expected{}; ///< in Redis' words: list, zset …
    std::string type{};     ///< `none`: it is not there
};
std::vector<finding> diagnose(const std::string& queue, const std::vector<key_facts>& keys);

/// What is wrong with it in a cluster; empty: nothing.
std::optional<finding> diagnose_slot(const std::string& prefix, const std::string& queue);

/// `servers`: the policy of each, by its name. Those that do not say theirs are left out.
std::vector<finding> diagnose(const std::map<std::string, std::string>& servers);

} // namespace infra::queue::redis_backend
