#pragma once

// All that the memory backend knows, and its verbs as plain functions. Each looks at every job there is, so that what it
// does can be read off; the mutex is the caller's to hold.

#include <infra/queue/arrivals.hpp>
#include <infra/queue/groups.hpp>
#include <infra/queue/memory.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <set>

namespace infra::queue {

/// One opening of the storage: who waits there.
struct memory_handle {
    arrivals work;   // published when something may be taken
    arrivals events; // published when something was recorded
};

class memory_storage {
public:
    std::mutex mutex;
    std::vector<std::weak_ptr<memory_handle>> handles;
    std::function<void(const job_info&, outcome::kind)> on_finish;

    // --- the verbs ---
    std::vector<added_job> enqueue(std::vector<new_job> all);
    claim_result claim(const claim_request& request);
    void attend(const claim_request& by, memory_handle& through);
    void leave(const std::string& worker);
    std::vector<renewal> extend(const std::vector<lease>& leases, wall_time until);
    std::vector<bool> finish(const std::vector<outcome>& outcomes);
    std::vector<std::optional<job_info>> get(const std::vector<job_key>& asked) const;
    std::vector<queue_counts> counts(std::vector<std::string> queues) const;
    std::size_t prune(const std::vector<prune_request>& requests);

    queue_settings configure(const settings_change& change);
    queue_settings settings(const std::string& queue) const;
    bool forget_queue(const std::string& queue);
    job_page list(const list_request& request) const;
    change_result change(const change_request& request);
    std::vector<bool> tell(std::vector<note> notes);
    std::vector<log_line> logs(const job_key& job) const;
    events_page events(const events_request& request);
    std::vector<minute_counts> history(const std::string& queue, wall_time from, wall_time to) const;
    std::uint64_t wait_for_end(const job_key& job, promise<std::optional<job_info>> end, memory_handle* by);
    void leave(std::uint64_t wait);
    std::vector<worker_info> workers(const std::vector<std::string>& queues) const;
    std::vector<std::optional<wall_time>> waiting_since(const std::vector<std::string>& queues, wall_time now) const;

    children_page children(const children_request& request) const;

    void upsert(const std::vector<new_schedule>& all);
    std::vector<bool> remove_schedules(const std::vector<schedule_key>& keys);
    std::vector<bool> pause_schedules(const std::vector<schedule_key>& keys, wall_time now);
    std::vector<bool> resume_schedules(const std::vector<resume_request>& requests);
    std::vector<schedule_info> schedules(const std::optional<std::string>& queue) const;
    std::vector<bool> advance(const std::vector<advance_request>& requests);

    std::vector<std::optional<carried_job>> carry(const std::vector<job_key>& keys);
    std::vector<bool> restore(std::vector<carried_job> jobs);
    void restore_children(const job_key& parent, const std::vector<child_info>& children);
    std::vector<carried_schedule> carry_schedules(const std::string& queue);
    void restore_schedules(const std::vector<carried_schedule>& all);
    std::uint64_t pass_numbers(std::uint64_t last);
    std::string mark(const move_mark& asked);

    std::vector<job_info> jobs_that(const std::function<bool(const job_info&)>& which) const;
    void close(memory_handle& which, const std::exception_ptr& why);

private:
    struct record {
        std::uint64_t number = 0; // with which it came
        job_info info{};
        std::string carrier{};
        std::string handed_on{}; // of another program
        std::int64_t place =
            0;               // among equals, and among those that are over: from `numbers_`; negative, it is in front
        std::string token{}; // of the lease, while active
        wall_time lease_until{};
        wall_time waiting_since{}; // or due, while delayed
        std::deque<log_line> log{};
        std::uint64_t parent = 0;                       // its number; 0: none
        std::map<std::uint64_t, child_info> children{}; // by their numbers
        std::size_t children_bytes = 0;                 // of their results and reasons
        bool family_changed = false;                    // since its run began
    };
    struct slot { // of a deduplication's id
        job_id holder{};
        std::optional<wall_time> until{};
        std::optional<new_job> last{}; // to be added once the holder is over
    };
    struct group_record {
        std::optional<std::int64_t> turn{}; // where its head stands in the line
        std::optional<rate_window> rate{};
    };
    struct queue_record {
        queue_settings settings{};
        std::uint64_t last_served = 0;
        std::optional<rate_window> rate{};
        std::map<std::string, group_record> groups{};
        std::map<std::string, slot> slots{};
        std::map<std::string, schedule_info> schedules{};
        std::map<std::string, std::string> handed_on{}; // of schedules, by their ids
        std::string moving_to{};
        std::map<wall_time, minute_counts> minutes{};
        std::deque<job_event> events{};
        std::uint64_t event_numbers = 0;
        wall_time followed_until{};
    };
    struct attendee {
        worker_info who;
        memory_handle* through;
    };
    struct end_wait {
        std::uint64_t number;
        job_key job;
        promise<std::optional<job_info>> end;
        memory_handle* by;
    };
    using names = std::set<std::string, std::less<>>;
    using records = std::map<std::uint64_t, record>; // by the number with which they came
    using kind = job_event::kind;

    /// Equals stay in the order in which they came.
    template <class By>
    static std::vector<record*> sorted(const std::vector<record*>& all, By by) {
        std::multimap<std::invoke_result_t<By, const record*>, record*> ordered;
        for (auto* each : all)
            ordered.emplace(by(each), each);
        std::vector<record*> result;
        for (const auto& [key, each] : ordered)
            result.push_back(each);
        return result;
    }

