#pragma once

// What is done in one step on the server. Keys are those of one channel (names.hpp), all in one slot. `say` is PUBLISH or SPUBLISH.

#include <infra/redis/script.hpp>

namespace infra::realtime::over_redis::scripts {

/// Gives a message its place, keeps it and says it.
/// KEYS: stream, place, channel, and where there is an idempotency key, its key.
/// ARGV: text, size, age, max_bytes, node, the node's number of it, ttl (-1: none), say, fresh epoch, how long the idempotency
/// key holds, how long the place is kept at least, whether somebody waits for the offset (0: it may be given as 0).
/// Gives {duplicate, epoch, offset}.
extern const redis::script publish;

/// Says a message whose idempotency key is new. KEYS: channel, idempotency key. ARGV: text, say, how long the key holds.
/// Gives 1 for a duplicate.
extern const redis::script publish_once;

/// KEYS: stream, place. ARGV: epoch and offset after which, limit, age, fresh epoch, how long the place is kept at least, who asks
/// (`node` or `client`). Without an epoch the newest ones, from the last on; limit 0: the place alone.
/// Gives {epoch, offset, [offset, text, expired, how old] …}: what is older than `age` is left out.
extern const redis::script read;

/// A node's shares of users. KEYS: `…:p`, channel. ARGV: node, expiry, say, its connections, then for each user: user, share
/// (empty: has gone), announcement.
/// Gives how many users the node has there. Nodes that have expired are taken away, and what was theirs is announced.
extern const redis::script share;

/// The node has gone. KEYS: `…:p`, channel. ARGV: node, say.
extern const redis::script quit;

/// KEYS: `…:p`, channel. ARGV: limit, say. Gives the shares of the first users. Expired nodes are taken away, as by share.
extern const redis::script present;

/// KEYS: `…:p`, channel. ARGV: say. Gives {users, connections}. The same.
extern const redis::script count;

/// Says a text to all nodes and keeps it. KEYS: stream. ARGV: text, channel, how long, how many. Gives its id.
extern const redis::script say_to_all;

/// KEYS: stream. ARGV: the id after which (empty: the last one's alone), how long they are kept. Gives the last one's id, texts.
extern const redis::script said_to_all;

} // namespace infra::realtime::over_redis::scripts
