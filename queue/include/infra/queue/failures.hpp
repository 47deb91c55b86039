#pragma once

/// Failed jobs, equal errors together: ten thousand failures are two or three causes.
///
///     for (const auto& each : (co_await group_failures(jobs, "mail")).groups)
///         tell(each.count, each.name, each.reason, each.newest);
///     for (change_result done; …; ) done = co_await change_failures(jobs, job_change::retry, "mail", group, done.next);
///
/// Alike are those of one job's name whose reasons have the same error_signature. `infra queue errors` and the dashboard are this.

#include <infra/queue/control.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace infra::queue {

/// Of a queue's failed jobs group_failures() looks at the newest so many.
inline constexpr std::size_t max_grouped = 10'000;

/// Jobs of one name that failed alike.
struct failure_group {
    std::string id{}; ///< 16 hex digits, of name and signature: the same in every process
    std::string name{};
    std::string signature{};
    std::size_t count = 0;
    wall_time first{}, last{}; ///< when they failed
    job_id newest{};
    std::string reason{}; ///< of that one, 2 KiB at most
};

struct failure_groups {
    std::vector<failure_group> groups{}; ///< the most frequent first, 200 at most
    std::size_t left_out = 0;            ///< groups beyond those
    std::size_t failed = 0;              ///< jobs that were looked at
    bool complete = true;                ///< those are all
};

/// The id of the group that it belongs to.
std::string failure_group_of(const job_info& failed);

/// Puts jobs together one by one.
class failure_counter {
public:
    void add(const job_info& failed);
    failure_groups groups() const;
    std::size_t failed() const noexcept { return failed_; }

private:
    std::map<std::string, failure_group> by_id_;
    std::size_t failed_ = 0;
};

/// Looks no longer than that, give or take a page: then it is not complete.
[[nodiscard]] awaitable<failure_groups>
group_failures(control jobs, std::string queue, std::chrono::milliseconds time = std::chrono::milliseconds(2'500));

/// Retries, removes … those of a group, however many have failed, as far as the time allows: `next`, unless it is empty, is the
/// `cursor` to go on with.
[[nodiscard]] awaitable<change_result>
change_failures(control jobs, job_change what, std::string queue, std::string group, std::string cursor = {},
                std::chrono::milliseconds time = std::chrono::milliseconds(3'000));

} // namespace infra::queue
