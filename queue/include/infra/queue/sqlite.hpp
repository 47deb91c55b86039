#pragma once

/// The queue in a SQLite file. Link infra::queue_sqlite.
///
///     auto stored = infra::queue::make_sqlite_backend({.file = "var/queue.db"});
///     auto same = infra::queue::make_backend("sqlite:var/queue.db?durability=normal");
///
/// Several processes may share the file, on one machine. Its layout is drawn in queue/README.md.

#include <infra/queue/backend.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace infra::queue {

/// What an acknowledged job survives.
enum class durability {
    normal, ///< the end of the process in any way; a power cut may undo the last moments
    full,   ///< a power cut too: one fsync for each group of operations
};

struct sqlite_options {
    /// Made when it is not there, with its folder.
    std::filesystem::path file = "var/queue.db";
    infra::queue::durability durability = infra::queue::durability::full; ///< what an acknowledged job survives

    // --- tuning ---

    /// Another process may hold the file's write lock for so long before operations fail with errc::unavailable. 0 … 1
    /// hour. Longer hides a stuck process; shorter fails under a long transaction of somebody else's.
    std::chrono::milliseconds busy_timeout{5'000};

    /// How often an idle worker looks whether another process added work, 1 ms … 1 minute, where the system does not tell of it.
    /// Linux does (inotify), and then it looks when it is told, at most so often on average where it is never for its work.
    /// Longer: less work for the machine; shorter: another process's job starts sooner.
    std::chrono::milliseconds poll{2};

    /// How often it is looked whether another process has died with jobs in its hands, which then run again. A few microseconds
    /// each. 0: never; they run again when their leases end.
    std::chrono::milliseconds look_for_dead{500};

    /// What would grow the jobs' tables beyond it is refused with errc::unavailable; workers go on. The write-ahead log
    /// beside the file is not counted. 0 is no limit, otherwise at least 64 KiB.
    std::uint64_t max_file_bytes = 0;

    /// From this length on the write-ahead log beside the file is begun anew as soon as nobody needs its beginning; at least 64
    /// KiB. Longer: less to copy under load, and more room taken; shorter: more syncs. A transaction that somebody keeps open
    /// on the file keeps the log growing.
    std::size_t log_bytes = 64 * 1024 * 1024;

    /// Operations, and bytes of payload, that may wait for the one thread that writes; more is refused with
    /// infra::errc::overloaded. At least 1. A worker's own operations are always taken: its concurrency bounds them.
    std::size_t max_waiting = 65'536;
    std::size_t max_waiting_bytes = 64 * 1024 * 1024;
};

/// A cold backend: the file is opened by the first operation, and again by the next while that fails. Destruction
/// finishes nothing that waits, but lets a running transaction end. Throws std::invalid_argument naming a bad option.
std::shared_ptr<backend> make_sqlite_backend(sqlite_options options = {});

/// Reads `sqlite:FILE[?durability=normal|full]`; FILE is a relative or absolute path, percent-encoded where it holds `?`
/// or `%`. `sqlite:///FILE` is an absolute one too. Throws infra::error with infra::errc::misconfigured.
sqlite_options parse_sqlite_url(std::string_view url);

} // namespace infra::queue
