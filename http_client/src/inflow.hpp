#pragma once

/// A response's bytes on their way from libcurl's loop, which never waits, to the coroutine that reads them.

#include <infra/base/awaitable.hpp>
#include <infra/runtime/promise.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace infra::http {

/// Threads:  add() and end() on libcurl's loop, next() on the reader's, one at a time.
/// Errors:   next() throws what end() was given, after all bytes that came before.
/// Cancel:   next(), all types; nothing is lost by it.
/// Lifetime: held by a shared_ptr by both sides.
class inflow : public std::enable_shared_from_this<inflow> {
public:
    /// Keeps no more than `budget` bytes, which is at least what libcurl hands over at once.
    inflow(executor loop, std::size_t budget);

    /// False: there is no room, and none of it was taken. Once there is, has_room_again() says so.
    bool add(std::string_view bytes);

    void end(std::exception_ptr failure = nullptr);

    /// A piece of what has come; empty at the end.
    awaitable<std::string> next();

    /// The same if that needs no waiting.
    std::optional<std::string> next_if_there();

    /// True once after each refusal, when half of the budget is free.
    bool has_room_again();

private:
    std::optional<promise<void>> begin_to_wait(const executor& reader);
    std::string& room_for(std::size_t more);
    std::optional<std::string> take();
    void wake();

    const executor loop_;
    const std::size_t budget_;
    const std::size_t piece_;

    std::mutex mutex_; // guards all below
    std::deque<std::string> pieces_;
    std::size_t held_ = 0;
    std::size_t received_ = 0;
    bool refused_ = false;
    bool ended_ = false;
    bool waking_ = false;
    std::exception_ptr failure_;
    std::optional<promise<void>> reader_;
};

} // namespace infra::http
