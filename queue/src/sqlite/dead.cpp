#include "dead.hpp"

#include "due.hpp"

namespace infra::queue::sqlite {
namespace {

std::string process_of(std::int64_t number) { return "#" + std::to_string(number); }

void write_process(store& s, std::int64_t number) {
    const auto here = s.alive.where();
    query(s.db, "INSERT OR REPLACE INTO infra_workers (number, device, inode) VALUES (?1, ?2, ?3)")
        .bind(number, here.device, here.inode)
        .run();
}

std::vector<std::int64_t> look_for_dead(store& s) {
    std::vector<std::int64_t> gone;
    query q(s.db, "SELECT number, device, inode FROM infra_workers"); // processes, and their workers that did not leave
    while (q.step())
        if (s.alive.is_gone(q.integer(0), {q.integer(1), q.integer(2)}))
            gone.push_back(q.integer(0));
    return gone;
}

} // namespace

std::optional<std::int64_t> take_number(store& s) {
    auto next = s.queues.next_number();
    while (s.alive.is_here(next, {})) // one's own
        next = s.queues.next_number();
    return s.alive.take(next) ? std::optional(next) : std::nullopt;
}

std::string lessee(store& s, std::string_view worker) {
    if (!s.number)
        s.number = take_number(s);
    if (s.number && !s.number_written) {
        write_process(s, *s.number);
        s.number_written = true;
    }
    return lease_book::lessee(s.number ? process_of(*s.number) : std::string(), worker.substr(0, max_worker_bytes));
}

bool notice_dead(store& s) {
    const auto now = std::chrono::steady_clock::now();
    const auto every = s.options().look_for_dead;
    if (every == std::chrono::milliseconds::zero() || now < s.next_look_for_dead)
        return false;
    s.next_look_for_dead = now + every;
    s.dead = look_for_dead(s);
    return !s.dead.empty();
}

std::vector<job_key> rescue_of_dead(store& s, wall_time now) {
    notice_dead(s);
    std::vector<job_key> rescued;
    for (const auto number : std::exchange(s.dead, {})) {
        const auto some = rescue_all_of(s, process_of(number), now);
        rescued.insert(rescued.end(), some.begin(), some.end());
        query(s.db, "DELETE FROM infra_workers WHERE number = ?1").bind(number).run();
    }
    return rescued;
}

} // namespace infra::queue::sqlite
