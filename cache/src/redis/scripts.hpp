#pragma once

// What has to happen on the server in one step. Each script touches keys of one slot only.

#include <infra/redis/script.hpp>

namespace infra::cache::redis_backend::scripts {

/// KEYS value lease. Gives 1 or 0, and the value if it was sealed.
extern const redis::script erase;

/// KEYS value; ARGV milliseconds (-1: for ever). Gives 0 absent, 1 done, 2 sealed.
extern const redis::script expire;

/// KEYS number; ARGV amount, milliseconds. Gives the sum as text; nothing if there is no number, or no room.
extern const redis::script add;

/// KEYS value lease; ARGV new value, milliseconds (-2: those that are left), holder or nothing, how what was seen is told
/// (none, bytes, sha1), what was seen. Ends the lease in any case. Gives 1, or 0 and the value.
extern const redis::script replace;

/// KEYS value lease; ARGV holder, the part of it that names the process, milliseconds. Gives 1 or 0, and the value.
extern const redis::script lease;

/// KEYS lock or lease; ARGV token. Deletes it if it is held by the token. Gives 1 or 0.
extern const redis::script release;

/// KEYS lock or lease; ARGV token, milliseconds. As release, but gives it another time.
extern const redis::script extend;

/// KEYS lock fence; ARGV token, milliseconds, milliseconds that the fence is remembered. Gives the number, or nothing.
extern const redis::script acquire;

/// KEYS counter. Gives a number greater than any before.
extern const redis::script next_version;

/// KEYS version; ARGV number. Raises it to that, or by one where it is greater.
extern const redis::script raise;

} // namespace infra::cache::redis_backend::scripts
