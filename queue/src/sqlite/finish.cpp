#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

std::optional<std::string_view> non_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(std::string_view(text));
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
        if (!queue || held.incarnation != s_.queues.incarnation() || !leave_active(*queue, held))
            return false;
        if (o.as == outcome::kind::retry || o.as == outcome::kind::returned)
            wait_again(*queue, o, held);
        else if (o.keep.count == 0u)
            leave_no_trace(*queue, held);
        else
            end_for_good(*queue, o, held, o.as == outcome::kind::completed ? job_state::completed : job_state::failed);
        return true;
    }

    void forget() {
        for (const auto& each : retentions_)
            forget_beyond(s_, *each.queue, each.state, each.keep, each.now, most_at_once + each.ended);
    }

private:
    // False: the lease is void.
    bool leave_active(const ledger::row& queue, const row_lease& held) {
        query(s_.db, "DELETE FROM infra_active WHERE seq = ?1 AND fence = ?2 AND queue = ?3")
            .bind(held.seq, held.fence, queue.id)
            .run();
        return s_.db.changes() > 0;
    }

    void end_for_good(ledger::row& queue, const outcome& o, const row_lease& held, job_state state) {
        const auto number = s_.queues.next_number();
        const auto at = to_unix_ms(o.at);
        query(s_.db,
              "UPDATE infra_jobs SET state = ?2, place = ?3, attempts_made = attempts_made + 1, fence = ?4, started_at "
              "= ?5, finished_at = ?6, result = ?7, failed_reason = coalesce(?8, failed_reason) WHERE seq = ?1")
            .bind(held.seq, static_cast<int>(state), number, held.fence, held.started_at, at, non_empty(o.result),
                  non_empty(o.reason))
            .run();
        query(s_.db, "INSERT INTO infra_finished (queue, state, number, seq, finished_at) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(queue.id, static_cast<int>(state), number, held.seq, at)
            .run();
        s_.queues.moved(queue, job_state::active, state);
        keep_only(queue, state, o);
    }

    // Nothing of it is to be kept.
    void leave_no_trace(ledger::row& queue, const row_lease& held) {
        query(s_.db, "DELETE FROM infra_jobs WHERE seq = ?1").bind(held.seq).run();
        if (s_.queues.has_payloads())
            forget_payload(s_, held.seq);
        s_.queues.removed(queue, job_state::active);
    }

    void wait_again(ledger::row& queue, const outcome& o, const row_lease& held) {
        const auto at = standing_of(o, held);
        const auto state = o.run_at ? job_state::delayed : job_state::waiting;
        query(s_.db, "UPDATE infra_jobs SET state = ?2, place = ?3, attempts_made = attempts_made + ?4, fence = ?5, "
                     "started_at = ?6, failed_reason = coalesce(?7, failed_reason) WHERE seq = ?1")
            .bind(held.seq, static_cast<int>(state), at.place, o.as == outcome::kind::retry ? 1 : 0, held.fence,
                  held.started_at, non_empty(o.reason))
            .run();
        if (o.run_at)
            set_aside(s_, queue, at.place, held.seq);
        else
            stand_in_line(s_, queue, at);
        s_.queues.moved(queue, job_state::active, state);
    }

    // Interrupted, it stands in front; retried, where a new job would; later, when it is due.
    standing standing_of(const outcome& o, const row_lease& held) {
        query q(s_.db, "SELECT priority, kind, name, options FROM infra_jobs WHERE seq = ?1");
        q.bind(held.seq).step();
        const bool in_front = o.as == outcome::kind::returned || s_.kinds.read(s_.db, q, 1, 2, 3).options.lifo;
        const auto number = s_.queues.next_number();
        return {q.integer(0), o.run_at ? to_due_ms(*o.run_at) : in_front ? -number : number, held.seq};
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
