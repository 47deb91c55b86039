#include "scripts.hpp"

namespace infra::realtime::over_redis::scripts {
namespace {

// Streams are numbered by offset, so that what comes after one is found at once; a message's time is a field of its own.
// The node's last number and its place are kept, so that a command sent again after a lost connection does nothing twice.
// To find where it stands takes a millisecond, and a hundred may be sent again at once: only who waits for that is told.
constexpr const char* publish_text = R"(
local stream, place, channel, once = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local text, size, age, max_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local node, number, ttl, say = 'n:' .. ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local function digits(n) return string.format('%.0f', n) end

local was = redis.call('HMGET', place, 'e', 'o', 'b', node)
local epoch, last, bytes = was[1], tonumber(was[2] or 0), tonumber(was[3] or 0)
if was[4] then
    local done, at = string.match(was[4], '(%d+) (%d+)')
    if number == tonumber(done) then return {0, epoch, tonumber(at)} end
    if number < tonumber(done) then
        if ARGV[12] == '0' then return {0, epoch, 0} end
        for _, each in ipairs(redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1000)) do
            if each[2][6] == ARGV[5] .. ' ' .. ARGV[6] then
                return {0, epoch, tonumber(string.match(each[1], '%d+'))}
            end
        end
        return {0, epoch, 0}
    end
end
if once then
    local first = redis.call('GET', once)
    if first then
        local e, o = string.match(first, '(%S+) (%d+)')
        return {1, e, tonumber(o)}
    end
end
if not epoch then
    epoch, last, bytes = ARGV[9], 0, 0
    redis.call('DEL', stream)
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local offset = last + 1
local fields = {'d', text, 't', digits(now), 'i', ARGV[5] .. ' ' .. ARGV[6]}
if ttl >= 0 then
    fields[7], fields[8] = 'x', digits(now + ttl)
end
redis.call('XADD', stream, digits(offset) .. '-0', unpack(fields))
local length = redis.call('XLEN', stream)
bytes = length == 1 and #text or bytes + #text
local kept = length
for _, each in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 2)) do
    local is_due = kept > size or bytes > max_bytes or tonumber(each[2][4]) < now - age
    if not is_due or kept == 1 then break end
    kept = kept - 1
    bytes = bytes - #each[2][2]
end
if kept < length then redis.call('XTRIM', stream, 'MAXLEN', kept) end
if not was[4] and redis.call('HLEN', place) > 64 then redis.call('DEL', place) end
redis.call('HSET', place, 'e', epoch, 'o', digits(offset), 'b', digits(bytes), node, ARGV[6] .. ' ' .. digits(offset))
redis.call('PEXPIRE', stream, age)
redis.call('PEXPIRE', place, math.max(age, tonumber(ARGV[11])))
if once then redis.call('SET', once, epoch .. ' ' .. digits(offset), 'PX', ARGV[10]) end
redis.call(say, channel, '{"offset":' .. digits(offset) .. ',"epoch":"' .. epoch .. '",' .. string.sub(text, 2))
return {0, epoch, offset}
)";

constexpr const char* publish_once_text = R"(
if not redis.call('SET', KEYS[2], 1, 'NX', 'PX', ARGV[3]) then return 1 end
redis.call(ARGV[2], KEYS[1], ARGV[1])
return 0
)";

// A place behind the one that a node has heard: the server has forgotten what it said, as a replica may that became master. What
// it says next must not be taken for what was said before. Clients may ask for any place, and are not believed. The third value is
// how far was read: what is too old is left out, so the number of messages does not tell.
constexpr const char* read_text = R"(
local stream, place = KEYS[1], KEYS[2]
local from_epoch, from, limit, age = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local was = redis.call('HMGET', place, 'e', 'o')
local epoch, last = was[1], tonumber(was[2] or 0)
if not epoch then redis.call('DEL', stream) end
if not epoch or (ARGV[7] == 'node' and epoch == from_epoch and from > last) then
    epoch = ARGV[5]
    redis.call('HSET', place, 'e', epoch, 'o', string.format('%.0f', last))
end
redis.call('PEXPIRE', place, math.max(age, tonumber(ARGV[6])))
local out = {epoch, last, last}
if limit == 0 then return out end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found
if from_epoch == '' then
    found = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', limit)
else
    if epoch ~= from_epoch then from = 0 end
    found = redis.call('XRANGE', stream, string.format('%.0f-0', from + 1), '+', 'COUNT', limit)
    if #found == limit then out[3] = tonumber(string.match(found[limit][1], '%d+')) end
