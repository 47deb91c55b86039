#pragma once

/// How far long work has come, on a line of a terminal that is written over.
///
///     progress_bar bar(to.err, is_terminal(to.err), "backup.tar");
///     files.put(…, {.on_progress = bar.follow()});
///
///     progress_bar bar(to.err, is_terminal(to.err), "mail", "jobs");
///     bar.show({.done = 1200, .total = 5000});

#include "terminal.hpp"

#include <infra/base/time.hpp>
#include <infra/storage/options.hpp>

#include <iosfwd>
#include <string>

namespace infra::cli {

/// `backup.tar   45% [#########           ] 12.3 MiB of 27.0 MiB, 4.1 MiB/s`; without a total: what has been done. `unit` is what is
/// counted; empty: bytes.
std::string progress_line(std::string_view name, const storage::progress& now, std::chrono::nanoseconds since,
                          std::string_view unit = {});

/// Clears its line at the end. Nothing is written where it is not visible.
class progress_bar {
public:
    progress_bar(std::ostream& to, bool visible, std::string name, std::string unit = {});
    ~progress_bar();
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    void show(const storage::progress& now);

    /// Refers to this object.
    storage::progress_function follow();

private:
    std::ostream& to_;
    const bool visible_;
    const std::string name_;
    const std::string unit_;
    const steady_time begun_ = std::chrono::steady_clock::now();
};

} // namespace infra::cli
