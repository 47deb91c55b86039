-- A schedule as it is stored, and a digest by which it is known to be so still.

-- Those that are paused, by their ids, each a list: since when, and what its hash had. BullMQ knows nothing of them, so that nobody runs them.
local paused = base .. '~paused'

-- What is somebody's key, of another kind, is no schedule.
local function look_at_running(id)
    local score, hash = redis.pcall('ZSCORE', all, id), redis.pcall('HGETALL', all .. ':' .. id)
    if type(score) == 'table' or hash.err then
        return false, {}
    end
    return score, hash
end

-- Since when, then names and values: all of them texts. What somebody else has put there stops no other schedule.
local function is_kept(list)
    if type(list) ~= 'table' or #list % 2 == 0 then
        return false
    end
    for _, each in ipairs(list) do
        if type(each) ~= 'string' then
            return false
        end
    end
    return #list[1] <= 16 and string.find(list[1], '^%-?%d+$') ~= nil
end

local function look_at_paused(id)
    local text = redis.pcall('HGET', paused, id)
    if type(text) ~= 'string' then
        return false
    end
    local read, hash = pcall(cjson.decode, text)
    if not read or not is_kept(hash) then
        return false
    end
    return table.remove(hash, 1), hash
end

-- Gives its time, its hash, since when it is paused, and the digest. One that BullMQ has defined anew is not paused, whatever was kept of it.
local function look_at_schedule(id)
    local score, hash = look_at_running(id)
    local since, kept = false, nil
    if not score then
        since, kept = look_at_paused(id)
    end
    hash = kept or hash
    return score, hash, since, redis.sha1hex((score or '') .. '\0' .. (since or '') .. '\0' .. table.concat(hash, '\0'))
end

local function state_of_run(id)
    if call('EXISTS', base .. ':' .. id) == 0 then
        return false
    end
    for _, state in ipairs({'delayed', 'prioritized', 'completed', 'failed', 'waiting-children'}) do
        if call('ZSCORE', base .. ':' .. state, id) then
            return state
        end
    end
    if call('EXISTS', base .. ':' .. id .. ':lock') == 1 or call('LPOS', base .. ':active', id) then
        return 'active'
    end
    return 'waiting'
end
