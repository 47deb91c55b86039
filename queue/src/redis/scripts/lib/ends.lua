-- What the end of a job leaves: its slot, its place in the history, and the minutes.

-- Frees the slot of a job that is over, or gives it to the last duplicate, which is added then.
local function free_slot(q, id, dedup, now)
    local slot, later = q.base .. ':de:' .. dedup, q.base .. ':dn:' .. dedup
    local left = call('PTTL', slot)
    if left == 0 or (left == -1 and call('GET', slot) == id) then
        call('DEL', slot)
    end
    local last = call('HMGET', later, 'jid', 'name', 'data', 'opts')
    if not last[1] then
        return
    end
    call('INCR', q.base .. ':id')
    call('DEL', later)
    call('SET', slot, last[1])
    local opts = cjson.decode(last[4])
    local delay, priority = opts.delay or 0, opts.priority or 0
    call('HSET', q.base .. ':' .. last[1], 'name', last[2], 'data', last[3], 'opts', last[4], 'timestamp', now, 'delay', delay, 'priority',
        priority, 'deid', dedup)
    tell(q, 'added', 'jobId', last[1], 'name', last[2])
    if delay > 0 then
        stand_aside(q, last[1], now + delay)
        tell(q, 'delayed', 'jobId', last[1], 'delay', now + delay)
        ring_later(q)
        return
    end
    stand_in_line(q, last[1], priority, priority == 0 and opts.lifo)
    tell(q, 'waiting', 'jobId', last[1])
    ring(q)
end

-- So many at once as a command takes.
local function in_pieces(list, act)
    for from = 1, #list, 5000 do
        act(unpack(list, from, math.min(from + 4999, #list)))
    end
end

-- A job that failed may still be waited for by a parent, until nobody can retry it.
local function forget(q, state, ids, now)
    local keys = {}
    for _, id in ipairs(ids) do
        local job = q.base .. ':' .. id
        local parent = state == 'failed' and call('HGET', job, 'parentKey')
        if parent and parent ~= '' then
            leave_parent(parent, job, now)
        end
        keys_of(job, keys)
    end
    in_pieces(keys, function(...) call('DEL', ...) end)
end

-- Keeps the `count` newest, and none that is older than `age` seconds; a thousand of each go at once. Of many the oldest go several at a time, so
-- that not each end costs a look at them: up to 1.6 % more are there.
local function keep_only(q, state, count, age, now)
    local set = q.base .. ':' .. state
    if age ~= '' then
        local old = call('ZRANGEBYSCORE', set, '-inf', now - age * 1000, 'LIMIT', 0, 1000)
        if #old > 0 then
            forget(q, state, old, now)
            call('ZREMRANGEBYRANK', set, 0, #old - 1)
        end
    end
    local surplus = count ~= '' and math.min(call('ZCARD', set) - count, 1000) or 0
    if surplus > 0 and surplus > count / 64 then
        forget(q, state, call('ZRANGE', set, 0, surplus - 1), now)
        call('ZREMRANGEBYRANK', set, 0, surplus - 1)
    end
end

-- BullMQ's minutes, for several jobs that ended at once.
local function count_minutes(q, state, jobs, most, now)
    local metrics = q.base .. ':metrics:' .. state
    local before = call('HINCRBY', metrics, 'count', jobs) - jobs
    local known = call('HMGET', metrics, 'prevTS', 'prevCount')
    if not known[1] then
        call('HSET', metrics, 'prevTS', now, 'prevCount', 0)
        return
    end
    local passed = math.min(math.floor(now / 60000) - math.floor(known[1] / 60000), most)
    if passed <= 0 then
        return
    end
    local points = {before - (tonumber(known[2]) or 0)}
    for _ = 2, passed do
        points[#points + 1] = 0
    end
    in_pieces(points, function(...) call('LPUSH', metrics .. ':data', ...) end)
    call('LTRIM', metrics .. ':data', 0, most - 1)
    call('HSET', metrics, 'prevTS', now, 'prevCount', before)
end
