#pragma once

/// How far long work has come, on a line of a terminal that is written over.
///
///     progress_bar bar(to, "backup.tar");
///     files.put(…, {.on_progress = bar.follow()});
///
///     progress_bar bar(to, "mail", "jobs");
///     bar.show({.done = 1200, .total = 5000});
///     bar.tell("infra: line 7: …");              // stays, above the bar

#include "frame.hpp"

#include <infra/base/time.hpp>
#include <infra/storage/options.hpp>

#include <condition_variable>
#include <iosfwd>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace infra::cli {

/// What there is to say about it.
struct work_done {
    std::string name{};
    std::string unit{};                     ///< what is counted; empty: bytes
    std::optional<storage::progress> now{}; ///< empty: nobody has told anything
    std::chrono::nanoseconds since{};       ///< that it began
};

/// `backup.tar   45% [#########           ] 12.3 MiB of 27.0 MiB, 4.1 MiB/s`; without a total what has been done, and where nobody has
/// told anything how long it takes. At most so many columns, 0 for any: a long name is cut, and what tells least goes first.
std::string progress_line(const work_done& work, std::size_t columns);

/// What a terminal is given, and when: nothing in the first 300 ms, then at most ten times a second.
class progress_painter {
public:
    progress_painter(std::string name, std::string unit, steady_time now);

    /// The next piece of the work: its time and speed are its own.
    void begin(std::string name, steady_time now);

    void show(const storage::progress& now) { work_.now = now; }

    /// When it is to be painted again.
    steady_time next() const noexcept { return next_; }

    /// Empty before next(), and where memory is short.
    std::string paint(steady_time now, std::size_t columns) noexcept;

    /// What takes the line away; empty where there is none.
    std::string clear();

private:
    work_done work_;
    steady_time begun_;
    steady_time next_;
    bool is_shown_ = false;
};

struct surroundings {
    bool is_terminal = false; ///< where it is to be painted
    bool json = false;
    bool is_typed = false; ///< what the work reads: who types there is not written over
};

bool shows_progress(const surroundings& in, const environment& variables);

/// The same on the terminal that the standard error is, as long as the object lives; nothing at all where that shows no progress.
///
/// Threads:  any member from any thread. Another one paints, so that time goes on where nobody tells anything.
/// Errors:   none of painting; what the terminal does not take, or there is no memory for, is not there.
/// Cancel:   there is nothing to cancel.
/// Lifetime: `to` must outlive it. Its line goes with it.
class progress_bar {
public:
    /// `from` is what the work reads, if anything.
    progress_bar(const output& to, std::string name, std::string unit = {}, const std::istream* from = nullptr);
    ~progress_bar();
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    void begin(std::string name); ///< the next piece of the work
    void show(const storage::progress& now);

    /// Writes a line that stays; where nothing is painted, too.
    void tell(std::string_view line);

    bool is_visible() const noexcept { return is_visible_; }

    /// Refers to this object; empty where nothing is painted.
    storage::progress_function follow();

private:
    void begin_painting() noexcept;
    void paint(std::stop_token stopped);
    void write(std::string_view text) const;

    std::ostream& to_;
    const bool is_visible_;
    std::mutex guard_; // of the painter, and of the terminal
    progress_painter painter_;
    std::condition_variable_any stopping_;
    std::jthread painting_;
};

} // namespace infra::cli
