#pragma once

// Sleep that ends when another process writes to the write-ahead log. Its shared memory, by which SQLite's processes know of
// each other's transactions, is mapped, and nobody tells of what is written there.

#include <infra/base/time.hpp>
#include <infra/runtime/descriptor.hpp>

#include <filesystem>

namespace infra::queue::sqlite {

/// inotify on one file.
///
/// Threads:  wake() from any while another sleeps; the rest from that one.
/// Errors:   none: where the system has no descriptor or no watch left, is_on() is false.
/// Lifetime: cold until follow().
class log_watch {
public:
    log_watch() = default;
    log_watch(const log_watch&) = delete;
    log_watch& operator=(const log_watch&) = delete;

    /// This file from now on, and no other.
    void follow(const std::filesystem::path& log) noexcept;
    void stop() noexcept { events_ = {}; }
    bool is_on() const noexcept { return static_cast<bool>(events_); }

    /// Whether the file was written to since it was asked last.
    bool was_written() noexcept;

    enum class listening { to_wake, to_wake_and_log };
    /// Until then, until wake(), or until the file is written to. Only while it is_on().
    void sleep_until(steady_time until, listening to) noexcept;
    void wake() noexcept;

private:
    descriptor events_;
    descriptor bell_; // stays open, as somebody may be at wake()
};

} // namespace infra::queue::sqlite
