-- What may be started, is: as far as pause, concurrency and rate let it.

local function promote()
    local due = call('ZRANGEBYSCORE', q.delayed, 0, (now + 1) * 4096 - 1, 'LIMIT', 0, 1000)
    if #due == 0 then
        return
    end
    call('ZREM', q.delayed, unpack(due))
    for _, id in ipairs(due) do
        local job = q.base .. ':' .. id
        stand_in_line(q, id, priority_of(job), false)
        tell(q, 'waiting', 'jobId', id, 'prev', 'delayed')
        call('HSET', job, 'delay', 0)
    end
    must_ring = true
end

-- How many may be started, and, where a limit alone forbids it, when again.
local function allowance()
    if q.paused then
        return 0
    end
    local left = most
    if q.concurrency then
        left = math.min(left, q.concurrency - call('LLEN', q.active))
    end
    if q.most_starts and q.window then
        local limiter = q.base .. ':limiter'
        local started, over_in = tonumber(call('GET', limiter)) or 0, call('PTTL', limiter)
        if started >= q.most_starts and over_in > 0 then
            return 0, now + over_in
        end
        left = math.min(left, over_in > 0 and q.most_starts - started or q.most_starts)
    end
    return math.max(0, left)
end

-- Old versions left marks among the ids, which begin with `0:`.
local function from_line(n)
    local ids = {}
    while #ids < n do
        local some = call('RPOP', q.wait, n - #ids)
        if not some or #some == 0 then
            break
        end
        for _, id in ipairs(some) do
            if string.sub(id, 1, 2) ~= '0:' then
                ids[#ids + 1] = id
            end
        end
    end
    return ids
end

local function next_ids(n)
    local ids = from_line(n)
    if #ids < n then
        local some = call('ZPOPMIN', q.prioritized, n - #ids)
        if #some == 0 then
            call('DEL', q.base .. ':pc')
        end
        for i = 1, #some, 2 do
            ids[#ids + 1] = some[i]
        end
    end
    return ids
end

local function count_starts(n)
    if not (q.most_starts and q.window) or n == 0 then
        return
    end
    local limiter = q.base .. ':limiter'
    if call('INCRBY', limiter, n) == n then
        call('PEXPIRE', limiter, q.window)
    end
end

-- Reads the hash, and adds to what was read what the start changes: of two of a name the later counts.
local function start(id, into)
    local job = q.base .. ':' .. id
    local hash = call('HGETALL', job)
    local n = #hash
    if n == 0 then
        return false -- somebody took it away and left its id
    end
    local starts, doomed = 0, false
    for i = 1, n, 2 do
        local field = hash[i]
        if field == 'ats' then
            starts = tonumber(hash[i + 1]) or 0
        elseif field == 'defa' then
            doomed = true
        end
    end
    call('SET', job .. ':lock', token, 'PX', lock_time)
    hash[n + 1], hash[n + 2], hash[n + 3], hash[n + 4] = 'ats', tostring(starts + 1), 'processedOn', ARGV[1]
    if worker ~= '' then
        hash[n + 5], hash[n + 6] = 'pb', worker
    end
    call('HSET', job, unpack(hash, n + 1))
    tell(q, 'active', 'jobId', id, 'prev', 'waiting')
    into[#into + 1], into[#into + 2] = id, hash
    return true, doomed
end

local function claim()
    local taken, counted = {}, 0
    local left, again = allowance()
    if left == 0 then
        return taken, again
    end
    local ids = next_ids(left)
    local started = {}
    for _, id in ipairs(ids) do
        local is_there, doomed = start(id, taken)
        if is_there then
            started[#started + 1] = id
            counted = counted + (doomed and 0 or 1)
        end
    end
    in_pieces(started, function(...) call('LPUSH', q.active, ...) end)
    count_starts(counted)
    return taken, nil
end
