#pragma once

/// What changes on the server, told as it happens: for copies of its values that are kept in this process.
///
///     class copies : public redis::change_listener { … };
///     auto told = client.track({.prefixes = {"shop:"}}, listener);    // until `told` goes
///
/// It is CLIENT TRACKING with BCAST, on a connection of its own: the server remembers nothing about who read what, and
/// tells of every key that begins with a prefix, whoever changed it. Redis 6 and later, over RESP3. In a cluster it is one
/// connection to each master.

#include <memory>
#include <string>
#include <vector>

namespace infra::redis {

/// Whoever keeps copies. A value that was asked for on another connection may arrive after the word of its change: a copy
/// is to be kept only if its key was not changed, and nobody was deaf, since it was asked for.
///
/// Threads:  called on the client's first loop, one call at a time.
/// Errors:   must not throw, nor block.
class change_listener {
public:
    virtual ~change_listener() = default;

    virtual void listening() = 0; ///< from here on changes are told, of all servers at which values are read
    virtual void
    deaf() = 0; ///< from here on they are not, until listening(): one connection was lost, or has to be made

    virtual void changed(const std::vector<std::string>& keys) = 0; ///< written, erased, expired or evicted
    virtual void all_changed() = 0; ///< FLUSHDB or FLUSHALL, if only at one master of a cluster
};

struct track_request {
    /// None may be the beginning of another. None at all, or an empty one: every key of the server.
    std::vector<std::string> prefixes{};
};

namespace detail {
class tracker_handle;
}

/// Threads:  a handle; moved and destroyed on any thread.
/// Lifetime: destruction ends the tracking; deaf() may still come. May outlive the client, which ends it as well.
class tracking {
public:
    tracking() noexcept = default; ///< of nothing: only to be assigned to
    explicit tracking(std::shared_ptr<detail::tracker_handle> of) noexcept : of_(std::move(of)) {}

private:
    std::shared_ptr<detail::tracker_handle> of_;
};

} // namespace infra::redis
