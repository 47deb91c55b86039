#pragma once

/// From a call to bytes: levels, rendering, a bounded buffer, the thread that writes, sinks.
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
#include <infra/logging/sink.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
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

struct output {
    std::shared_ptr<sink> to;
    format as = format::automatic;
    level from = level::debug; ///< on top of the module's level
};

/// What a caller does when the buffer is full because the sinks are slower than the program.
enum class overflow {
    block, ///< waits for room, at most `longest_wait`; then as drop, until there is room again
    drop,  ///< leaves the line out
};

struct pipeline_options {
    /// Empty: stdout.
    std::vector<output> outputs{};
    level_rules levels{};
    /// Bytes of rendered lines that may wait for the writing thread; at least 4096. Smaller: callers meet overflow
    /// sooner. Larger: more memory, and more to lose at a crash.
    std::size_t buffer_bytes = 1024 * 1024;
    overflow when_full = overflow::block;
    std::chrono::milliseconds longest_wait{1000};
    /// Callers write to the sinks themselves, one at a time: no thread, nothing buffered, and the caller pays for I/O.
    bool synchronous = false;
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
    std::uint64_t accepted = 0; ///< rendered and handed on
    std::uint64_t dropped = 0;  ///< left out because the buffer was full or memory was short
    std::uint64_t lost = 0;     ///< refused by a sink; a line that two sinks refuse counts twice
};

namespace detail {
class pipeline_state;
}

/// The caller renders its line on its own stack and copies it into a shared buffer under a short lock; a thread writes
/// what has gathered there. A call makes no system call while lines flow; the first after a tenth of a second of silence
/// wakes the thread, and a full buffer makes the caller wait.
///
/// Threads:  any member from any thread, but the destructor.
/// Errors:   logging never throws. A failing sink is told of once on stderr, until it has recovered.
///           std::invalid_argument names a bad option.
/// Cancel:   flush() and close() block the calling thread, up to their deadline.
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

    /// Waits until every line accepted before the call was handed to the sinks. False if the deadline passed or a sink
    /// has refused some since the last flush.
    bool flush(deadline limit) noexcept;

    /// Flushes and ends the thread; what is logged afterwards is written synchronously. The second call only flushes.
    bool close(deadline limit) noexcept;

    /// What the library's rooms report through telemetry::log() is written here, and this pipeline's lines are counted
    /// as `log_lines_total{level}`; until another pipeline is installed or this one is destroyed.
    void install() noexcept;

    pipeline_counts counts() const noexcept;

private:
    friend class logger;
    std::shared_ptr<detail::pipeline_state> state_;
};

/// The pipeline of loggers that name none: made at first use from the environment, installed, and drained when the
/// process exits, throws out of main() or calls std::terminate. It is never destroyed, so static destructors may log.
pipeline& default_pipeline();

/// Makes the default pipeline from these options instead. Throws errc::invalid_state when it is in use already.
void configure(pipeline_options options);

/// Makes the default pipeline, if nobody has, and installs it.
void install();

/// pipeline::flush of the default pipeline.
bool flush(deadline limit) noexcept;

} // namespace infra::logging
