#pragma once

// What loggers and pipeline objects share: the callers' side, which copies typed values into the thread's own ring, and
// the reader's side, which merges the rings by time, makes text of the records and hands it to the sinks. The reader is a
// thread; after its end, or where there is none, it is whoever logs.
//
// Locks are taken in this order: lanes' last_words_mutex, reading_, lanes' mutex. A caller takes none of them.

#include "bell.hpp"
#include "delivery.hpp"
#include "lanes.hpp"
#include "merge.hpp"
#include "record.hpp"
#include "recovery.hpp"
#include "redaction.hpp"
#include "ticks.hpp"

#include <infra/logging/pipeline.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <pthread.h>

namespace infra::logging::detail {

struct line_counts {
    std::array<std::uint64_t, level_count> by_level{};
    std::uint64_t dropped = 0;
    std::uint64_t lost = 0;
};

class pipeline_state : public std::enable_shared_from_this<pipeline_state> {
public:
    explicit pipeline_state(pipeline_options options);
    ~pipeline_state();
    pipeline_state(const pipeline_state&) = delete;
    pipeline_state& operator=(const pipeline_state&) = delete;

    // --- levels.cpp's rules, and what loggers remember of them ---

    bool enabled(level l, std::string_view module) const noexcept {
        const auto* rules = rules_.load(std::memory_order_acquire);
        return l >= (rules->modules.empty() ? rules->fallback : rules->of(module));
    }
    bool enabled(level l, const logger_core& core) const noexcept {
        if (core.own_level)
            return l >= *core.own_level;
        auto known = core.known_level.load(std::memory_order_relaxed);
        if (known >> 8 != rules_number_.load(std::memory_order_acquire))
            known = look_up(core);
        return l >= static_cast<level>(known & 0xff);
    }
    void set_levels(level_rules levels);
    level_rules levels() const { return *rules_.load(std::memory_order_acquire); } // none is ever freed

    /// Says in the log what the durable ring held, if it held something. Once, when all is made.
    void tell_of_recovery() noexcept;

    bool is_durable() const noexcept { return ring_file_ && ring_file_->is_in_use(); }
    const redactor& hidden() const noexcept { return hidden_; }
    const clock& time() const noexcept { return *options_.time; }

    // --- the callers' side: callers.cpp ---

    /// Copies the fields into the thread's ring. `parts` has everything but the time, the span and the request id.
    void write(record_parts&& parts, std::span<const field> fields) noexcept;
    void count_dropped() noexcept { dropped_early_.fetch_add(1, std::memory_order_relaxed); }

    /// Nobody logs with it any more, but records may point to it still.
    void retire(const logger_core* core) noexcept;

    // --- the reader's side: reader.cpp ---

    void add_output(const output& o);
    bool flush(deadline limit) noexcept;
    bool close(deadline limit) noexcept;
    pipeline_counts counts() const noexcept;

    /// Takes no more lines and writes all that were taken. For a signal handler in a process that ends.
    void drain_for_crash(deadline limit) noexcept;

    // --- around a fork: fork.cpp ---

    void before_fork() noexcept;
    void after_fork_in_parent() noexcept;
    std::shared_ptr<pipeline_state> after_fork_in_child() noexcept; // what the thread held

private:
    enum class reader : std::uint8_t {
        none,   // nothing was logged yet
        thread, // it reads
        caller, // whoever logs reads what he wrote
        crash,  // the process ends: whoever logs is not to be told that his line was taken
    };

    std::uint64_t look_up(const logger_core& core) const noexcept;

    void recover();
    void complain(const char* what) const noexcept;

    // The callers' side.
    void make_durable(record_parts& parts) const noexcept;
    void write_to(lane& to, record_parts& parts, std::span<const field> fields);
    void write_prepared(lane& to, record_parts& parts, std::span<const field> fields);
    template <class Field>
    void put(lane& to, record_parts& parts, std::span<const Field> fields);
    template <class Field>
    bool put_elsewhere(lane& to, const record_parts& parts, std::span<const Field> fields, std::size_t size);
    bool admits(lane& to, level severity, std::size_t size) const noexcept;
    char* reserve(lane& to, level severity, std::size_t size) noexcept;
    template <class Attempt>
    bool wait_for_room(Attempt attempt) noexcept;
    template <class Attempt>
    bool wait_until(Attempt attempt) noexcept;
    void after_commit(lane& to) noexcept;
    void without_thread() noexcept;
    bool start_thread() noexcept;

