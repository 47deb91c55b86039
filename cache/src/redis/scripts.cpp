#include "scripts.hpp"

namespace infra::cache::redis_backend::scripts {

// A key of another type, which somebody else put there, is erased and has no first byte.
const redis::script erase(R"lua(
redis.call('UNLINK', KEYS[2])
local first = redis.pcall('GETRANGE', KEYS[1], 0, 0)
local sealed = false
if first == '\193' then sealed = redis.call('GET', KEYS[1]) end
return {redis.call('UNLINK', KEYS[1]), sealed}
)lua");

const redis::script expire(R"lua(
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.pcall('GETRANGE', KEYS[1], 0, 0) == '\193' then return 2 end
if ARGV[1] == '-1' then redis.call('PERSIST', KEYS[1])
else redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1
)lua");

// The sum is read back as text, since Lua's numbers are exact up to 2^53 only.
const redis::script add(R"lua(
local fresh = redis.call('EXISTS', KEYS[1]) == 0
local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(sum) == 'table' then
    local why = sum['err'] or ''
    if string.find(why, 'integer') or string.find(why, 'overflow') or string.find(why, 'WRONGTYPE') then return false end
    return sum
end
if fresh and ARGV[2] ~= '-1' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])
)lua");

const redis::script replace(R"lua(
local there = redis.call('GET', KEYS[1])
local as_seen = ARGV[4] == 'none' and not there or ARGV[4] == 'bytes' and there == ARGV[5] or
                ARGV[4] == 'sha1' and there and redis.sha1hex(there) == ARGV[5]
local holds = ARGV[3] ~= '' and redis.call('GET', KEYS[2]) == ARGV[3]
if holds then redis.call('UNLINK', KEYS[2]) end
if not as_seen or (ARGV[3] ~= '' and not holds) then return {0, there} end
if ARGV[2] == '-1' then redis.call('SET', KEYS[1], ARGV[1])
elseif ARGV[2] == '-2' then redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return {1, false}
)lua");

// A holder of the same process is one that has gone: of those who live, one asks.
const redis::script lease(R"lua(
local holder = redis.call('GET', KEYS[2])
local granted = not holder or string.sub(holder, 1, #ARGV[2]) == ARGV[2]
if granted then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3]) end
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then value = false end
return {granted and 1 or 0, value}
)lua");

const redis::script release(R"lua(
local held = redis.call('GET', KEYS[1]) or ''
if held ~= ARGV[1] and string.match(held, '^%d+ (.*)$') ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
)lua");

const redis::script extend(R"lua(
local held = redis.call('GET', KEYS[1]) or ''
if held ~= ARGV[1] and string.match(held, '^%d+ (.*)$') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
)lua");

// The time as a floor: a fence that was forgotten, or lost in a failover, begins again above what it had been. Microseconds
// since 1970 are exact in Lua until the year 2255.
const redis::script acquire(R"lua(
local held = redis.call('GET', KEYS[1])
if held then
    local number, token = string.match(held, '^(%d+) (.*)$')
    if token ~= ARGV[1] then return false end
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return number
end
local now = redis.call('TIME')
local number = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, now[1] * 1000000 + now[2])
number = string.format('%.0f', number)
redis.call('SET', KEYS[2], number, 'PX', ARGV[3])
redis.call('SET', KEYS[1], number .. ' ' .. ARGV[1], 'PX', ARGV[2])
return number
)lua");

// What somebody else put there is no version, nor for the readers, and is written over.
const redis::script next_version(R"lua(
local held = redis.pcall('GET', KEYS[1])
local last = type(held) == 'string' and string.match(held, '^%d+$') and #held <= 16 and tonumber(held) or 0
local now = redis.call('TIME')
local number = math.max(last + 1, now[1] * 1000000 + now[2])
number = string.format('%.0f', number)
redis.call('SET', KEYS[1], number)
return number
)lua");

// A greater one, where the counter was lost or somebody came first: what was stored with it is made void too. An equal one
// is what the first of two attempts has written.
const redis::script raise(R"lua(
local held = redis.pcall('GET', KEYS[1])
local last = type(held) == 'string' and string.match(held, '^%d+$') and #held <= 16 and tonumber(held) or 0
local given = tonumber(ARGV[1])
if last < given then redis.call('SET', KEYS[1], ARGV[1])
elseif last > given then redis.call('SET', KEYS[1], string.format('%.0f', last + 1)) end
return 1
)lua");

} // namespace infra::cache::redis_backend::scripts
