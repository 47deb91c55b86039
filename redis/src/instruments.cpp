#include "instruments.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

namespace infra::redis::detail {
namespace {

using telemetry::instrument;
using enum telemetry::instrument_kind;

constexpr std::array<double, 12> seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2};
constexpr std::array<double, 10> commands_a_write{1, 2, 4, 8, 16, 32, 64, 128, 256, 1024};

constexpr instrument of_commands{
    .kind = counter, .name = "redis_commands_total", .help = "Commands, by what came of them."};
constexpr instrument of_durations{.kind = histogram,
                                  .name = "redis_command_duration_seconds",
                                  .help = "Time from the call to the reply or the failure.",
                                  .buckets = seconds};
constexpr instrument of_queue{
    .kind = gauge, .name = "redis_queued_commands", .help = "Commands that wait or are on their way."};
constexpr instrument of_connections{
    .kind = gauge, .name = "redis_connections", .help = "Connections to Redis that are up."};
constexpr instrument of_connects{
    .kind = counter, .name = "redis_connects_total", .help = "Attempts to connect, by outcome."};
constexpr instrument of_losses{
    .kind = counter, .name = "redis_connections_lost_total", .help = "Connections that ended unasked."};
constexpr instrument of_replays{
    .kind = counter, .name = "redis_commands_replayed_total", .help = "Requests sent again after a lost connection."};
constexpr instrument of_sent{.kind = counter, .name = "redis_sent_bytes_total", .help = "Bytes sent to Redis."};
constexpr instrument of_received{
    .kind = counter, .name = "redis_received_bytes_total", .help = "Bytes received from Redis."};
constexpr instrument of_writes{.kind = histogram,
                               .name = "redis_commands_per_write",
                               .help = "Commands that left together.",
                               .buckets = commands_a_write};

constexpr std::array<std::string_view, outcomes> names{"ok",        "error",      "lost",    "timed_out",
                                                       "cancelled", "overloaded", "refused", "closed"};

} // namespace

outcome outcome_of(const boost::system::error_code& failure) noexcept {
    if (!failure)
        return outcome::ok;
    if (failure == errc::unanswered || failure == errc::not_connected || failure == infra::errc::timed_out)
        return outcome::timed_out;
    if (failure == boost::asio::error::operation_aborted)
        return outcome::cancelled;
    if (failure == infra::errc::overloaded || failure == boost::system::errc::not_enough_memory)
        return outcome::overloaded;
    if (failure == errc::refused)
        return outcome::refused;
    return failure == infra::errc::closed ? outcome::closed : outcome::lost;
}

instruments::instruments()
    : durations_(of_durations),
      queued_(of_queue),
      connections_(of_connections),
      connected_(of_connects, {{"outcome", "connected"}}),
      not_connected_(of_connects, {{"outcome", "failed"}}),
      lost_(of_losses),
      replayed_(of_replays),
      sent_(of_sent),
      received_(of_received),
      per_write_(of_writes) {
    for (std::size_t i = 0; i < names.size(); ++i)
        by_outcome_[i] = telemetry::series(of_commands, {{"outcome", names[i]}});
}

} // namespace infra::redis::detail
