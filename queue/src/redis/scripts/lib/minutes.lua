-- The minutes in which jobs ended.

-- BullMQ's minutes, for several jobs that ended at once. `is_known`: others that ended in this minute were counted.
local function count_minutes(q, state, jobs, most, now, is_known)
    local metrics = q.base .. ':metrics:' .. state
    local before = call('HINCRBY', metrics, 'count', jobs) - jobs
    if is_known and before > 0 then
        return
    end
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
