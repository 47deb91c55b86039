#pragma once

/// A request's bytes on their way from a coroutine to libcurl's loop, which never waits.

#include <infra/base/awaitable.hpp>
#include <infra/runtime/promise.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace infra::http {

/// Threads:  give() on libcurl's loop; put() and end() on the feeder's, one at a time.
/// Cancel:   put(), all types; the piece is lost.
/// Lifetime: held by a shared_ptr by both sides.
class outflow : public std::enable_shared_from_this<outflow> {
public:
    /// Keeps no more than `budget` bytes, or one piece that is larger.
    explicit outflow(std::size_t budget) : budget_(budget) {}

    /// Waits until there is room for it.
    awaitable<void> put(std::string piece);

    /// After the last piece.
    void end();

    /// Once after give() found nothing, when there is something.
    bool has_more_again();

    /// How many bytes it has written to `to`: 0 at the end, nothing while none are there.
    std::optional<std::size_t> give(char* to, std::size_t room);

    /// Whether a byte was given, so that it cannot be given again.
    bool begun() const;

    /// Whether all was given.
    bool done() const;

private:
    bool has_room(std::size_t size) const { return held_ == 0 || held_ + size <= budget_; }
    std::optional<promise<void>> add_or_wait(std::string& piece, const executor& feeder);
    std::size_t give_some(char* to, std::size_t room);

    const std::size_t budget_;

    mutable std::mutex mutex_; // guards all below
    std::deque<std::string> pieces_;
    std::size_t offset_ = 0; // of what was given of the first
    std::size_t held_ = 0;
    bool begun_ = false;
    bool missed_ = false;
    bool ended_ = false;
    std::size_t wanted_ = 0; // by the feeder that waits
    std::optional<promise<void>> feeder_;
};

} // namespace infra::http
