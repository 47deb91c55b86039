#pragma once

// A state-machine test: a backend and its model, the one in memory, are taken through the same random operations, and their
// answers and all that can be seen of them compared after each step.
//
//     if (const auto wrong = find_difference(make_subject, seed, 300)) ADD_FAILURE() << *wrong;
//
// What a walk found is repeated by its seed, and told with the fewest steps that still show it.

#include "lots.hpp"
#include "twins.hpp"

#include <infra/queue/memory.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <set>

namespace infra::queue::tests {

struct walk_subject {
    /// A backend of the storage, as a process of its own would have it.
    std::function<std::shared_ptr<backend>()> open;
    /// From here on open() finds what the storage would hold if all its processes were killed now.
    std::function<void()> crash;
    /// Until mend(), some write of the storage may fail: then a verb throws errc::unavailable and has changed nothing.
    std::function<void(lots& draw)> spoil = {};
    std::function<void()> mend = {};
    /// Given where parents fail bit by bit: whether all are that are to. Claims go on with them, and then it is compared; what is
    /// asked at a time is one thing, for several may have their parents fail in another order than the model's.
    std::function<bool()> is_settled = {};
    /// Throws a difference if the storage does not agree with itself.
    std::function<void()> check = [] {};
    std::shared_ptr<void> surroundings = nullptr;
};

/// What is the same in all of a walk.
struct walk_kind {
    /// A storage need not remember what is over: when the clock goes back, that may be so again. So either it does, or there
    /// are deduplications with a ttl.
    bool clock_goes_back = false;
};

/// Everything that one walk knows. Each step draws from lots of its own, so that a walk without some of them stays one.
class walk {
public:
    walk(walk_subject subject, const walk_kind& kind);
    ~walk();

    /// Throws a difference.
    void step(std::uint64_t seed);
    void end();

    const std::vector<std::string>& told() const noexcept { return told_; }

private:
    /// A lease, as each of the two gave it.
    struct held_job {
        lease subject;
        lease model;
    };
    using operation_ptr = std::unique_ptr<twin_operation>;
    using operation_list = std::vector<operation_ptr>;
    struct follower {
        std::shared_ptr<pending<events_page>> subject, model;
        std::string subject_cursor, model_cursor;
        std::size_t opened_by = 0; // of subjects_
        std::string is, should_be; // what was read
    };
    struct end_wait {
        std::string text{};
        std::shared_ptr<pending<std::optional<job_info>>> subject{}, model{};
        std::size_t opened_by = 0;
    };

    // walk.cpp: what a step is made of
    backend& any_subject(lots& draw);
    bool spoil(lots& draw);
    void perform(operation_list& all, lots& draw);
    void perform_and_crash(operation_list& all, lots& draw);
    bool fails_bit_by_bit() const { return subject_.is_settled != nullptr; }
    void have_expired(lots& draw);
    void settle(lots& draw);
    void pass_time(lots& draw);
    void crash();
    void reopen(std::size_t which);
    void tell(const std::string& what) { told_.push_back(what); }

    // steps.cpp
    operation_ptr draw_operation(lots& draw, bool alone);
    operation_ptr enqueue(lots& draw);
    operation_ptr enqueue_children(lots& draw);
    operation_ptr enqueue_children(lots& draw, const child_of& subject, const child_of& model);
    operation_ptr enqueue(std::vector<new_job> subject, std::vector<new_job> model);
    operation_ptr finish(lots& draw);
    operation_ptr extend(lots& draw);
    operation_ptr tell_something(lots& draw);

    // steps_of_people.cpp
    operation_ptr change(lots& draw, bool alone);
    operation_ptr list(lots& draw, bool alone);
    operation_ptr prune(lots& draw);
    operation_ptr configure(lots& draw);
    operation_ptr forget_queue(lots& draw);
    operation_ptr upsert(lots& draw);
    operation_ptr remove_schedules(lots& draw);
    operation_ptr pause_schedules(lots& draw);
    operation_ptr resume_schedules(lots& draw);
    operation_ptr advance(lots& draw);

    // draws.cpp
    job_options draw_options(lots& draw);
    child_failure draw_policy(lots& draw);
    std::size_t draw_number(lots& draw, std::size_t most);
    new_job draw_job(lots& draw);
    std::vector<new_job> draw_family(lots& draw);
    job_filter draw_filter(lots& draw);
    std::optional<job_key> draw_key(lots& draw);
    std::vector<held_job> draw_leases(lots& draw);

    // claims.cpp
    claim_request draw_claim(lots& draw);
    void claim(lots& draw);
    void claim_and_wait(lots& draw);
    claim_result claim_as(const claim_result& subject, const claim_request& asked);
    void compare(const claim_result& subject, const claim_result& model, const claim_request& asked);
    void take(const claim_result& subject, const claim_result& model);

    // watching.cpp
    void follow(lots& draw);
    void wait_for_end(lots& draw);
    void compare_watching();
    void read_events(follower& f);

    // seen.cpp
    void compare_state(lots& draw);
    struct seen;
    awaitable<seen> look(backend& stored, std::size_t page, job_state state, std::optional<job_key> of_logs);
    void check_invariants(const seen& all);
    void check_release(const job_info& job, const std::pair<std::string, job_id>& key, bool released_early);

    walk_subject subject_;
    const bool clock_goes_back_;
    test_loop loop_;
    manual_clock time_;
    std::shared_ptr<memory_backend> model_ = make_memory_backend();
    std::vector<std::shared_ptr<backend>> subjects_; // two processes
    id_pairs ids_;
    wall_time now_ = t0;
    std::vector<held_job> held_, void_;
    std::vector<job_info> jobs_;           // of the model, after the last step
    std::vector<schedule_info> schedules_; // likewise
    std::map<std::pair<std::string, job_id>, std::uint64_t> fences_;
    std::map<std::pair<std::string, job_id>, int> starts_;
    std::map<std::pair<std::string, job_id>, job_info> before_; // as they were after the last step
    std::set<std::pair<std::string, job_id>> ahead_;            // that may run although children of theirs are pending
    std::map<std::string, follower> followers_;                 // by queue
    std::vector<end_wait> end_waits_;
    std::vector<std::string> told_;
};

/// Takes a walk of so many steps; what was wrong, with the steps that show it. Empty: nothing.
std::optional<std::string> find_difference(const std::function<walk_subject()>& make, std::uint64_t seed,
                                           std::size_t steps);

} // namespace infra::queue::tests
