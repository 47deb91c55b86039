-- What people may do to a job, in view of where it is.

-- Others may have put anything under a job's key: what is no hash has no fields.
local function fields_of(job, ...)
    local known = redis.pcall('HMGET', job, ...)
    return known.err and {} or known
end

local function runs(q, id)
    return call('EXISTS', q.base .. ':' .. id .. ':lock') == 1 or call('LPOS', q.active, id)
end

-- The run that a schedule has made ahead: without it there would be no other.
local function is_pending_run(q, id)
    local scheduler, at = string.match(id, '^repeat:(.+):(%d+)$')
    local next_run = scheduler and call('ZSCORE', q.base .. ':repeat', scheduler)
    return next_run and tonumber(next_run) == tonumber(at)
end

-- By their ids, those that were taken out of a list together, and nothing was done to yet.
local taken = {}

-- Where in a list those stand that were seen there behind so many others. They may have moved a little.
local function find_seen(key, seen_behind, ids)
    local near, from = 500, math.max(0, seen_behind - 500)
    local to = seen_behind + #ids + near
    local length, places = call('LLEN', key), {}
    to = math.min(to, length)
    if to <= from then
        return places
    end
    local wanted = {}
    for _, id in ipairs(ids) do
        wanted[id] = true
    end
    for i, id in ipairs(call('LRANGE', key, length - to, length - from - 1)) do
        if wanted[id] then
            places[id] = length - to + i - 1
        end
    end
    return places
end

-- A line may be long: it is looked through once for all of them, and not once for each. Who is not where he was seen is left alone.
local function take_together(q, key, seen_behind, ids)
    local number = 0
    for id, place in pairs(find_seen(key, seen_behind, ids)) do
        if not is_pending_run(q, id) then
            call('LSET', key, place, '')
            taken[id], number = true, number + 1
        end
    end
    if number > 0 then
        call('LREM', key, -number, '')
    end
end

local waits_at = {wait = true, paused = true, prioritized = true, parked = true}

local function is_list(place)
    return place == 'wait' or place == 'paused'
end

-- Out of the place where it was seen, or wherever it stands. Says where that was; nothing if it stands there no longer.
local function take_from(q, place, id)
    if place == '' then
        return take_out(q, id)
    elseif taken[id] then
        taken[id] = nil
        return place
    end
    local group = q.has_groups and waits_at[place] and fields_of(q.base .. ':' .. id, 'infra.group')[1]
    if group and fair.leave(q, group, id) then
        return place
    elseif is_list(place) then
        return nil
    end
    local key = place == 'parked' and q.base .. '~parked' or q.base .. ':' .. place
    return call('ZREM', key, id) == 1 and place
end

-- Of those in a list that nothing keeps in their places.
local function take_seen(q, place, seen_behind)
    local ids = {}
    for i = 4, #ARGV do
        local group = q.has_groups and fields_of(q.base .. ':' .. ARGV[i], 'infra.group')[1]
        if not group then
            ids[#ids + 1] = ARGV[i]
        end
    end
    take_together(q, q.base .. ':' .. place, seen_behind, ids)
end

-- Applies `change` to each job and gives 1 where it did something.
local function change_each(q, change)
    local answers, place = {}, ARGV[2]
    if is_list(place) then
        take_seen(q, place, tonumber(ARGV[3]) or 0)
    end
    for i = 4, #ARGV do
        answers[#answers + 1] = change(ARGV[i]) and 1 or 0
        if taken[ARGV[i]] then
            call('RPUSH', q.base .. ':' .. place, ARGV[i]) -- it was left alone
        end
    end
    return answers
end
