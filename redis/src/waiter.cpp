#include "waiter.hpp"

#include "pipeline.hpp"
#include "refusal.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <exception>

namespace infra::redis::detail {

waiter::waiter(pipeline& of, std::span<const command> what, std::span<reply> into, deadline by,
               steady_time asked) noexcept
    : of_(of), asked_(asked) {
    commands = what;
    replies = into;
    limit = by;
}

waiter::~waiter() { of_.multiplexer_.forget(*this); }

void waiter::admit() {
    of_.start();
    if (const auto why = of_.objection_to(*this))
        of_.multiplexer_.refuse(*this, why);
    else if (!of_.multiplexer_.add(*this))
        of_.multiplexer_.refuse(*this, infra::errc::overloaded);
}

void waiter::begin() {
    of_.turn_soon();
    if (limit.time() < of_.alarm_.when())
        of_.set_alarm();
}

void waiter::cancel() {
    of_.multiplexer_.cancel(*this, asio::error::operation_aborted);
    of_.post_turn(); // not at once: whoever cancels is in the middle of something
}

// What was sent and waits all the same does no harm if it is repeated.
bool waiter::is_for_elsewhere() const noexcept {
    return failure == errc::not_connected && (of_.retired_ || (anywhere && !of_.closed_));
}

void waiter::throw_failure() const {
    if (failure)
        throw error(failure, sentence());
}

// The server refused it, so that part was not executed: it waits for the connection to the master, or for the server to be
// ready. What a script says may look the same, and what a module does, and comes to an end.
std::optional<std::size_t> waiter::sent_again_from() noexcept {
    constexpr std::uint8_t often_enough = 3;
    if (of_.closed_ || !of_.manners_.reconnects)
        return std::nullopt;
    try {
        const auto from = unexecuted_from(commands, replies, atomic);
        if (from && !is_beyond_doubt(commands, replies) && ++doubts_ > often_enough)
            return std::nullopt;
        return from;
    } catch (const std::exception&) { // no memory to tell
        return std::nullopt;
    }
}

const char* waiter::what_was_missing() const noexcept {
    if (!of_.manners_.reconnects)
        return "the connection is gone";
    return of_.readiness_.is_ready() ? "no connection by the deadline" : "the server was not ready by the deadline";
}

std::string waiter::sentence() const {
    const auto out = std::string(commands.front().name()) + " at " + of_.server() + ": ";
    const auto& problem = of_.problem_;
    const auto because = problem.empty() ? std::string() : " (" + problem + ")";
    if (failure == asio::error::operation_aborted)
        return out + (sent ? "cancelled after it was sent; it may have been executed" : "cancelled before it was sent");
    if (failure == errc::unanswered)
        return out + "no answer by the deadline; it was sent and may have been executed";
    if (failure == errc::not_connected)
        return out + what_was_missing() + because;
    if (failure == infra::errc::timed_out)
        return out + "the deadline passed before it was sent";
    if (failure == errc::lost)
        return out + (of_.closed_ ? "the client was stopped" : "the connection was lost") +
               " after it was sent; it may have been executed" + because;
    if (failure == infra::errc::closed)
        return out + "the Redis client was stopped before it was sent";
    if (failure == infra::errc::overloaded)
        return out + "the queue of commands is full (options::max_queued_commands, max_queued_bytes)";
    if (failure == boost::system::errc::not_enough_memory)
        return out + "there is not the memory to send it";
    return out + (problem.empty() ? failure.message() : problem);
}

} // namespace infra::redis::detail
