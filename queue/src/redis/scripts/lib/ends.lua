-- What is kept of jobs that ended, and the minutes in which they did.

-- Most have nothing but a hash; of what is not there, each name would be written into the server's log.
local function forget_jobs(jobs)
    local parts = {}
    for _, job in ipairs(jobs) do
        parts_of(job, parts)
    end
    in_pieces(parts, function(...)
        if call('EXISTS', ...) > 0 then
            call('DEL', ...)
        end
    end)
    in_pieces(jobs, function(...) call('DEL', ...) end)
end

-- A job that failed may still be waited for by a parent, until nobody can retry it.
local function forget(q, state, ids, now)
    local jobs = {}
    for i, id in ipairs(ids) do
        local job = q.base .. ':' .. id
        local parent = state == 'failed' and read_hash(job, 'parentKey')[1]
        if parent and parent ~= '' then
            pcall(leave_parent, parent, job, now)
        end
        jobs[i] = job
    end
    forget_jobs(jobs)
end

-- Keeps the `count` newest, and none that is older than `age` seconds; a thousand of each go at once. Of many the oldest go several at a time, so
-- that not each end costs a look at them: up to 1.6 % more are there.
local function keep_only(q, state, count, age, now)
    local set = q.base .. ':' .. state
    if age ~= '' then
        local old = call('ZRANGEBYSCORE', set, '-inf', '(' .. string.format('%.0f', now - age * 1000), 'LIMIT', 0, 1000)
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
    local passed = math.floor(now / 60000) - math.floor(known[1] / 60000)
    if passed <= 0 then
        return
    end
    local points = {passed <= most and before - (tonumber(known[2]) or 0) or 0} -- BullMQ moves what is too old to the oldest minute
    for _ = 2, math.min(passed, most) do
        points[#points + 1] = 0
    end
    in_pieces(points, function(...) call('LPUSH', metrics .. ':data', ...) end)
    call('LTRIM', metrics .. ':data', 0, most - 1)
    call('HSET', metrics, 'prevTS', now, 'prevCount', before)
end
