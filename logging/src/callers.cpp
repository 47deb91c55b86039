#include "pipeline_state.hpp"

#include "json_text.hpp"

#include <deque>

#include <pthread.h>
#include <signal.h>

namespace infra::logging::detail {
namespace {

// Says to the reader that a record of this time is on its way, so that none of a later time overtakes it; and to a signal
// handler that logs now to keep out.
class writing_scope {
public:
    writing_scope(lane& l, const ticks& time) noexcept : lane_(l) {
        lane_.writing.store(about_to_write, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        when_ = std::max(time.now(), about_to_write + 1);
        lane_.writing.store(when_, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~writing_scope() { lane_.writing.store(not_writing, std::memory_order_release); }
    writing_scope(const writing_scope&) = delete;
    writing_scope& operator=(const writing_scope&) = delete;

    std::uint64_t when() const noexcept { return when_; }

private:
    lane& lane_;
    std::uint64_t when_ = 0;
};

// Signals are for the program's threads; SIGPIPE here is the error that write(2) returns.
class signals_blocked {
public:
    signals_blocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;

private:
    sigset_t before_;
};

// How much of a ring lines of a level may fill, in eighths, where what matters keeps its room.
constexpr std::size_t eighths_for(level l) noexcept {
    switch (l) {
    case level::debug: return 4;
    case level::info: return 6;
    case level::warn: return 7;
    case level::error: break;
    }
    return 8;
}

} // namespace

void pipeline_state::write(record_parts&& parts, std::span<const field> fields) noexcept {
    parts.severity = std::min(parts.severity, level::error); // of a level that is none, the highest
    if (const auto* under = infra::detail::slot_get()) {
        parts.span = under->span;
        if (under->request)
            parts.request_id = under->request->request_id;
    }
    if (is_durable()) [[unlikely]]
        make_durable(parts);
    lane* const mine = lanes_.mine();
    try {
        if (mine && mine->writing.load(std::memory_order_relaxed) == not_writing) [[likely]]
            return write_to(*mine, parts, fields);
        if (mine)
            return count_dropped();
        const std::scoped_lock lock(lanes_.last_words_mutex);
        if (lane* const shared = lanes_.last_words())
            return write_to(*shared, parts, fields);
    } catch (...) { // no memory for the texts of its values
    }
    count_dropped();
}

void pipeline_state::make_durable(record_parts& parts) const noexcept {
    parts.durable = true;
    if (!is_located(parts.severity, parts.where))
        parts.where = {};
}

void pipeline_state::write_to(lane& to, record_parts& parts, std::span<const field> fields) {
    for (const auto& f : fields)
        if (wire::needs_text(f.value.type()) || hidden_.touches(f.key)) [[unlikely]]
            return write_prepared(to, parts, fields);
    put(to, parts, fields);
}

// Makes text of the values that cannot wait, and takes out those that no line may hold.
void pipeline_state::write_prepared(lane& to, record_parts& parts, std::span<const field> fields) {
    std::vector<line_field> prepared;
    std::deque<std::string> texts;
    for (const auto& f : fields.first(std::min(fields.size(), max_fields + 1))) {
        if (hidden_.hides(f.key))
            prepared.push_back({f.key, redacted_text});
        else if (wire::needs_text(f.value.type()))
            prepared.push_back({f.key, texts.emplace_back(value_text(f, hidden_)), true});
        else
            prepared.push_back({f.key, f.value});
    }
    put(to, parts, std::span<const line_field>(prepared));
}

template <class Field>
void pipeline_state::put(lane& to, record_parts& parts, std::span<const Field> fields) {
    const auto size = record_size(parts, fields);
    const auto severity = static_cast<std::size_t>(parts.severity);
    const bool is_long = size > to.records.longest_record();
    {
        const writing_scope now(to, ticks_);
        parts.time = now.when();
        if (is_long) [[unlikely]] {
            if (!put_elsewhere(to, parts, fields, size))
                return to.dropped[severity].add(1);
        } else {
            char* const room = reserve(to, parts.severity, size);
            if (!room) [[unlikely]]
                return to.dropped[severity].add(1);
            write_record(room, size, parts, fields);
            to.records.commit();
        }
        to.accepted[severity].add(1);
    }
    after_commit(to);
    if (is_long && parts.durable) [[unlikely]] // it is not in the ring, so it is written before its caller is told
        wait_until([&to] { return to.elsewhere.load(std::memory_order_acquire) == 0; });
}

template <class Field>
bool pipeline_state::put_elsewhere(lane& to, const record_parts& parts, std::span<const Field> fields,
                                   std::size_t size) {
    if (size > longest_record)
        return false;
    const auto finds_room = [&] {
        const auto waiting = to.elsewhere.load(std::memory_order_acquire);
        return waiting == 0 || waiting + size <= to.records.capacity();
    };
    if (!finds_room() && !wait_for_room(finds_room))
        return false;
    auto there = std::make_unique_for_overwrite<char[]>(size);
    char* const room = reserve(to, parts.severity, pointer_record_size);
    if (!room)
        return false;
    write_record(there.get(), size, parts, fields);
    write_pointer(room, there.release());
    to.elsewhere.fetch_add(size, std::memory_order_relaxed);
    to.records.commit();
    return true;
}

bool pipeline_state::admits(lane& to, level severity, std::size_t size) const noexcept {
    if (options_.when_full != overflow::drop_by_level)
        return true;
    const auto limit = to.records.capacity() / 8 * eighths_for(severity);
    return to.records.used() + size <= limit || to.records.used_now() + size <= limit;
}

char* pipeline_state::reserve(lane& to, level severity, std::size_t size) noexcept {
    if (!admits(to, severity, size)) [[unlikely]]
        return nullptr;
    char* room = to.records.reserve(size);
    if (!room) [[unlikely]]
        wait_for_room([&] { return (room = to.records.reserve(size)) != nullptr; });
    return room;
}

template <class Attempt>
bool pipeline_state::wait_for_room(Attempt attempt) noexcept {
    return options_.when_full == overflow::block && wait_until(attempt);
}

template <class Attempt>
bool pipeline_state::wait_until(Attempt attempt) noexcept {
    using namespace std::chrono_literals;
    if (stalled_.load(std::memory_order_relaxed) || reads_here())
        return false;
    const auto limit = deadline::after(options_.longest_wait);
    waiting_.fetch_add(1);
    bool found = false;
    while (true) {
        const auto seen = room_.seen();
        if ((found = attempt()))
            break;
        const auto left = limit.remaining(std::chrono::steady_clock::now());
        if (left == 0ns)
            break;
        if (reader_.load() == reader::thread)
            work_.ring();
        else
            read_here(limit);
        room_.wait(seen, std::min<std::chrono::nanoseconds>(left, 1ms));
    }
    waiting_.fetch_sub(1);
    if (!found)
        stalled_.store(true);
    return found;
}

void pipeline_state::after_commit(lane& to) noexcept {
    if (reader_.load(std::memory_order_acquire) != reader::thread) [[unlikely]]
        return without_thread();
    const auto half = to.records.capacity() / 2;
    if (to.records.used() > half && !hurried_.load(std::memory_order_relaxed) && to.records.used_now() > half &&
        !hurried_.exchange(true))
        work_.ring();
}

void pipeline_state::without_thread() noexcept {
    while (reader_.load() == reader::crash)
        std::this_thread::sleep_for(std::chrono::seconds(1));
    if ((reader_.load() == reader::none && start_thread()) || reads_here())
        return;
    const bool hopeless = stalled_.load(); // another holds the sinks, for long
    if (!read_here(hopeless ? deadline(steady_time::min()) : deadline::after(options_.longest_wait)))
        stalled_.store(true);
}

// Without a thread to be had, callers write with their own.
bool pipeline_state::start_thread() noexcept {
    const std::scoped_lock lock(thread_mutex_);
    if (reader_.load() != reader::none)
        return reader_.load() == reader::thread;
    const signals_blocked while_starting;
    held_by_thread_ = shared_from_this();
    const auto entry = [](void* state) -> void* {
        static_cast<pipeline_state*>(state)->run();
        return nullptr;
    };
    has_thread_ = ::pthread_create(&thread_, nullptr, entry, this) == 0;
    reader_.store(has_thread_ ? reader::thread : reader::caller);
    if (!has_thread_)
        held_by_thread_.reset();
    return reader_.load() == reader::thread;
}

void pipeline_state::retire(const logger_core* core) noexcept {
    core->next_retired = retired_.load(std::memory_order_relaxed);
    while (!retired_.compare_exchange_weak(core->next_retired, core, std::memory_order_acq_rel))
        ;
    if (reader_.load() != reader::thread)
        read_here(deadline(steady_time::min()));
}

} // namespace infra::logging::detail
