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

-- Of some that were seen in a list next to each other: one look through it, which may be long, and not one for each.
local function take_together(q, key, first)
    local at = call('LPOS', key, ARGV[first], 'RANK', -1)
    if not at then
        return
    end
    local wanted, from, number = {}, math.max(0, at - 1000), 0
    for i = first, #ARGV do
        wanted[ARGV[i]] = not is_pending_run(q, ARGV[i])
    end
    for i, id in ipairs(call('LRANGE', key, from, at + 1000)) do
        if wanted[id] and not taken[id] then
            call('LSET', key, from + i - 1, '')
            taken[id], number = true, number + 1
        end
    end
    if number > 0 then
        call('LREM', key, -number, '')
    end
end

local waits_at = {wait = true, paused = true, prioritized = true, parked = true}

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
    end
    local key = place == 'parked' and q.base .. '~parked' or q.base .. ':' .. place
    local gone = (place == 'wait' or place == 'paused') and call('LREM', key, -1, id) or call('ZREM', key, id)
    return gone == 1 and place
end

-- Applies `change` to each job and gives 1 where it did something.
local function change_each(q, change)
    local answers, place = {}, ARGV[2]
    local key = q.base .. ':' .. place
    if (place == 'wait' or place == 'paused') and #ARGV > 10 and not q.has_groups then
        take_together(q, key, 3)
    end
    for i = 3, #ARGV do
        answers[#answers + 1] = change(ARGV[i]) and 1 or 0
        if taken[ARGV[i]] then
            call('RPUSH', key, ARGV[i]) -- it was left alone
        end
    end
    return answers
end