    // The reader's side.
    enum class upto { round_before, now, now_whatever_is_on_its_way };
    struct round {
        bool something = false;  // was read
        bool unfinished = false; // something of an earlier time is on its way
        std::size_t left = 0;    // bytes that wait for the next one
    };
    void run() noexcept;
    round read_locked(upto limit) noexcept;
    round read_once(upto limit) noexcept;
    round read_round(upto limit);
    std::uint64_t earliest_on_its_way(const std::vector<lane*>& all) noexcept;
    void hold(const logger_core* retired) noexcept;
    bool is_located(level l, const std::source_location& where) const noexcept {
        return options_.locate_from && l >= *options_.locate_from && where.line() != 0;
    }
    std::uint64_t give_number(char* record) noexcept;
    void append(char* found) noexcept;
    void hand_over() noexcept;
    bool read_here(deadline limit) noexcept;
    bool reads_here() const noexcept {
        return reading_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }
    bool wait_for_thread(std::uint64_t ticket, deadline limit) noexcept;
    std::uint64_t newly_dropped(const std::vector<lane*>& all) noexcept;

    const pipeline_options options_;
    const redactor hidden_;

    // What every caller reads: in lines that nobody writes to but once in a while.
    alignas(64) std::atomic<const level_rules*> rules_{nullptr};
    std::atomic<std::uint64_t> rules_number_{0};
    std::atomic<reader> reader_;
    std::atomic<bool> hurried_{false}; // the thread was told to look now
    ticks ticks_;

    std::mutex rules_mutex_;
    std::vector<std::unique_ptr<const level_rules>> all_rules_; // readers hold no count, so none is ever freed

    const std::unique_ptr<ring_file> ring_file_; // null: rings are memory
    recovered_lines recovered_;
    lanes lanes_;
    std::atomic<bool> stalled_{false};            // a caller waited in vain and no room was made since
    std::atomic<unsigned> waiting_{0};            // callers that wait for room
    std::atomic<std::uint64_t> dropped_early_{0}; // before they had a ring
    std::atomic<const logger_core*> retired_{nullptr};

    bell work_;                              // for the thread
    bell room_;                              // for callers
    bell done_;                              // for flush() and close()
    std::atomic<std::uint64_t> asked_{0};    // flushes
    std::atomic<std::uint64_t> answered_{0}; // up to which one
    std::atomic<unsigned> adding_{0};        // threads that wait to add an output
    std::atomic<bool> closing_{false};
    std::atomic<bool> ended_{false};
    std::atomic<std::uint64_t> lost_before_{0}; // the last flush()

    std::mutex thread_mutex_;
    // A plain thread, since a child after a fork must be able to forget it. Both guarded by thread_mutex_:
    pthread_t thread_{};
    bool has_thread_ = false;
    std::shared_ptr<pipeline_state> held_by_thread_; // the thread's own, which lets go of it last

    alignas(64) std::timed_mutex reading_;
    std::atomic<std::thread::id> reading_thread_{};
    // All guarded by reading_:
    delivery delivery_;
    batch batch_;
    merge merge_;
    record record_;
    time_text time_text_;
    line_counts counts_;                    // of this round
    const logger_core* retiring_ = nullptr; // those of the round before
    std::uint64_t told_dropped_early_ = 0;
    std::uint64_t untold_dropped_ = 0; // those of the round before
    bool locked_for_fork_ = false;
};

/// The one that telemetry::log() reaches, or null.
pipeline_state* installed() noexcept;
void install(std::shared_ptr<pipeline_state> state);
void uninstall(const pipeline_state* state) noexcept;

/// Reports lines to telemetry's metrics.
void count_lines(const line_counts& counts) noexcept;

/// A fork must find every pipeline at rest.
void know(pipeline_state& state);
void forget(pipeline_state& state) noexcept;

/// Fatal signals that nobody handles drain this pipeline first.
void drain_at_crash(pipeline_state& state) noexcept;

void before_fork_of_defaults() noexcept; // default_pipeline.cpp
void after_fork_of_defaults() noexcept;

} // namespace infra::logging::detail
