#pragma once

// The versions of namespaces and tags. They are never evicted, since what they void would come back. Where they become too
// many, the oldest quarter is forgotten and everything of an unknown name becomes void: a miss more, never a value from the
// dead.

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
    memory_versions(std::uint64_t first, std::size_t max_bytes) : max_bytes_(max_bytes), last_(first) {}

    std::shared_ptr<const version_slot> slot(const std::string& name);
    std::uint64_t version(const std::string& name) const;
    void bump(const std::string& name);

    std::size_t bytes() const;
    std::size_t watched() const; ///< namespaces that are held and were never bumped, and some that no longer are

    static std::size_t cost_of(std::string_view name) noexcept { return 2 * name.size() + 256; }

private:
    using slot_pointer = std::shared_ptr<version_slot>;
    using slots = std::map<std::string, slot_pointer, std::less<>>;
    slots::iterator remember(const std::string& name);
    slot_pointer watched(const std::string& name) const;
    slot_pointer fresh_slot() const;
    void forget_unwatched();
    void forget_oldest();

    const std::size_t max_bytes_;
    mutable std::mutex mutex_;
    // All guarded by mutex_.
    slots bumped_;
    std::deque<std::string> order_; // of bumped_, oldest first; each name once
    // Namespaces of which nothing is to be remembered but that somebody has a handle of them.
    std::map<std::string, std::weak_ptr<version_slot>, std::less<>> watched_;
    std::size_t look_again_at_ = 64;
    std::size_t bytes_ = 0;
    std::uint64_t last_;
    std::uint64_t floor_ = 0; // of names that are not there
};

} // namespace infra::cache
