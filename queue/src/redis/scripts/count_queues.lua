-- Counts the jobs of queues, all at one moment.
--
-- KEYS  the queues' bases
-- gives for each: how many wait, are delayed, active, completed, failed, and wait for children; its groups that have jobs waiting; 1 if it is
--       paused; 1 if there is such a queue

local call = redis.call

-- What somebody else put in the place of a list or a set counts as nothing, and hurts no other queue.
local function number_from(...)
    local number = redis.pcall(...)
    return type(number) == 'number' and number or 0
end

local function length_of(base, list)
    return number_from('LLEN', base .. ':' .. list)
end

local function size_of(base, set)
    return number_from('ZCARD', base .. ':' .. set)
end

-- Heads that clients of BullMQ took away with their jobs are still there until the next claim: of few groups each is looked at.
local function count_lost_heads(base)
    local heads, lost = redis.pcall('HGETALL', base .. '~heads'), 0
    for i = 1, #heads, 2 do
        local id = string.match(heads[i + 1], '^%d+ (.*)$')
        if id and call('EXISTS', base .. ':' .. id, base .. '~group:' .. heads[i]) == 0 then
            lost = lost + 1
        end
    end
    return lost
end

local function count_groups(base, waiting)
    if waiting == 0 then
        return 0
    end
    local heads = number_from('HLEN', base .. '~heads')
    if heads > 0 and heads <= 100 then
        heads = heads - count_lost_heads(base)
    end
    return heads + number_from('ZCARD', base .. '~closed')
end

local function count(base)
    local waiting =
        length_of(base, 'wait') + length_of(base, 'paused') + size_of(base, 'prioritized') + number_from('ZCARD', base .. '~parked')
    local sums = {
        waiting,
        size_of(base, 'delayed'),
        length_of(base, 'active'),
        size_of(base, 'completed'),
        size_of(base, 'failed'),
        size_of(base, 'waiting-children'),
        count_groups(base, waiting),
        number_from('HEXISTS', base .. ':meta', 'paused'),
    }
    local is_there = call('EXISTS', base .. ':meta', base .. ':repeat') > 0
    for i = 1, 6 do
        is_there = is_there or sums[i] > 0
    end
    sums[9] = is_there and 1 or 0
    return sums
end

local all = {}
for i, base in ipairs(KEYS) do
    all[i] = count(base)
end
return all
