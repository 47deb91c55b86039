#include "deduplication.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

std::optional<std::string_view> non_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(std::string_view(text));
}

job_state state_after(const outcome& o) {
    return o.as == outcome::kind::completed ? job_state::completed : job_state::failed;
}

// After the attempt was counted.
void remember_error(store& s, std::int64_t seq, const outcome& o) {
    query(
        s.db,
        "UPDATE infra_jobs SET errors = json_insert(iif(json_array_length(errors) >= ?4, json_remove(errors, '$[0]'), "
        "coalesce(errors, '[]')), '$[#]', json_array(attempts_made, ?2, ?3)) WHERE seq = ?1")
        .bind(seq, to_unix_ms(o.at), o.reason, max_job_errors)
        .run();
}

/// What is to be forgotten once all outcomes of one call are recorded.
struct retention {
    ledger::row* queue;
    job_state state;
    infra::queue::keep keep;
    wall_time now;
    std::int64_t ended = 0;
};

/// The outcomes of one call.
class finishing {
public:
    explicit finishing(store& s) : s_(s) {}

    bool end(const outcome& o) {
        const auto held = from_token(o.held.token);
        auto* queue = s_.queues.find(o.held.job.queue);
        if (!queue || held.incarnation != s_.queues.incarnation())
            return false;
        if (!end(*queue, o, held))
            return false;
        if (queue->flow.settings.concurrency > 0)
            s_.brought_work = true; // a place is free
        return true;
    }

    void forget() {
        for (const auto& each : retentions_)
            forget_beyond(s_, *each.queue, each.state, each.keep, each.now, most_at_once + each.ended);
    }

private:
    // False, here and below: the lease is void.
    bool end(ledger::row& queue, const outcome& o, const row_lease& held) {
        switch (o.as) {
        case outcome::kind::retry:
        case outcome::kind::returned: return go_on(queue, o, held);
        case outcome::kind::dropped: return drop(queue, o, held);
        case outcome::kind::completed:
        case outcome::kind::failed: break;
        }
        return end_at_last(queue, o, held);
    }

    bool drop(ledger::row& queue, const outcome& o, const row_lease& held) {
        if (!leave_active(queue, held))
            return false;
        record(s_, queue, job_event::kind::removed, o.held.job.id, o.at);
        if (held.deduplicated != 0)
            release_deduplication(s_, queue, held.seq, o.at);
        forget_job(s_, queue, held.seq, job_state::active);
        note_removal(s_, held.seq);
        return true;
    }

    bool end_at_last(ledger::row& queue, const outcome& o, const row_lease& held) {
        const bool was_held = leave_active(queue, held);
        if (was_held)
            end_for_good(queue, o, held, 1);
        return was_held;
    }

    // A job that somebody wants to end does not run again.
    bool go_on(ledger::row& queue, const outcome& o, const row_lease& held) {
        const auto cancelled = leave_active_unless_cancelled(queue, held);
        if (cancelled == true)
            end_for_good(queue, cancellation_of(o, held), held, o.as == outcome::kind::retry ? 1 : 0);
        else if (cancelled == false)
            wait_again(queue, o, held);
        return cancelled.has_value();
    }

    bool leave_active(const ledger::row& queue, const row_lease& held) {
        query(s_.db, "DELETE FROM infra_active WHERE seq = ?1 AND fence = ?2 AND queue = ?3")
            .bind(held.seq, held.fence, queue.id)
            .run();
        return s_.db.changes() > 0;
    }

    // Whether it is cancelled. Costs more than the other, which the many jobs that complete are spared.
    std::optional<bool> leave_active_unless_cancelled(const ledger::row& queue, const row_lease& held) {
        query q(s_.db,
                "DELETE FROM infra_active WHERE seq = ?1 AND fence = ?2 AND queue = ?3 RETURNING cancel_requested");
        return q.bind(held.seq, held.fence, queue.id).step() ? std::optional(q.integer(0) != 0) : std::nullopt;
    }

    outcome cancellation_of(const outcome& o, const row_lease& held) {
        query q(s_.db, "SELECT kind, name, options FROM infra_jobs WHERE seq = ?1");
        q.bind(held.seq).step();
        return {.held = o.held,
                .as = outcome::kind::failed,
                .reason = std::string(cancelled_reason),
                .at = o.at,
                .keep = s_.kinds.read(s_.db, q, 0, 1, 2).options.keep_failed};
    }

    void end_for_good(ledger::row& queue, const outcome& o, const row_lease& held, int attempts) {
        if (o.keep.count == 0u)
            return leave_no_trace(queue, o, held, attempts);
        record_end(queue, o, held, attempts);
        tell_of_end(queue, o, held);
        if (held.deduplicated != 0)
            release_deduplication(s_, queue, held.seq, o.at);
    }