    // jobs.cpp
    queue_record& queue_of(const std::string& name);
    const queue_record* find_queue(const std::string& name) const;
    record* find(const std::string& queue, std::string_view id);
    const record* find(const std::string& queue, std::string_view id) const;
    const record* find_in_any(std::string_view id) const;
    record* at(std::uint64_t number);
    const record* at(std::uint64_t number) const;
    record* held(const lease& by);
    job_info shown(const record& r) const;
    std::vector<record*> in(job_state state, std::string_view queue = {});
    std::size_t count(job_state state, std::string_view queue) const;
    void wait_again(record& r, std::int64_t place, wall_time since, std::optional<wall_time> run_at = {});
    void end(record& r, job_state state, std::string reason, wall_time at, const keep& kept);
    record* end_one(record& r, job_state state, std::string reason, wall_time at, const keep& kept);
    void forget(record& r, wall_time at);
    void tell_of_end(const record& r, std::optional<job_info> as);
    std::size_t forget_beyond(const std::string& queue, job_state state, const keep& kept, wall_time now);
    void publish(const names& queues) const;
    void record_event(const std::string& queue, kind what, const job_id& id, wall_time at, std::string data = {});
    void record_event(const record& r, kind what, wall_time at, std::string data = {});

    // enqueue.cpp
    void refuse_beyond_length(const std::vector<new_job>& all, const std::vector<bool>& left_out);
    bool is_there(const new_job& job);
    added_job add_to_family(const new_job& job, bool is_parent, const std::vector<std::uint64_t>& numbers);
    added_job add(new_job job, bool is_parent = false);
    std::optional<added_job> duplicate_of_another(new_job& job, addition& how);
    void release_slot(const record& r, wall_time at);
    void free_slot(const record& r);

    // children.cpp
    std::vector<bool> left_out_of(const std::vector<new_job>& all, bool for_duplicates_of_call);
    void refuse_families(const std::vector<new_job>& all, const std::vector<bool>& left_out);
    record* first_stored_above(const std::vector<new_job>& all, const new_job& child);
    void refuse_child(const std::vector<new_job>& all, const new_job& child);
    bool gets_no_children(const new_job& job);
    void adopt(record& child, record& parent, child_failure on_failure, wall_time now);
    void fail_doomed();
    record* parent_of(const record& child);
    record* tell_parent(record& child, wall_time at);
    record* tell_parent_of_removal(record& child, wall_time at);
    void keep_end(record& parent, child_info& kept, const record& child);
    void release(record& parent, wall_time at);
    void release_if_done(record& parent, wall_time at);
    void detach(const record& child, wall_time at);
    void expect_again(record& child);
    void wait_for_children(record& r, wall_time at);
    void wait_as_retried(record& r, wall_time at);
    static std::size_t pending_in(const record& parent);
    static children_at_end at_end(const record& parent);

    // groups.cpp
    std::vector<record*> line(const std::string& queue);
    record* head_of(const std::string& queue, const std::string& group);
    void settle(const std::string& queue, const std::string& group);
    void settle_all(const std::string& queue);
    void open_groups(wall_time now);
    void count_start(const record& r, wall_time now);
    std::size_t active_of(const std::string& queue, const std::string& group) const;
    std::optional<wall_time> next_opening(const std::string& queue);

    // claim.cpp
    void rescue(const claim_request& by, claim_result& result);
    void promote(wall_time now);
    void expire(const claim_request& by, claim_result& result);
    std::size_t allowance(const std::string& queue, wall_time now);
    claimed_job take(record& r, const claim_request& by);
    void take_from(const std::string& queue, std::size_t most, const claim_request& by, claim_result& taken);
    void take_in_turns(const claim_request& by, claim_result& taken);
    std::optional<wall_time> next_due(const claim_request& by);

    // finish.cpp
    bool finish(const outcome& o);
    bool drop(record& r, wall_time at);
    void count_end(const record& r, wall_time at);

    // operations.cpp
    bool change(record& r, const change_request& by);
    void remove(record& r, const change_request& by);
    job_page page_of(const change_request& by);
    std::size_t change_family(record& r, const change_request& by);
    std::vector<std::uint64_t> pending_below(const record& r) const;
    bool is_pending_run(const record& r) const;

    // schedules.cpp
    void place_run(schedule_info& s, wall_time now);
    record* pending_run(const schedule_info& s);
    schedule_info* find_schedule(const schedule_key& key);
    void pause(schedule_info& s, wall_time now);
    bool take_away_run(const schedule_info& s);
    std::optional<job_state> state_of_run(const schedule_info& s) const;

    // move.cpp
    carried_job carried(record& r);
    void restore_one(carried_job job);

    records jobs_;
    std::map<std::string, queue_record, std::less<>> queues_;
    std::vector<end_wait> end_waits_;
    struct doomed_parent {
        std::uint64_t number;
        std::string reason;
        wall_time at;
    };
    std::map<std::string, attendee, std::less<>> attendees_; // by name
    std::map<std::uint64_t, wall_time> get_children_;        // in this call: none of them is released before its end
    std::vector<doomed_parent> doomed_;                      // likewise: that are to fail at its end
    std::int64_t numbers_ = 0;
    std::uint64_t turns_ = 0;
};

} // namespace infra::queue
