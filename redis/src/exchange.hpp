#pragma once

// What is sent for what was asked, and what comes of what is answered: transactions, scripts, and commands in the wrong
// place. No I/O.

#include <infra/base/error.hpp>
#include <infra/base/time.hpp>
#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <vector>

namespace infra::redis::detail {

/// Throws errc::invalid_input naming the command and what to do instead.
void refuse_unless_shared(std::span<const command> commands);  ///< what may go over the connection of all
void refuse_in_session(std::span<const command> commands);     ///< what may go over no connection
void refuse_in_transaction(std::span<const command> commands); ///< what MULTI does not take

/// When a command that blocks has to be back; `usual` is for the way. Throws errc::invalid_input where it has no end, or
/// ends after `limit`: what it would take from the server after its caller has left would be lost.
deadline limit_of_blocking(const command& c, std::optional<deadline> limit, std::chrono::milliseconds usual,
                           steady_time now);

/// The same for commands of any kind, one after the other on a connection of their own.
deadline limit_in_session(std::span<const command> commands, std::optional<deadline> limit,
                          std::chrono::milliseconds usual, steady_time now);

/// The same call with the script's text.
command in_full(const command& call);

/// The first call of each script in full, which makes the server know it, so that everything happens in its order.
std::vector<command> known_from_the_first(std::span<const command> commands);

/// Where a script was called that the server does not know.
std::vector<std::size_t> unknown_scripts(std::span<const command> commands, std::span<const reply> replies);

/// What to throw when these could not be sent again for `why`, while the others of their batch have been executed.
error partly_executed(const boost::system::system_error& why);

/// MULTI, the commands with scripts in full, EXEC.
std::vector<command> as_transaction(std::span<const command> commands);

/// What EXEC answered; empty when a watched key was changed. Throws errc::server when the server refused a command, or
/// all of it.
std::optional<std::vector<reply>> result_of_transaction(std::span<const command> sent, std::span<reply> replies);

} // namespace infra::redis::detail
