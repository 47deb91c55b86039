-- What time has brought: delayed jobs whose time has come, jobs that were not started in time, and leases that nobody renewed.

local function first_score(set)
    return tonumber(call('ZRANGE', set, '0', '0', 'WITHSCORES')[2])
end

-- Raises, before anything is written, where what they are to stand in is somebody's key, of another kind.
local function check_line(q)
    call('LLEN', q.line)
    call('ZCARD', q.prioritized)
end

local function promote_one(q, id)
    local job = q.base .. ':' .. id
    local known = read_hash(job, 'name', 'priority')
    if known[1] then
        stand_in_line(q, id, tonumber(known[2]) or 0, false)
        tell(q, 'waiting', 'jobId', id, 'prev', 'delayed')
        call('HSET', job, 'delay', '0')
    end
end

-- One that cannot stand in line, since that is somebody's key, stays delayed.
local function promote(q)
    check_line(q)
    local due, failure = call('ZRANGEBYSCORE', q.delayed, 0, (now + 1) * 4096 - 1, 'LIMIT', 0, 1000), nil
    call('ZREM', q.delayed, unpack(due))
    for _, id in ipairs(due) do
        local is_well, why = pcall(promote_one, q, id)
        if not is_well then
            call('ZADD', q.delayed, now * 4096, id)
            failure = why
        end
    end
    q.must_ring = true
    if failure then
        error(failure, 0)
    end
end

-- Gives when the next one is due.
local function promote_due(q)
    local first = first_score(q.delayed)
    if first and first < (now + 1) * 4096 then
        promote(q)
        first = first_score(q.delayed)
    end
    return first and math.floor(first / 4096)
end

local expired_reason = 'expired: not started within its time to live'
local expired = {}

local function fail_as_expired(q, id, stood)
    if fail_unrun(q, id, stood, expired_reason, now) then
        expired[#expired + 1], expired[#expired + 2] = q.number, id
    end
end

-- Who takes a job out of the line looks for it there: of a long line no more than that costs, and the others fail when they come to be taken.
local function most_to_look_for(q)
    return math.max(1, math.floor(100000 / (call('LLEN', q.line) + 1)))
end

-- An id may be another job's by now.
local function expire(q)
    local late = call('ZRANGEBYSCORE', q.expiring, '-inf', now, 'LIMIT', 0, math.min(1000, most_to_look_for(q)))
    for _, id in ipairs(late) do
        local expires = tonumber(read_hash(q.base .. ':' .. id, 'infra.expires')[1])
        local stood = expires and expires <= now and take_out(q, id)
        call('ZREM', q.expiring, id)
        if stood then
            fail_as_expired(q, id, stood)
        end
    end
end

-- Locks end by the server's clock: of one that is about to go, another look is due then.
local function rescue_unlocked(q, into, most_stalls)
    local soon
    for _, id in ipairs(call('LRANGE', q.active, -1000, -1)) do
        local left = call('PTTL', q.base .. ':' .. id .. ':lock')
        if left == -2 then
            if rescue(q, id, most_stalls) then
                into[#into + 1], into[#into + 2] = q.number, id
            end
        elseif left >= 0 and left <= 1000 then
            soon = math.min(soon or 1000, left + 1)
        end
    end
    if soon then
        expect_end_of_lease(q, now + soon)
    end
end

local function look_for_vanished(q, into)
    q.next_lease = first_score(q.leases)
    if q.next_lease and q.next_lease <= over then
        call('ZREMRANGEBYSCORE', q.leases, '-inf', over)
        q.next_lease = first_score(q.leases)
        rescue_unlocked(q, into, most_stalls)
    end
end

local function catch_up_with(q, rescued)
    look_for_vanished(q, rescued)
    q.next_delayed = promote_due(q)
    if q.some_expire then
        expire(q)
    end
    if q.has_groups then
        fair.reopen(q)
    end
end

-- One whose lists are somebody's keys, of another kind, holds up no other; `broken` says why if nothing else is to be said.
local broken

local function unless_broken(q, act, ...)
    local is_well, given, more = pcall(act, q, ...)
    if is_well then
        return given, more
    end
    q.is_broken, broken = true, given
end

local function catch_up()
    local rescued = {}
    for i = 1, sources do
        unless_broken(queues[i], catch_up_with, rescued)
    end
    if #doomed > 0 then
        fail_doomed(now)
    end
    return rescued
end
