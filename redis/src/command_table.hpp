#pragma once

// What is known of commands by their names, and of some by their words.

#include <infra/redis/command.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace infra::redis::detail {

/// How a command may travel.
enum class lane_of_travel : std::uint8_t {
    shared,    ///< with everybody's
    blocking,  ///< waits on the server: a connection of its own while it lasts
    own,       ///< changes its connection: sessions only
    forbidden, ///< breaks the order of replies: nowhere
};

/// Fast for the commands that are shared, which nearly all are.
lane_of_travel lane_of(const command& c);

/// What was declared with command::again, or what the table and the words say; `never` for what is not known.
replay replay_of(const command& c);

/// EVAL, FCALL and their like, of whose replies the script decides.
bool runs_a_script(const command& c);

/// WAIT and WAITAOF: they ask of the writes of their own connection, and take nothing.
bool waits_for_replicas(const command& c);

/// How long a blocking command waits on the server; zero means without end, empty that its words do not say.
std::optional<std::chrono::milliseconds> blocking_time(const command& c);

/// The same blocking command with another time, more than zero.
command with_blocking_time(const command& c, std::chrono::milliseconds time);

} // namespace infra::redis::detail
