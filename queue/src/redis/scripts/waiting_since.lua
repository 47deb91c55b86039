-- Since when jobs of queues wait. Looks at those at the ends of a queue's lines, where one that has waited long stands, and at a bounded number.
--
-- KEYS  the queues' bases
-- ARGV  1 now
-- gives for each: since when the one waits that has waited longest, or nothing

local call = redis.call

local now = tonumber(ARGV[1])
local most_in_line, most_priorities = 100, 1000

-- What somebody else put in the place of a list or a set is empty.
local function all_of(...)
    local found = redis.pcall(...)
    return type(found) == 'table' and not found.err and found or {}
end

-- Of our jobs it stands there; others became due when their delay was over.
local function since_of(job)
    local known = redis.pcall('HMGET', job, 'infra.since', 'timestamp', 'opts')
    if known.err then
        return nil -- somebody else's
    elseif tonumber(known[1]) then
        return tonumber(known[1])
    end
    local added, delay = tonumber(known[2]), string.match(known[3] or '', '"delay":(%d+)')
    return added and added + (tonumber(delay) or 0)
end

local function heads_of_priorities(base)
    local heads, from = {}, '-inf'
    while #heads < most_priorities do
        local first = all_of('ZRANGEBYSCORE', base .. ':prioritized', from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
        if #first == 0 then
            break
        end
        heads[#heads + 1] = first[1]
        from = string.format('%.0f', (math.floor(first[2] / 4294967296) + 1) * 4294967296)
    end
    return heads
end

-- Of the groups some, at their first and their last parked jobs.
local function heads_of_groups(base)
    local heads = {}
    for _, name in ipairs(call('EXISTS', base .. '~parked') == 1 and all_of('HRANDFIELD', base .. '~heads', most_in_line) or {}) do
        for _, id in ipairs(all_of('ZRANGE', base .. '~group:' .. name, 0, 0)) do
            heads[#heads + 1] = id
        end
    end
    for _, id in ipairs(all_of('ZRANGE', base .. '~parked', 0, most_in_line - 1)) do
        heads[#heads + 1] = id
    end
    return heads
end

local function earliest(base)
    local found
    local function look(since)
        if since and (not found or since < found) then
            found = since
        end
    end
    local due = all_of('ZRANGEBYSCORE', base .. ':delayed', '-inf', (now + 1) * 4096 - 1, 'WITHSCORES', 'LIMIT', 0, 1)
    look(due[2] and math.floor(due[2] / 4096))
    for _, ids in ipairs({
        all_of('LRANGE', base .. ':wait', -most_in_line, -1),
        all_of('LRANGE', base .. ':paused', -most_in_line, -1),
        heads_of_priorities(base),
        heads_of_groups(base),
    }) do
        for _, id in ipairs(ids) do
            look(since_of(base .. ':' .. id))
        end
    end
    return found and string.format('%.0f', found) or false
end

local all = {}
for i, base in ipairs(KEYS) do
    all[i] = earliest(base)
end
return all
