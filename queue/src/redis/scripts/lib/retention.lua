-- How many of a queue's jobs that are over are kept, and for how long.

-- use parts

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

-- `leave`, if there is one, is told of each before it goes.
local function forget_ids(q, ids, leave)
    local jobs = {}
    for i, id in ipairs(ids) do
        jobs[i] = q.base .. ':' .. id
        if leave then
            leave(jobs[i])
        end
    end
    forget_jobs(jobs)
end

-- Keeps the `count` newest, and none that is older than `age` seconds; a thousand of each go at once. Of many the oldest go several at a time, so
-- that not each end costs a look at them: up to 1.6 % more are there.
local function keep_newest(q, state, count, age, now, leave)
    local set = q.base .. ':' .. state
    if age ~= '' then
        local old = call('ZRANGEBYSCORE', set, '-inf', '(' .. string.format('%.0f', now - age * 1000), 'LIMIT', 0, 1000)
        if #old > 0 then
            forget_ids(q, old, leave)
            call('ZREMRANGEBYRANK', set, 0, #old - 1)
        end
    end
    local surplus = count ~= '' and math.min(call('ZCARD', set) - count, 1000) or 0
    if surplus > 0 and surplus > count / 64 then
        forget_ids(q, call('ZRANGE', set, 0, surplus - 1), leave)
        call('ZREMRANGEBYRANK', set, 0, surplus - 1)
    end
end