end
for _, each in ipairs(found) do
    local f = each[2]
    if tonumber(f[4]) >= now - age then
        local expired = f[8] and tonumber(f[8]) <= now and 1 or 0
        out[#out + 1] = {tonumber(string.match(each[1], '%d+')), f[2], expired, now - tonumber(f[4])}
    end
end
return out
)";

// …:x nodes by the time at which they expire; …:p:<node> its shares by user, and under no name its connections;
// …:p:u users of all nodes.
#define INFRA_REALTIME_PRESENCE                                                                                        \
    R"(
local base, channel = KEYS[1], KEYS[2]
local nodes, users = base .. ':x', base .. ':u'
local function shares(node) return base .. ':' .. node end
local function is_elsewhere(user)
    for _, each in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
        if redis.call('HEXISTS', shares('n:' .. each), user) == 1 then return true end
    end
    return false
end
local function leave(node, user, say)
    local share = redis.call('HGET', shares('n:' .. node), user)
    if not share then return end
    redis.call('HDEL', shares('n:' .. node), user)
    if not is_elsewhere(user) and redis.call('ZREM', users, user) == 1 then
        redis.call(say, channel, '{"type":"leave","data":' .. share .. '}')
    end
end
local function take_away(node, say)
    for _, user in ipairs(redis.call('HKEYS', shares('n:' .. node))) do
        if user ~= '' then leave(node, user, say) end
    end
    redis.call('DEL', shares('n:' .. node))
    redis.call('ZREM', nodes, node)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function take_dead_away(say)
    for _, dead in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', now)) do take_away(dead, say) end
end
)"

constexpr const char* share_text = INFRA_REALTIME_PRESENCE R"(
local node, expiry, say = ARGV[1], tonumber(ARGV[2]), ARGV[3]
redis.call('ZADD', nodes, now + expiry, node)
take_dead_away(say)
local mine = shares('n:' .. node)
for i = 5, #ARGV, 3 do
    local user, share = ARGV[i], ARGV[i + 1]
    if share == '' then
        leave(node, user, say)
    else
        redis.call('HSET', mine, user, share)
        if redis.call('ZADD', users, 0, user) == 1 then redis.call(say, channel, ARGV[i + 2]) end
    end
end
redis.call('HSET', mine, '', ARGV[4])
local left = redis.call('HLEN', mine) - 1
if left == 0 then take_away(node, say) end
for _, key in ipairs({nodes, users, mine}) do redis.call('PEXPIRE', key, 10 * expiry) end
return left
)";

constexpr const char* quit_text = INFRA_REALTIME_PRESENCE R"(
take_away(ARGV[1], ARGV[2])
return 0
)";

constexpr const char* present_text = INFRA_REALTIME_PRESENCE R"(
take_dead_away(ARGV[2])
local there = redis.call('ZRANGEBYLEX', users, '-', '+', 'LIMIT', 0, ARGV[1])
local out = {}
for _, node in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
    for first = 1, #there, 1000 do
        local some = redis.call('HMGET', shares('n:' .. node), unpack(there, first, math.min(first + 999, #there)))
        for _, share in ipairs(some) do
            if share then out[#out + 1] = share end
        end
    end
end
return out
)";

constexpr const char* count_text = INFRA_REALTIME_PRESENCE R"(
take_dead_away(ARGV[1])
local connections = 0
for _, node in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
    connections = connections + tonumber(redis.call('HGET', shares('n:' .. node), '') or 0)
end
return {redis.call('ZCARD', users), connections}
)";

#undef INFRA_REALTIME_PRESENCE

constexpr const char* say_to_all_text = R"(
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'd', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return id
)";

constexpr const char* said_to_all_text = R"(
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local out = {last and last[1] or '0-0'}
if ARGV[1] == '' then return out end
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[2])
local ms, number = string.match(ARGV[1], '(%d+)-(%d+)')
local from = string.format('%s-%.0f', ms, tonumber(number) + 1)
if tonumber(ms) < oldest then from = string.format('%.0f-0', oldest) end
for _, each in ipairs(redis.call('XRANGE', KEYS[1], from, '+')) do out[#out + 1] = each[2][2] end
return out
)";

} // namespace

const redis::script publish(publish_text);
const redis::script publish_once(publish_once_text);
const redis::script read(read_text);
const redis::script share(share_text);
const redis::script quit(quit_text);
const redis::script present(present_text);
const redis::script count(count_text);
const redis::script say_to_all(say_to_all_text);
const redis::script said_to_all(said_to_all_text);

} // namespace infra::realtime::over_redis::scripts
