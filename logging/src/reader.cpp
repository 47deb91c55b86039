#include "pipeline_state.hpp"

#include <pthread.h>

namespace infra::logging::detail {
namespace {

using namespace std::chrono_literals;

constexpr unsigned most_tries = 50;        // for a flush to have its lines in order
constexpr unsigned most_stuck_rounds = 50; // for a caller to finish a record: it may have been stopped for good
constexpr std::chrono::nanoseconds shortest_nap = 1ms, longest_nap = 50ms;

} // namespace

// --- the thread ---

// It naps between rounds, so that no caller has to wake it and lines gather into writes: shortly while lines flow, longer
// the longer it is quiet. It is woken for a flush, and where half of a ring waits.
void pipeline_state::run() noexcept {
    pthread_setname_np(pthread_self(), "log writer");
    auto nap = shortest_nap;
    bool closing = false;
    unsigned tries = 0;
    while (!closing) {
        const auto seen = work_.seen();
        hurried_.store(false);
        closing = closing_.load();
        const auto asked = asked_.load();
        const bool wanted = asked != answered_.load();
        if (adding_.load() > 0) // the lock is not fair, and under load it is never free for long
            std::this_thread::sleep_for(shortest_nap / 10);
        const auto result = read_locked(closing || tries == most_tries ? upto::now_whatever_is_on_its_way
                                        : wanted                       ? upto::now
                                                                       : upto::round_before);
        if (wanted && result.unfinished && !closing && ++tries <= most_tries) {
            std::this_thread::sleep_for(shortest_nap / 10);
            continue;
        }
        tries = 0;
        if (answered_.exchange(asked) != asked)
            done_.ring();
        if (closing || (result.left > bytes_a_write && !result.unfinished))
            continue;
        nap = result.something || result.left > 0 ? shortest_nap : std::min(nap * 2, longest_nap);
        work_.wait(seen, nap);
    }
    // A caller that still saw the thread may commit its line unseen by this round; it is there a moment later.
    reader_.store(reader::caller);
    read_locked(upto::now_whatever_is_on_its_way);
    std::this_thread::sleep_for(shortest_nap);
    read_locked(upto::now_whatever_is_on_its_way);
    const auto last = std::move(held_by_thread_); // written before this thread began, and by nobody since
    ended_.store(true);
    done_.ring();
    room_.ring();
}

pipeline_state::round pipeline_state::read_locked(upto limit) noexcept {
    const std::scoped_lock lock(reading_);
    return read_once(limit);
}

// --- one round, under reading_ ---

pipeline_state::round pipeline_state::read_once(upto limit) noexcept {
    reading_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    counts_ = {};
    const auto lost_before = delivery_.lost();
    round result;
    try {
        result = read_round(limit);
    } catch (...) { // no memory even to list the rings: the next round tries again
    }
    counts_.lost = delivery_.lost() - lost_before;
    if (installed() == this)
        count_lines(counts_);
    reading_thread_.store(std::thread::id(), std::memory_order_relaxed);
    return result;
}

pipeline_state::round pipeline_state::read_round(upto limit) {
    const bool everything = limit != upto::round_before;
    const auto& all = lanes_.all();
    // Before the rings' ends: of a lane that is not writing the last record is there.
    const auto on_its_way = earliest_on_its_way(all);
    merge_.start(all.size(), limit == upto::now_whatever_is_on_its_way ? merge::no_limit : on_its_way);
    // Before the rings' ends: whatever points to these loggers was committed before they were retired.
    const auto* const retired = retired_.exchange(nullptr, std::memory_order_acq_rel);
    for (auto* const each : all) {
        const auto end = each->records.end();
        merge_.add(each->records, everything ? end : each->seen_end, end);
        each->seen_end = end;
    }
    const auto dropped = newly_dropped(all);
    ticks_.adjust();
    if (is_durable())
        ring_file_->set_rate(ticks_.rate());
    round result;
    while (char* const found = merge_.next()) {
        result.something = true;
        append(found);
        if (batch_.bytes() >= bytes_a_write)
            hand_over();
    }
    result.something |= dropped > 0;
    const auto dropped_before = std::exchange(untold_dropped_, everything ? 0 : dropped);
    batch_.dropped = dropped_before + (everything ? dropped : 0); // after the lines that found room before them
    hand_over();
    for (const auto& each : merge_.inputs())
        result.left += static_cast<std::size_t>(each.end - each.at);
    result.unfinished = merge_.unfinished();
    if (!result.unfinished)
        destroy(std::exchange(retiring_, nullptr));
    hold(retired);
    return result;
}

// Until a round has read everything that was there when they were retired.
void pipeline_state::hold(const logger_core* retired) noexcept {
    while (retired) {
        const auto* const next = std::exchange(retired->next_retired, retiring_);
        retiring_ = std::exchange(retired, next);
    }
}

// What a caller has begun and not yet committed may be earlier than what others have committed since.
std::uint64_t pipeline_state::earliest_on_its_way(const std::vector<lane*>& all) noexcept {
    auto earliest = merge::no_limit;
    for (auto* const each : all) {
        auto writing = each->writing.load(std::memory_order_acquire);
        for (int i = 0; writing == about_to_write && i < 1000; ++i) // a matter of nanoseconds, if it was not stopped
            writing = each->writing.load(std::memory_order_acquire);
        each->stuck_for = writing != not_writing && writing == each->stuck_at ? each->stuck_for + 1 : 0;
        each->stuck_at = writing;
        if (writing != not_writing && each->stuck_for < most_stuck_rounds)
            earliest = std::min(earliest, writing);
    }
    return earliest;
}

// The record has its number before anybody else hears of it; a line that cannot be made leaves a gap.
std::uint64_t pipeline_state::give_number(char* record) noexcept {
    if (!is_durable())
        return 0;
    const auto number = ring_file_->next_number();
    set_number(record, number);
    ring_file_->number_is_taken();
    return number;
}

void pipeline_state::append(char* found) noexcept {
    char* const bytes = resolve(found);
    const auto number = give_number(bytes);
    try {
        static const rendered_fields none;
        read_record(bytes, record_);
        const auto& head = record_.head;
        const auto at = ticks_.wall(head.time);
        delivery_.append(batch_,
                         {.time = time_text_.of(at),
                          .at = at,
                          .severity = head.severity,
                          .module = record_.module,
                          .message = record_.message,
                          .fields = record_.fields,
                          .left_out = head.field_count - record_.fields.size(),
                          .span = record_.span,
                          .sequence = number,
                          .request_id = record_.request_id,
                          .of_logger = head.logger ? head.logger->fields : none,
                          .where = is_located(head.severity, head.where) ? source_place(head.where) : source_place()});
    } catch (...) { // no memory for the line
        count_dropped();
    }
    if (bytes == found)
        return;
    const auto size = head_of(bytes).size;
    auto& from = *lanes_.all()[merge_.current()];
    hand_over();
    delete[] bytes;
    from.elsewhere.fetch_sub(size, std::memory_order_release);
}

// What was read is room again only now that it is written.
void pipeline_state::hand_over() noexcept {
    delivery_.deliver(batch_);
    if (is_durable())
        ring_file_->handed_over();
    for (std::size_t l = 0; l < level_count; ++l)
        counts_.by_level[l] += batch_.by_level[l];
    counts_.dropped += batch_.dropped;
    batch_.clear(kept_memory);
    const auto& all = lanes_.all();
    for (std::size_t i = 0; i < merge_.inputs().size(); ++i)
        all[i]->records.release(merge_.inputs()[i].at);
    stalled_.store(false, std::memory_order_relaxed);
    if (waiting_.load() > 0)
        room_.ring();
}

std::uint64_t pipeline_state::newly_dropped(const std::vector<lane*>& all) noexcept {
    const auto early = dropped_early_.load(std::memory_order_relaxed);
    auto newly = early - std::exchange(told_dropped_early_, early);
    for (auto* const each : all) {
        std::uint64_t dropped = 0;
        for (const auto& of_level : each->dropped)
            dropped += of_level;
        newly += dropped - std::exchange(each->told_dropped, dropped);
    }
    return newly;
}

// --- waiting for it ---

bool pipeline_state::read_here(deadline limit) noexcept {
    if (reads_here())
        return false;
    std::unique_lock lock(reading_, std::defer_lock);
    if (limit.is_never())
        lock.lock();
    else if (!lock.try_lock() && !lock.try_lock_until(limit.time()))
        return false;
    constexpr int most_rounds = 3; // what is logged about the lines comes too, unless that never ends
    for (int i = 0; i < most_rounds && read_once(upto::now_whatever_is_on_its_way).something; ++i) {
    }
    return true;
}

bool pipeline_state::wait_for_thread(std::uint64_t ticket, deadline limit) noexcept {
    while (true) {
        const auto seen = done_.seen();
        if (answered_.load() >= ticket || ended_.load())
            return true;
        const auto left = limit.remaining(std::chrono::steady_clock::now());
        if (left == 0ns)
            return false;
        done_.wait(seen, std::min<std::chrono::nanoseconds>(left, 1s));
    }
}

bool pipeline_state::flush(deadline limit) noexcept {
    if (reads_here())
        return false;
    if (reader_.load() == reader::thread) {
        const auto ticket = asked_.fetch_add(1) + 1;
        work_.ring();
        if (!wait_for_thread(ticket, limit))
            return false;
    }
    if (reader_.load() != reader::thread && !read_here(limit))
        return false;
    const auto lost = delivery_.lost();
    return lost_before_.exchange(lost) == lost;
}

void pipeline_state::drain_for_crash(deadline limit) noexcept {
    if (reads_here()) // it is the reader that crashed
        return;
    if (reader_.exchange(reader::crash) != reader::thread)
        return (void)read_here(limit);
    const auto ticket = asked_.fetch_add(1) + 1;
    work_.ring();
    wait_for_thread(ticket, limit);
}

bool pipeline_state::close(deadline limit) noexcept {
    const bool all_written = flush(limit);
    {
        const std::scoped_lock lock(thread_mutex_);
        closing_.store(true);
        if (!has_thread_)
            reader_.store(reader::caller);
    }
    work_.ring();
    constexpr auto end = std::uint64_t(-1);
    const bool ended = reader_.load() == reader::caller || (!reads_here() && wait_for_thread(end, limit));
    if (!ended)
        stalled_.store(true);
    const std::scoped_lock lock(thread_mutex_);
    if (std::exchange(has_thread_, false)) {
        if (ended)
            ::pthread_join(thread_, nullptr);
        else
            ::pthread_detach(thread_); // it shares our state, and ends when its sink lets it
    }
    return all_written && ended;
}

pipeline_counts pipeline_state::counts() const noexcept {
    pipeline_counts all{.dropped = dropped_early_.load(), .lost = delivery_.lost(), .recovered = recovered_.count};
    lanes_.for_each([&all](const lane& each) {
        for (std::size_t l = 0; l < level_count; ++l) {
            all.accepted += each.accepted[l];
            all.dropped += each.dropped[l];
        }
    });
    return all;
}

} // namespace infra::logging::detail
