#include "deduplication.hpp"
#include "families.hpp"
#include "groups.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue::sqlite {
namespace {

// `attempts`: those that its row does not count yet.
void remember_error(store& s, std::int64_t seq, const outcome& o, int attempts) {
    query(
        s.db,
        "UPDATE infra_jobs SET errors = json_insert(iif(json_array_length(errors) >= ?4, json_remove(errors, '$[0]'), "
        "coalesce(errors, '[]')), '$[#]', json_array(attempts_made + ?5, ?2, ?3)) WHERE seq = ?1")
        .bind(seq, to_unix_ms(o.at), o.reason, max_job_errors, attempts)
        .run();
}

/// The outcomes of one call.
class finishing {
public:
    explicit finishing(store& s) : s_(s) {}

    // False: the lease is void.
    bool end(const outcome& o) {
        auto* queue = s_.queues.find(o.held.job.queue);
        const auto* known = find_lease(s_, o.held.token);
        if (!queue || !known || known->queue != queue->id)
            return false;
        const auto held = *known;
        s_.leases.remove(held.seq);
        end_in_group(s_, *queue, held.seq);
        go_where_it_goes(*queue, o, held);
        if (queue->flow.settings.concurrency > 0)
            s_.brought_work = true; // a place is free
        return true;
    }

    /// What is to be forgotten now: once for all outcomes, and for other calls like this one.
    void forget() {
        for (const auto& each : std::exchange(retentions_, {}))
            s_.retain(each);
    }

private:
    void drop(ledger::row& queue, const outcome& o, const lease_row& held) {
        record(s_, queue, job_event::kind::removed, o.held.job.id, o.at);
        if (held.has(lease_row::deduplicated))
            release_deduplication(s_, queue, held.seq, o.at);
        forget_job(s_, queue, held.seq, job_state::active, o.at);
        note_removal(s_, held.seq);
    }

    // A job that somebody wants to end does not run again; one whose children are not done, or failed it, is not completed.
    void go_where_it_goes(ledger::row& queue, const outcome& o, const lease_row& held) {
        if (o.as == outcome::kind::dropped)
            return drop(queue, o, held);
        const bool is_over = o.as == outcome::kind::completed || o.as == outcome::kind::failed;
        const int attempts = is_over || o.as == outcome::kind::retry ? 1 : 0;
        if (auto why = reason_to_fail(o, held); !why.empty())
            end_for_good(queue, failed_instead(o, held, std::move(why)), held, attempts);
        else if (is_over)
            end_for_good(queue, o, held, attempts);
        else if (o.as == outcome::kind::waits)
            wait_for_children(queue, o, held);
        else
            wait_again(queue, o, held);
    }

    // Empty: none but its own.
    std::string reason_to_fail(const outcome& o, const lease_row& held) {
        const bool completed = o.as == outcome::kind::completed;
        if (o.as == outcome::kind::failed)
            return {};
        if (!completed && held.has(lease_row::cancelled))
            return std::string(cancelled_reason);
        if (!s_.queues.has_families() && o.as != outcome::kind::waits)
            return {};
        auto children = children_of(s_, held.seq);
        children.changed = held.has(lease_row::family_changed);
        return failure_by_children(end_of_run(o.as), children);
    }

    outcome failed_instead(const outcome& o, const lease_row& held, std::string why) {
        query q(s_.db, "SELECT kind, name, options FROM infra_jobs WHERE seq = ?1");
        q.bind(held.seq).step();
        return {.held = o.held,
                .as = outcome::kind::failed,
                .reason = std::move(why),
                .at = o.at,
                .keep = s_.kinds.read(s_.db, q, 0, 1, 2).options.keep_failed};
    }

    void end_for_good(ledger::row& queue, const outcome& o, const lease_row& held, int attempts) {
        const auto end = end_of(o, held, attempts);
        const bool is_kept = o.keep.count != 0u, is_watched = s_.ends.watches(held.seq);
        if (is_kept || is_watched)
            write_end(o, end);
        if (is_kept) {
            forget_others_first(queue, end.state(), o);
            s_.order.add(queue.id, end.state(), end.number, end.seq);
            keep_only(queue, end.state(), o);
        }
        s_.queues.moved(queue, job_state::active, end.state());
        const auto& told = o.as == outcome::kind::completed ? o.result : o.reason;
        note_end(s_, queue, {held.seq, o.held.job.id, end.state(), o.at, told});
        if (held.has(lease_row::deduplicated))
            release_deduplication(s_, queue, held.seq, o.at);
        auto doomed = s_.queues.has_families()
                          ? tell_parent(s_, {held.seq, o.held.job, o.as == outcome::kind::completed, told, o.at})
                          : std::nullopt;
        if (is_watched && !is_kept)
            s_.ended.remove(s_.db, held.seq);
        if (!is_kept)
            forget_job(s_, queue, held.seq, end.state(), o.at);
        if (doomed) {
            forget(); // as if one ended after the other
            fail_parents(s_, std::move(doomed), o.at);
        }
    }

