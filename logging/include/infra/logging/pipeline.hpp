#pragma once

/// From a call to bytes: levels, redaction, bounded rings, the thread that writes, sinks.
///
///     logging::pipeline out({.outputs = {{.to = logging::file_sink({.path = "var/app.log"})},
///                                        {.to = logging::stderr_sink(), .from = logging::level::warn}}});
///     logging::logger audit({.module = "audit", .to = &out});
///     audit.info("opened", {{"door", 7}});
///     out.flush(deadline::after(1s));
///
/// Most programs never name one: loggers use default_pipeline().

#include <infra/base/clock.hpp>
#include <infra/logging/levels.hpp>
#include <infra/logging/record_sink.hpp>
#include <infra/logging/redaction.hpp>
#include <infra/logging/sink.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra {
class environment;
}

namespace infra::logging {

enum class format {
    automatic, ///< pretty on a terminal, JSON elsewhere
    json,      ///< one object a line
    pretty,    ///< for people
};

/// A sink of text, or one of records.
struct output {
    std::shared_ptr<sink> to{};             ///< of text
    std::shared_ptr<record_sink> records{}; ///< or of values
    format as = format::automatic;          ///< of the text
    level from = level::debug;              ///< on top of the module's level
};

/// What a caller does when its ring is full because the sinks are slower than the program.
enum class overflow {
    block,         ///< waits for room, at most `longest_wait`; then as drop, until there is room again
    drop,          ///< leaves the new line out
    drop_by_level, ///< keeps room for what matters: debug lines are left out once half of the ring waits, info lines from
                   ///< three quarters on, warnings from seven eighths, errors when it is full
};

struct pipeline_options {
    /// Empty: stdout.
    std::vector<output> outputs{};
    level_rules levels{}; ///< which lines are written at all
    /// Keys, paths and values that no line may hold.
    redaction redact{};
    /// Lines from this level on say where in the source they were written: `"source":"worker.cpp:42"`. Unset: none.
    std::optional<level> locate_from{};
    /// Bytes of records that may wait for the writing thread, for each thread that logs; a power of two from 4096 on is
    /// used as it is, other sizes are rounded up to one. Smaller: callers meet overflow sooner. Larger: more memory for
    /// each thread. A record longer than half of it waits outside, up to as many bytes again.
    std::size_t buffer_bytes = 512 * 1024;
    /// A file in which they wait instead, so that not even SIGKILL loses a line whose call has returned: the next pipeline
    /// with this path writes what was left, before anything else. Lines are numbered (`"log_sequence":1767225600000000`,
    /// one more with each line, over restarts too), and what the end of a JSON file shows to have been written is not
    /// written again; elsewhere the lines of the last write may come twice, with the same number. Not for a power cut: the
    /// kernel keeps the file, the disk may not have it yet. On a tmpfs (/run, /dev/shm) it costs no I/O.
    ///
    /// Of one pipeline at a time, and as long as a logger of it lives. As large as `buffer_bytes` for each thread that logs.
    /// A child after a fork logs without it. Empty: none.
    std::filesystem::path durable_ring{};
    overflow when_full = overflow::block;         ///< what a caller meets when they are full
    std::chrono::milliseconds longest_wait{1000}; ///< of a caller under overflow::block
    /// Callers write to the sinks themselves, one at a time: no thread, nothing buffered, and the caller pays for I/O.
    bool synchronous = false;
    /// For configure() alone: when a signal ends the process (SIGSEGV, SIGABRT and the like, where the program handles them
    /// not itself), what was taken is written first, for up to 2 s.
    bool drain_at_crash = true;
    /// Pretty lines on a terminal are coloured.
    bool colours = true;
    /// Gives the lines of loggers their timestamps. Outlives the pipeline.
    clock* time = &real_clock();
};

/// Options as the environment wants them (LOG_LEVEL, NO_COLOR), and what was wrong with them.
struct configured_pipeline {
    pipeline_options options;
    std::vector<std::string> problems; ///< sentences that begin with the variable's name
};
configured_pipeline options_from(const environment& env);

/// What became of the lines so far. Left-out lines are also told of in the log itself: `log lines were dropped` once
/// there is room, `log lines were lost` once a sink works again.
struct pipeline_counts {
    std::uint64_t accepted = 0;  ///< taken from their callers
    std::uint64_t dropped = 0;   ///< left out because a ring was full, memory was short, or the line longer than 16 MiB
    std::uint64_t lost = 0;      ///< refused by a sink; a line that two sinks refuse counts twice
    std::uint64_t recovered = 0; ///< left in the durable ring by a process that was killed
};

namespace detail {
class pipeline_state;
}

/// A caller copies its typed values into a ring of its thread's own: no lock, no system call, no text made. One thread
/// merges the rings by time, makes lines of the records and writes them, within 50 ms and usually 2. A caller meets the
/// system only where its thread logs for the first time, where half of its ring waits (it wakes the writing thread,
/// once) and where the ring is full and it is to wait.
///
/// Threads:  any member from any thread, but the destructor.
/// Errors:   logging never throws. A failing sink is told of once on stderr, until it has recovered. The constructor throws
///           std::invalid_argument naming a bad option, errc::io if the durable ring cannot be had and errc::unavailable
///           if another process has it.
/// Cancel:   flush() and close() block the calling thread, up to their deadline.
/// Fork:     the child goes on with a thread of its own; what waited is the parent's to write and is written once.
/// Lifetime: loggers share its state and may outlive it: after close() their lines are written synchronously. The
///           destructor closes with 5 s to write what waits; a sink that hangs for longer costs the lines that wait.
class pipeline {
public:
    explicit pipeline(pipeline_options options = {});
    ~pipeline();
    pipeline(const pipeline&) = delete;
    pipeline& operator=(const pipeline&) = delete;

    bool enabled(level l, std::string_view module) const noexcept;

    /// From now on, for every logger that has no level of its own.
    void set_levels(level_rules levels);
    level_rules levels() const;

    /// Lines that are logged from now on go there, too; until its sink is closed, if it is one of records. Waits up to 5 s
    /// for what is being written, then throws errc::timed_out; inside of a sink it is errc::invalid_state.
    void add_output(output o);

    /// Waits until every line accepted before the call was handed to the sinks. False if the deadline passed or a sink
    /// has refused some since the last flush.
    bool flush(deadline limit) noexcept;

    /// Flushes and ends the thread; what is logged afterwards is written synchronously. The second call only flushes.
    bool close(deadline limit) noexcept;

    /// What the library's rooms report through telemetry::log() is written here, and this pipeline's lines are counted
    /// as `log_lines_total{level}`; until another pipeline is installed or this one is destroyed.
    void install() noexcept;

    pipeline_counts counts() const noexcept;

    /// Fatal signals that the program does not handle itself drain this pipeline first; the last one asked counts, and it
    /// must not be destroyed any more. The default pipeline has asked already.
    void drain_at_crash() noexcept;

private:
    friend class logger;
    std::shared_ptr<detail::pipeline_state> state_;
};

/// The pipeline of loggers that name none: made at first use from the environment, installed, and drained when the
/// process exits, throws out of main(), calls std::terminate or crashes. It is never destroyed, so static destructors may
/// log.
pipeline& default_pipeline();

/// Makes the default pipeline from these options instead. Throws errc::invalid_state when it is in use already.
void configure(pipeline_options options);

/// Makes the default pipeline, if nobody has, and installs it.
void install();

/// pipeline::flush of the default pipeline.
bool flush(deadline limit) noexcept;

} // namespace infra::logging
