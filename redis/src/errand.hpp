#pragma once

// What one thread wants of another's loop, and which of the two was first: the loop to begin it, or the caller to give it
// up.

#include "allowance.hpp"

#include <infra/base/context.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <exception>
#include <optional>
#include <utility>

namespace infra::redis::detail {

/// How it ended there.
template <class T>
struct ending {
    std::exception_ptr failure{};
    T value{};
};

template <class T>
class errand {
public:
    errand(const executor& home, allowance::share takes) : result(home), takes_(std::move(takes)) {}

    /// On the loop, once. False: nobody wants it any more, and nobody was told that it may have been done.
    bool begin() {
        takes_.reset();
        return leave(state::begun);
    }

    /// By the caller. False: it has begun.
    bool give_up() { return leave(state::given_up); }

    const promise<ending<T>> result;
    const infra::context under = infra::context::current();
    asio::cancellation_signal stop; ///< on the loop only

private:
    enum class state : std::uint8_t { unread, begun, given_up };

    bool leave(state to) {
        auto from = state::unread;
        return state_.compare_exchange_strong(from, to);
    }

    std::atomic<state> state_{state::unread};
    std::optional<allowance::share> takes_; // on the loop, and at its end
};

} // namespace infra::redis::detail