    job_end end_of(const outcome& o, const lease_row& held, int attempts) {
        return {.seq = held.seq,
                .number = s_.queues.next_number(),
                .fence = held.fence,
                .started_at = held.started_at,
                .finished_at = to_unix_ms(o.at),
                .marks = (o.as == outcome::kind::failed ? job_end::failed : 0) | (attempts > 0 ? job_end::counts : 0)};
    }

    // Its row is left as it is if there is nothing to tell.
    void write_end(const outcome& o, const job_end& end) {
        if (!o.result.empty() || !o.reason.empty())
            query(s_.db,
                  "UPDATE infra_jobs SET result = ?2, failed_reason = coalesce(?3, failed_reason) WHERE seq = ?1")
                .bind(end.seq, non_empty(o.result), non_empty(o.reason))
                .run();
        if (o.as == outcome::kind::failed)
            remember_error(s_, end.seq, o, end.attempts());
        s_.ended.add(s_.db, end);
    }

    void wait_again(ledger::row& queue, const outcome& o, const lease_row& held) {
        const auto at = standing_of(o, held);
        const auto state = o.run_at ? job_state::delayed : job_state::waiting;
        query(s_.db, "UPDATE infra_jobs SET state = ?2, place = ?3, attempts_made = attempts_made + ?4, fence = ?5, "
                     "started_at = ?6, failed_reason = coalesce(?7, failed_reason), waiting_since = ?8 WHERE seq = ?1")
            .bind(held.seq, static_cast<int>(state), at.place, o.as == outcome::kind::retry ? 1 : 0, held.fence,
                  held.started_at, non_empty(o.reason), o.run_at ? std::nullopt : std::optional(to_unix_ms(o.at)))
            .run();
        if (o.as == outcome::kind::retry)
            remember_error(s_, held.seq, o, 0);
        if (o.run_at)
            set_aside(s_, queue, at.place, held.seq);
        else
            stand_in_line(s_, queue, at);
        s_.queues.moved(queue, job_state::active, state);
        record(s_, queue, o.as == outcome::kind::retry ? job_event::kind::retrying : job_event::kind::returned,
               o.held.job.id, o.at, o.reason);
    }

    void wait_for_children(ledger::row& queue, const outcome& o, const lease_row& held) {
        query(s_.db, "UPDATE infra_jobs SET fence = ?2, started_at = ?3 WHERE seq = ?1")
            .bind(held.seq, held.fence, held.started_at)
            .run();
        begin_to_wait(s_, queue, held.seq, job_state::active);
        record(s_, queue, job_event::kind::waiting_children, o.held.job.id, o.at);
        release_if_done(s_, held.seq, o.at);
    }

    // Interrupted, it stands in front; retried, where a new job would; later, when it is due.
    standing standing_of(const outcome& o, const lease_row& held) {
        query q(s_.db,
                "SELECT priority, kind, name, options, expires_at, grp IS NOT NULL FROM infra_jobs WHERE seq = ?1");
        q.bind(held.seq).step();
        const bool in_front =
            o.as == outcome::kind::returned || q.integer(5) != 0 || s_.kinds.read(s_.db, q, 1, 2, 3).options.lifo;
        const auto number = s_.queues.next_number();
        return {q.integer(0),
                o.run_at   ? to_due_ms(*o.run_at)
                : in_front ? -number
                           : number,
                held.seq, q.maybe_integer(4)};
    }

    // What ended before it and is kept otherwise does not wait for it: it is as if one ended after the other.
    void forget_others_first(const ledger::row& queue, job_state state, const outcome& o) {
        const auto differs = [&](const store::retention& r) {
            return r.queue == &queue && r.state == state && (r.kept != o.keep || r.now > o.at);
        };
        if (s_.may_retain_together(queue, state, o.keep, o.at) && std::ranges::none_of(retentions_, differs))
            return;
        forget();
        s_.forget_beyond_kept();
    }

    void keep_only(ledger::row& queue, job_state state, const outcome& o) {
        const auto same = [&](const auto& r) { return r.queue == &queue && r.state == state && r.kept == o.keep; };
        auto found = std::ranges::find_if(retentions_, same);
        if (found == retentions_.end())
            found = retentions_.insert(found, {&queue, state, o.keep, o.at});
        found->now = o.at;
        ++found->ended;
    }

    store& s_;
    std::vector<store::retention> retentions_;
};

} // namespace

std::vector<bool> finish(store& s, const std::vector<outcome>& outcomes) {
    finishing all(s);
    std::vector<bool> done;
    done.reserve(outcomes.size());
    for (const auto& each : outcomes)
        done.push_back(all.end(each));
    all.forget();
    if (s.queues.has_families()) // who waits for a parent that is released by this must hear of it
        s.forget_beyond_kept();
    return done;
}

} // namespace infra::queue::sqlite
