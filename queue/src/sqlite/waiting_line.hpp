#pragma once

// The order in which those that wait are served: by queue, priority and place. What came in one transaction is one row, a run
// of jobs; a run is known by the last of its places, and no other's places lie between its own.

#include "packed.hpp"

#include <cstdlib>
#include <vector>

namespace infra::queue::sqlite {

/// Who stands where. Stands in the file as it is here.
struct line_place {
    std::int64_t place = 0;
    std::int64_t seq = 0;

    friend bool operator==(const line_place&, const line_place&) = default;
};

/// Those who share a line.
struct line_key {
    std::int64_t queue = 0;
    std::int64_t priority = 0;

    friend auto operator<=>(const line_key&, const line_key&) = default;
};

class waiting_line {
public:
    /// `next_number`: whoever is given a place from it on stands behind all, or before all with its negative.
    void begin(std::int64_t next_number) noexcept;

    void add(database& db, const line_key& in, const line_place& who);
    /// False if it does not stand there.
    bool remove(database& db, const line_key& in, const line_place& who);

    struct standing_job {
        std::int64_t priority = 0;
        line_place who{};
    };
    /// Of one queue, in the order in which they are served.
    std::vector<standing_job> front(database& db, std::int64_t queue, std::size_t max);
    std::vector<std::int64_t> numbers(database& db, std::int64_t queue);
    /// Of each priority who came first of those that stand behind, and of those that stand in front: nobody has stood there
    /// longer. Of so many priorities, those that are served last.
    std::vector<std::int64_t> longest(database& db, std::int64_t queue, std::size_t priorities);
    /// Takes away those that front() gave.
    void remove_front(database& db, std::int64_t queue, const std::vector<standing_job>& taken);

    void save(database& db);
    /// What was not saved was undone.
    void clear() noexcept { fresh_.clear(); }

private:
    struct run {
        line_key in{};
        std::int64_t last = 0;
        std::vector<line_place> jobs{};
    };
    struct fresh_place {
        line_key in{};
        line_place who{};
    };

    std::optional<run> run_at(database& db, const line_key& in, std::int64_t place);
    std::optional<run> run_in_front(database& db, const line_key& in);
    void insert_between(database& db, const line_key& in, const line_place& who);
    void insert(database& db, const run& made);
    void replace(database& db, const run& by);

    std::int64_t next_number_ = 0;   // the file has only places below
    std::vector<fresh_place> fresh_; // since save()
};

} // namespace infra::queue::sqlite
