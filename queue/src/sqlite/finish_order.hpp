#pragma once

// The order in which jobs finished, by queue and state, so that the oldest are found and forgotten together. What finished in
// one transaction is one row, a run of jobs; a run is known by the number of its last.

#include "packed.hpp"

#include <infra/queue/job.hpp>

#include <vector>

namespace infra::queue::sqlite {

class finish_order {
public:
    /// `number`: greater than all before.
    void add(std::int64_t queue, job_state state, std::int64_t number, std::int64_t seq);
    void remove(database& db, std::int64_t queue, job_state state, std::int64_t number, std::int64_t seq);

    /// Oldest first, at most so many, up to the first that is not wanted.
    template <class Wanted>
    std::vector<std::int64_t> oldest(database& db, std::int64_t queue, job_state state, std::int64_t most,
                                     Wanted is_wanted) {
        save(db);
        std::vector<std::int64_t> found;
        query q(db, "SELECT jobs FROM infra_finished WHERE queue = ?1 AND state = ?2 ORDER BY last");
        q.bind(queue, static_cast<int>(state));
        while (q.step())
            for (const auto seq : unpacked<std::int64_t>(q, 0)) {
                if (std::ssize(found) == most || !is_wanted(seq))
                    return found;
                found.push_back(seq);
            }
        return found;
    }
    std::vector<std::int64_t> oldest(database& db, std::int64_t queue, job_state state, std::int64_t most) {
        return oldest(db, queue, state, most, [](std::int64_t) { return true; });
    }
    void remove_oldest(database& db, std::int64_t queue, job_state state, std::int64_t number_of_jobs);

    void save(database& db);
    /// What was not saved was undone.
    void clear() noexcept { fresh_.clear(); }

private:
    struct run {
        std::int64_t queue = 0;
        job_state state = job_state::completed;
        std::int64_t last = 0; // the number of the last
        std::vector<std::int64_t> jobs{};
    };
    std::optional<run> first(database& db, std::int64_t queue, job_state state, std::int64_t from);
    void replace(database& db, const run& by);

    std::vector<run> fresh_; // since save()
};

} // namespace infra::queue::sqlite
