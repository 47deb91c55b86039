#pragma once

/// A shell command with what it reads and writes, as a coroutine.
///
///     auto end = co_await run_child({.command = "jq .email", .input = payload});
///     if (end.exit_code == 0) use(end.out);

#include <infra/base/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace infra::cli {

struct child_command {
    std::string command{}; ///< for /bin/sh -c; what others wrote belongs into `input` or `variables`, never in here
    std::string input{};   ///< its standard input, which it need not read
    std::vector<std::pair<std::string, std::string>> variables{}; ///< besides those of this process

    std::size_t keep = 64 * 1024;            ///< so many of the last bytes of each of its outputs
    std::chrono::milliseconds patience{700}; ///< between being asked to end, and being made to
};

struct child_end {
    int exit_code = 0;    ///< as it said, or 128 and the signal's number
    std::string out{};    ///< the end of its standard output
    std::string err{};    ///< the end of its standard error
    bool out_cut = false; ///< there was more of it before
};

/// Runs the command in a process group of its own, and waits for its end. Processes of the group that outlive it are
/// killed then: those who want to stay make a session of their own.
///
/// Threads:  awaited on an executor whose handlers do not run at the same time.
/// Errors:   infra::error with errc::io when no process can be made.
/// Cancel:   the group gets SIGTERM, after `patience` SIGKILL; returns once it is gone, by throwing operation_aborted.
/// Lifetime: no process is left when this ends, and no zombie. Should this process be killed, its children live on.
awaitable<child_end> run_child(child_command what);

} // namespace infra::cli
