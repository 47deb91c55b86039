#pragma once

// A walk through the jobs that a filter may fit: queue by queue, place by place. Between two steps others come in, and jobs move.
//
//     walk through({.queues = {"mail"}, .places = places_of(states)}, request.cursor);
//     while (!through.is_over()) {
//         for (auto& job : through.read(co_await s->ask(through.command(prefix, 100)))) through.pass(job);
//         through.end_step();
//     }

#include "keys.hpp"

#include <infra/queue/options.hpp>
#include <infra/redis.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

/// How far a walk has come.
struct walk_place {
    std::string queue{};
    std::string stands{}; ///< BullMQ's name for the place there: wait, prioritized …
    std::string mark{};   ///< of `after`, see scripts/list_jobs.lua
    std::string after{};  ///< the last job that was passed; empty: none yet

    friend bool operator==(const walk_place&, const walk_place&) = default;
};
/// `mail:completed:1767225600000:17`
std::string to_text(const walk_place& place);
/// Empty of what is no such text.
std::optional<walk_place> read_walk_place(std::string_view cursor);

/// Where jobs in these states stand, in their order; of none all.
std::vector<std::string_view> places_of(const std::vector<job_state>& states);

struct walked_job {
    job_id id{};
    std::string score{};            ///< empty where there are none
    std::optional<job_info> info{}; ///< empty if it is not asked for, or there is no such job
};

class walk {
public:
    struct terms {
        std::vector<std::string> queues{}; ///< in order
        std::vector<std::string_view> places{};
        bool newest_first = false;
        bool ids_only = false;
    };
    /// From `cursor`, or the beginning if it is empty. Over at once where no walk gave that cursor.
    walk(terms of, std::string_view cursor);

    bool is_over() const noexcept { return !at_; }
    const walk_place& at() const { return *at_; }
    /// Empty when it is over.
    std::string cursor() const { return at_ ? to_text(*at_) : std::string(); }

    /// Asks for the next ones of a place, at most so many.
    redis::command command(std::string_view prefix, std::size_t most);
    /// What came, maybe none. What of it is passed, in order, does not come again.
    std::vector<walked_job> read(redis::reply answer);
    void pass(const walked_job& job);
    /// How many stand before what came.
    std::size_t before() const noexcept { return before_; }
    /// All that came was passed: where that was less than asked for, the next place is.
    void end_step();
    void go_to_next_place();

private:
    terms terms_;
    std::optional<walk_place> at_;
    std::size_t asked_ = 0, came_ = 0;    // in this step
    std::size_t before_ = 0, passed_ = 0; // how many stand before it, and of it
};

} // namespace infra::queue::redis_backend
