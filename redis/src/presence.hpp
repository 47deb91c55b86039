#pragma once

// At which servers a client's shared connections are: what is read there has to be told of from there.

#include "place.hpp"

#include <functional>
#include <mutex>
#include <vector>

namespace infra::redis::detail {

/// Threads: any.
class presence {
public:
    enum class change { came, came_again, went };
    using listener = std::function<void(const address& at, change what)>;

    /// Who is told on whichever loop it happens. Before anything else, and once.
    void tell(listener whom) { listener_ = std::move(whom); }

    void came(const address& at, bool again); ///< throws what telling it does, and then nobody has come
    void is_gone(const address& at) noexcept;
    void tell_that_it_went(const address& at) const; ///< unless there is no loop left to tell it on

    /// Each as often as there are connections to it.
    std::vector<address> places() const;

private:
    listener listener_;
    mutable std::mutex mutex_;
    std::vector<address> places_; // guarded by mutex_
};

} // namespace infra::redis::detail
