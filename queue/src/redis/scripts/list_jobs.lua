-- Reads a page of the jobs of a queue that stand in one place.
--
-- KEYS  1 the queue's base
-- ARGV  1 the place: wait, paused, active, prioritized, parked (in groups), delayed, waiting-children, completed or failed  2 how many at most
--       3 `newest` if the last that came are first, or nothing  4 after which job, or nothing  5 its mark  6 `ids` if no more is asked, or nothing
-- gives how many stand before the page;  of each: its id; its score, or nothing; what lib/reading.lua says of it
--
-- The mark of a job in a sorted set is its score there, in a list how many stand before the next one. It tells where to go on when the job has
-- gone, or stands somewhere else by now.

local call = redis.call

-- use reading

local base, place, most, newest = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3] == 'newest'
local after, mark, ids_only = ARGV[4], ARGV[5], ARGV[6] == 'ids'
local key = base .. (place == 'parked' and '~' or ':') .. place
local is_list = place == 'wait' or place == 'paused' or place == 'active'

-- Where it was, or up to a thousand places nearer to the end of the line, since others have been taken.
local function passed_nearby(expected)
    if newest then
        return call('LINDEX', key, expected - 1) == after and expected
    end
    local near = call('LRANGE', key, -expected, -math.max(1, expected - 1000))
    for i, id in ipairs(near) do
        if id == after then
            return expected - i + 1
        end
    end
end

-- Of a list the last that came is on the left. What stood before one that was taken has been taken as well.
local function passed_in_list()
    local expected = tonumber(mark) or 0
    local passed = expected > 0 and passed_nearby(expected)
    if passed then
        return passed
    end
    local at = call('LPOS', key, after, 'RANK', newest and 1 or -1)
    if not at then
        return 0
    end
    passed = newest and at + 1 or call('LLEN', key) - at
    return expected > 0 and math.min(passed, expected) or passed
end

local function passed_in_set()
    local rank = call(newest and 'ZREVRANK' or 'ZRANK', key, after)
    if rank and tonumber(call('ZSCORE', key, after)) == tonumber(mark) then
        return rank + 1
    elseif not tonumber(mark) then
        return 0
    end
    return newest and call('ZCOUNT', key, '(' .. mark, '+inf') or call('ZCOUNT', key, '-inf', '(' .. mark)
end

local function page_of_list(passed)
    if newest then
        return call('LRANGE', key, passed, passed + most - 1)
    end
    local ids, page = call('LRANGE', key, -(passed + most), -(passed + 1)), {}
    for i = #ids, 1, -1 do
        page[#page + 1] = ids[i]
    end
    return page
end

local passed, entries = 0, {}
local function put(id, score)
    entries[#entries + 1] = {id, score, not ids_only and read_job(base, id, place, score)}
end

if is_list then
    passed = after ~= '' and passed_in_list() or 0
    for _, id in ipairs(page_of_list(passed)) do
        put(id, false)
    end
else
    passed = after ~= '' and passed_in_set() or 0
    local page = call(newest and 'ZREVRANGE' or 'ZRANGE', key, passed, passed + most - 1, 'WITHSCORES')
    for i = 1, #page, 2 do
        put(page[i], page[i + 1])
    end
end
return {passed, entries}