    void record_end(ledger::row& queue, const outcome& o, const row_lease& held, int attempts) {
        const auto state = state_after(o);
        const auto number = s_.queues.next_number();
        write_end(o, held, attempts, number);
        query(s_.db, "INSERT INTO infra_finished (queue, state, number, seq, finished_at) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(queue.id, static_cast<int>(state), number, held.seq, to_unix_ms(o.at))
            .run();
        s_.queues.moved(queue, job_state::active, state);
        keep_only(queue, state, o);
    }

    void write_end(const outcome& o, const row_lease& held, int attempts, std::int64_t number) {
        query(
            s_.db,
            "UPDATE infra_jobs SET state = ?2, place = ?3, attempts_made = attempts_made + ?9, fence = ?4, started_at "
            "= ?5, finished_at = ?6, result = ?7, failed_reason = coalesce(?8, failed_reason) WHERE seq = ?1")
            .bind(held.seq, static_cast<int>(state_after(o)), number, held.fence, held.started_at, to_unix_ms(o.at),
                  non_empty(o.result), non_empty(o.reason), attempts)
            .run();
        if (o.as == outcome::kind::failed)
            remember_error(s_, held.seq, o);
    }

    void tell_of_end(const ledger::row& queue, const outcome& o, const row_lease& held) {
        const auto& told = o.as == outcome::kind::completed ? o.result : o.reason;
        note_end(s_, queue, {held.seq, o.held.job.id, state_after(o), o.at, told});
    }

    // Nothing of it is to be kept. Who waits for its end is given it as it would have been.
    void leave_no_trace(ledger::row& queue, const outcome& o, const row_lease& held, int attempts) {
        if (s_.ends.watches(held.seq))
            write_end(o, held, attempts, 0);
        tell_of_end(queue, o, held);
        if (held.deduplicated != 0)
            release_deduplication(s_, queue, held.seq, o.at);
        forget_job(s_, queue, held.seq, job_state::active);
    }

    void wait_again(ledger::row& queue, const outcome& o, const row_lease& held) {
        const auto at = standing_of(o, held);
        const auto state = o.run_at ? job_state::delayed : job_state::waiting;
        query(s_.db, "UPDATE infra_jobs SET state = ?2, place = ?3, attempts_made = attempts_made + ?4, fence = ?5, "
                     "started_at = ?6, failed_reason = coalesce(?7, failed_reason) WHERE seq = ?1")
            .bind(held.seq, static_cast<int>(state), at.place, o.as == outcome::kind::retry ? 1 : 0, held.fence,
                  held.started_at, non_empty(o.reason))
            .run();
        if (o.as == outcome::kind::retry)
            remember_error(s_, held.seq, o);
        if (o.run_at)
            set_aside(s_, queue, at.place, held.seq);
        else
            stand_in_line(s_, queue, at);
        s_.queues.moved(queue, job_state::active, state);
        record(s_, queue, o.as == outcome::kind::retry ? job_event::kind::retrying : job_event::kind::returned,
               o.held.job.id, o.at, o.reason);
    }

    // Interrupted, it stands in front; retried, where a new job would; later, when it is due.
    standing standing_of(const outcome& o, const row_lease& held) {
        query q(s_.db, "SELECT priority, kind, name, options, expires_at FROM infra_jobs WHERE seq = ?1");
        q.bind(held.seq).step();
        const bool in_front = o.as == outcome::kind::returned || s_.kinds.read(s_.db, q, 1, 2, 3).options.lifo;
        const auto number = s_.queues.next_number();
        return {q.integer(0),
                o.run_at   ? to_due_ms(*o.run_at)
                : in_front ? -number
                           : number,
                held.seq, q.maybe_integer(4)};
    }

    void keep_only(ledger::row& queue, job_state state, const outcome& o) {
        const auto same = [&](const retention& r) { return r.queue == &queue && r.state == state && r.keep == o.keep; };
        auto found = std::ranges::find_if(retentions_, same);
        if (found == retentions_.end())
            found = retentions_.insert(found, {&queue, state, o.keep, o.at});
        found->now = std::max(found->now, o.at);
        ++found->ended;
    }

    store& s_;
    std::vector<retention> retentions_;
};

} // namespace

std::vector<bool> finish(store& s, const std::vector<outcome>& outcomes) {
    finishing all(s);
    std::vector<bool> done;
    done.reserve(outcomes.size());
    for (const auto& each : outcomes)
        done.push_back(all.end(each));
    all.forget();
    return done;
}

} // namespace infra::queue::sqlite
