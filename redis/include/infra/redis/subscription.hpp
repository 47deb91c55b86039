#pragma once

/// Messages that others publish.
///
///     auto news = co_await redis.subscribe({.channels = {"orders"}, .patterns = {"user.*"}});
///     while (true)
///         for (auto& m : co_await news.receive()) handle(m.channel, m.payload);

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::redis {

struct subscribe_request {
    std::vector<std::string> channels{};
    std::vector<std::string> patterns{};       ///< of channels, as PSUBSCRIBE has them: `user.*`
    std::vector<std::string> shard_channels{}; ///< SSUBSCRIBE, Redis 7 and later

    /// Messages that may lie unread, in number and in bytes; what comes beyond is dropped and counted in missed(). At
    /// least 1; one that is alone is always kept.
    std::size_t max_unread = 10'000;
    std::size_t max_unread_bytes = 64 * 1024 * 1024;
};

struct message {
    enum class kind : std::uint8_t {
        published,
        /// The connection was lost and is there again. What was published meanwhile did not come.
        resumed,
    };
    kind type = kind::published;
    std::string channel{};
    std::string pattern{}; ///< that brought it; empty for channels
    std::string payload{};

    friend bool operator==(const message&, const message&) = default;
};

namespace detail {
class subscription_state;
}

/// What one subscriber hears. After a lost connection the client subscribes again by itself, and to all: while the server
/// refuses a part it is asked again with a new connection, up to once a second, and what is published may not come.
///
/// Threads:  receive() from one coroutine on the executor on which it was subscribed; the rest from any.
/// Errors:   receive() throws infra::errc::closed once the client has stopped and everything has been read.
/// Cancel:   receive() throws operation_aborted and nothing is lost.
/// Lifetime: destruction ends the subscription. May outlive the client.
class subscription {
public:
    subscription() noexcept = default; ///< of nothing: only to be assigned to
    explicit subscription(std::shared_ptr<detail::subscription_state> of) noexcept;
    ~subscription();
    subscription(subscription&&) noexcept = default;
    subscription& operator=(subscription&&) noexcept = default;

    /// Everything that came, in order; waits while there is nothing.
    awaitable<std::vector<message>> receive() const;

    /// More for the same subscriber, within the same bounds of what lies unread. Returns once the server has confirmed all
    /// of it; when it throws, none of it is listened to.
    awaitable<void> add(subscribe_request more, std::optional<deadline> limit = {}) const;

    /// No more of these; what has come already may still be received. What is not listened to is passed over. One that
    /// listens to nothing waits for what is added.
    void remove(subscribe_request less) const;

    /// Dropped so far, since nobody read them in time.
    std::uint64_t missed() const noexcept;

private:
    std::shared_ptr<detail::subscription_state> state_;
};

} // namespace infra::redis
