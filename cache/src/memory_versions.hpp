#pragma once

// The versions of namespaces and tags. They are few, and never evicted, since what they void would come back. Where they
// become too many, the oldest are forgotten and everything of an unknown name becomes void: a miss more, never a value
// from the dead.

#include <infra/cache/store.hpp>

#include <deque>
#include <map>
#include <memory>
#include <mutex>

namespace infra::cache {

/// Threads: any member from any thread.
class memory_versions {
public:
    /// Versions grow from `first`; greater than those of an earlier process if that is taken from the wall clock.
    explicit memory_versions(std::uint64_t first, std::size_t max_names = 65'536)
        : last_(first), max_names_(max_names) {}

    std::shared_ptr<const version_slot> slot(const std::string& name);
    std::uint64_t version(const std::string& name) const;
    void bump(const std::string& name);

private:
    void forget_oldest();

    mutable std::mutex mutex_;
    // All guarded by mutex_.
    std::map<std::string, std::shared_ptr<version_slot>, std::less<>> slots_;
    std::deque<std::string> bumped_; // oldest first; each name once
    std::uint64_t last_;
    std::uint64_t floor_ = 0; // of names that are not there
    const std::size_t max_names_;
};

} // namespace infra::cache
