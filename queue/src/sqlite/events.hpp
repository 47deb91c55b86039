#pragma once

// What happens to jobs, written down only while somebody follows their queue. Who does so, of any process, says it in the
// file; how long, and the last number, are kept in memory, so that it costs a comparison where nobody follows.

#include "database.hpp"

#include <infra/queue/operations.hpp>

#include <unordered_map>

namespace infra::queue::sqlite {

class event_log {
public:
    void load(database& db);

    /// Numbers, and what is to be forgotten. Once for each transaction.
    void save(database& db);

    bool is_followed(std::int64_t queue, wall_time at) {
        return !queues_.empty() && is_followed_until(queue, to_unix_ms(at));
    }
    void add(database& db, std::int64_t queue, const job_event& event);

    void follow(std::int64_t queue, wall_time now, std::chrono::milliseconds long_enough);

    /// 0: none was ever recorded.
    std::uint64_t last(std::int64_t queue) const noexcept;
    /// Those after a number; `missed` if some of them are gone.
    events_page read(database& db, std::int64_t queue, std::uint64_t after, std::size_t max) const;

    void forget(database& db, std::int64_t queue);

private:
    struct followed {
        std::int64_t until = 0; // in Unix milliseconds; 0: by nobody any more
        std::uint64_t last = 0;
        std::uint64_t forgotten = 0; // up to this number
        bool is_changed = false;
    };

    bool is_followed_until(std::int64_t queue, std::int64_t at);

    std::unordered_map<std::int64_t, followed> queues_;
    std::vector<std::int64_t> changed_; // since save()
};

} // namespace infra::queue::sqlite
