#pragma once

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/runtime/blocking_pool.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace infra::email::preview {

/// How the templates, layouts and data of a directory are now, as a word that is another after any of them has changed.
/// Blocks on the disk.
std::string version_of(const std::string& directory);

/// Tells pages when to load themselves again. However many wait, the directory is looked at once in a while only.
///
/// Threads:  any.
/// Lifetime: held by whoever waits.
class versions : public std::enable_shared_from_this<versions> {
public:
    versions(std::string directory, std::size_t max_waiting, blocking_pool* pool, clock& time)
        : directory_(std::move(directory)), max_waiting_(max_waiting), pool_(pool), time_(time) {}

    /// The version once it is no longer `since`, or `since` after 25 s. Throws infra::errc::overloaded when too many wait.
    awaitable<std::string> next(std::string since);

private:
    std::string looked_up();
    blocking_pool& pool() const;

    const std::string directory_;
    const std::size_t max_waiting_;
    blocking_pool* const pool_;
    clock& time_;
    std::atomic<std::size_t> waiting_{0};
    std::mutex mutex_;
    std::string last_;     // guarded by mutex_
    steady_time looked_{}; // guarded by mutex_
};

} // namespace infra::email::preview
