-- A queue as its settings have it at this moment, and the ways to wait in it.

-- use telling
-- use parts

local opened = {}
local fair, make_fair_groups -- of lib/fair_groups.lua, where a queue has groups
local doomed = {} -- of lib/parents.lua: those that are to fail because of a child, and stand in no line any more

local function open_groups(q)
    local limits = call('HMGET', q.base .. ':meta', 'infra.group_concurrency', 'infra.group_max', 'infra.group_duration')
    q.group_concurrency, q.group_max, q.group_window = tonumber(limits[1]), tonumber(limits[2]), tonumber(limits[3])
    q.has_groups = true
    fair = fair or make_fair_groups()
end

local function read_queue(base)
    local meta = call('HMGET', base .. ':meta', 'paused', 'concurrency', 'max', 'duration', 'opts.maxLenEvents', 'version',
        'infra.max_length', 'infra.expiring', 'infra.groups')
    local q = {
        base = base,
        paused = meta[1] and true or false,
        concurrency = tonumber(meta[2]),
        most_starts = tonumber(meta[3]),
        window = tonumber(meta[4]) and math.floor(meta[4]),
        most_events = string.match(meta[5] or '', '^%d+$') or '10000',
        most_jobs = tonumber(meta[7]),
        some_expire = meta[8] and true or false,
        wait = base .. ':wait',
        active = base .. ':active',
        prioritized = base .. ':prioritized',
        delayed = base .. ':delayed',
        marker = base .. ':marker',
        events = base .. ':events',
        leases = base .. '~leases',
        expiring = base .. '~expiring',
        marked = base .. '~marked',
    }
    if not meta[5] then
        call('HSET', base .. ':meta', 'opts.maxLenEvents', q.most_events)
    end
    -- Up to version 5 what waits in a paused queue stands apart, and resuming puts it in the place of `wait`.
    local major = tonumber(string.match(meta[6] or '', '^[^:]*:(%d+)'))
    q.line = (q.paused and major and major <= 5) and base .. ':paused' or q.wait
    if meta[9] then
        open_groups(q)
    end
    return q
end

local function open_queue(base)
    local q = opened[base]
    if not q then
        q = read_queue(base)
        opened[base] = q
    end
    return q
end

local function is_open(q)
    return not q.paused and not (q.concurrency and call('LLEN', q.active) >= q.concurrency)
end

-- Of a key that is no hash, as of one that is not there, nothing: whoever wrote it, a script does not stop half-way.
local function read_hash(key, ...)
    local values = redis.pcall('HMGET', key, ...)
    return values.err and {} or values
end

-- What pcall gives of a failure, as text.
local function reason_of(failure)
    return type(failure) == 'table' and failure.err or tostring(failure)
end

-- Raises anything else than that a key is somebody's, of another kind: that the server takes no writes now is no trouble of one key.
local function check_foreign(failure)
    if not string.find(reason_of(failure), 'WRONGTYPE', 1, true) then
        error(failure, 0)
    end
end

local function some_wait(q)
    return call('LLEN', q.wait) > 0 or call('ZCARD', q.prioritized) > 0
end

-- Wakes one who is blocked.
local function ring(q)
    if is_open(q) then
        redis.pcall('ZADD', q.marker, '0', '0')
    end
end

-- Tells who is blocked until when the next one is delayed.
local function ring_later(q)
    local first = call('ZRANGE', q.delayed, '0', '0', 'WITHSCORES')
    if first[2] then
        redis.pcall('ZADD', q.marker, first[2] / 4096, '1')
    end
end

local function group_of(q, id)
    return call('HGET', q.base .. ':' .. id, 'infra.group')
end

-- `front`: before those of its priority, or group. While jobs are added, those behind are kept for one command.
local function stand_in_line(q, id, priority, front)
    local group = q.has_groups and group_of(q, id)
    if group then
        return fair.join(q, group, id, priority, front)
    elseif priority == 0 and q.behind and not front then
        q.behind[#q.behind + 1] = id
        return
    elseif priority == 0 then
        call(front and 'RPUSH' or 'LPUSH', q.line, id)
        return
    end
    local place = front and 0 or call('INCR', q.base .. ':pc') % 4294967296
    call('ZADD', q.prioritized, priority * 4294967296 + place, id)
end

-- Behind those of the same millisecond, of which 4096 have a place of their own.
local function stand_aside(q, id, run_at)
    local first = run_at * 4096
    local last = call('ZREVRANGEBYSCORE', q.delayed, first + 4095, first, 'WITHSCORES', 'LIMIT', 0, 1)
    local score = last[2] and math.min(last[2] + 1, first + 4095) or first
    call('ZADD', q.delayed, score, id)
end

-- What was written into the hash of one that may run is to be heeded at its end, which looks at none that is as it was when it was taken.
-- Ids that the server did not give are always looked at.
local function mark(q, id)
    local marked = #id <= 15 and string.find(id, '^[1-9]%d*$') and redis.pcall('SADD', q.marked, id)
    if type(marked) == 'table' then
        check_foreign(marked) -- where it is somebody's key, all are looked at
    end
end

local function priority_of(job)
    return tonumber(call('HGET', job, 'priority')) or 0
end

-- use fair_groups
