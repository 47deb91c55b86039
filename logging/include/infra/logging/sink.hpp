#pragma once

/// Where finished lines go. What wants values, not text, is a record_sink (record_sink.hpp).
///
///     auto lines = std::make_shared<logging::memory_sink>();
///     logging::pipeline out({.outputs = {{.to = lines}, {.to = logging::file_sink({.path = "var/app.log"})}}});

#include <infra/base/clock.hpp>
#include <infra/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::logging {

/// Takes whole lines.
///
/// Threads:  write() is called by one thread at a time, not always the same.
/// Errors:   values. What was not taken is lost: the pipeline counts it and says so in the log once lines go through
///           again.
/// Lifetime: shared by the pipelines that write to it.
class sink {
public:
    struct outcome {
        std::size_t taken = 0; ///< bytes from the front, always whole lines
        boost::system::error_code failure{};
    };

    virtual ~sink() = default;

    /// Hands over one or more lines, each with its line break. May block, must end by itself, and must not log.
    virtual outcome write(std::string_view lines) noexcept = 0;

    /// True where a person looks on, who would rather not read JSON.
    virtual bool is_terminal() const noexcept { return false; }

    /// The last bytes of all it ever took, `bytes` of them at most, also from a process before: so a line that was left in
    /// a durable ring is not written twice. Empty where they cannot be read back, as from a pipe. May throw bad_alloc.
    virtual std::optional<std::string> tail(std::size_t bytes) const;
};

/// The process's own. A line is handed to the kernel with one write(2) where it fits, so lines of several processes do
/// not mix. A reader that takes nothing for 5 s costs the lines that wait for it.
std::shared_ptr<sink> stdout_sink();
std::shared_ptr<sink> stderr_sink();

enum class rotate_every { never, hour, day }; ///< in UTC

struct file_sink_options {
    std::filesystem::path path{}; ///< of the file that is written to
    /// A new file is begun before one grows past this; 0: never. A line longer than that has a file of its own.
    std::uint64_t max_bytes = 0;
    /// A new file is begun with the first line of an hour or a day.
    rotate_every every = rotate_every::never;
    /// How many old files stay: `app.log.1` is the newest of them, and the one past `app.log.<keep>` is removed.
    std::size_t keep = 10;
    clock* time = &real_clock(); ///< outlives the sink
};

/// Appends to a file, made with mode 0640 if absent. Lines are the kernel's when written: they survive the process, not
/// a power cut. Half a line that a killed process left at the end is cut off. After a full disk the file continues
/// without a torn line; if a new file cannot be begun, the old one goes on and stderr is told once. Throws errc::io if
/// the file cannot be opened, std::invalid_argument for a bad option.
std::shared_ptr<sink> file_sink(file_sink_options options);

/// From its next line on every file sink writes to what its path names then: for programs that move log files away, such
/// as logrotate (without copytruncate). May be called from a signal handler.
void reopen_files() noexcept;

/// Makes SIGHUP mean reopen_files(), as services have it. Without it SIGHUP ends the process.
void reopen_files_on_hangup();

struct memory_sink_options {
    std::size_t max_lines = 100'000; ///< the oldest go first
};

/// Keeps lines for tests to read. Threads: any member from any thread.
class memory_sink final : public sink {
public:
    explicit memory_sink(memory_sink_options options = {}) : max_lines_(options.max_lines) {}

    outcome write(std::string_view lines) noexcept override;
    std::optional<std::string> tail(std::size_t bytes) const override;

    /// Without their line breaks.
    std::vector<std::string> lines() const;
    std::string text() const;
    void clear();

private:
    const std::size_t max_lines_;
    mutable std::mutex mutex_;
    std::deque<std::string> lines_; // guarded by mutex_
};

} // namespace infra::logging
