-- The jobs of schedules' runs.

local some_wait, some_sleep = false, false

-- Only one that waits or is delayed. False if it is neither.
local function take_away_run(q, id)
    local stands = call('ZREM', q.delayed, id) == 1 or call('ZREM', q.prioritized, id) == 1 or call('LREM', q.wait, 1, id) == 1 or
        (q.line ~= q.wait and call('LREM', q.line, 1, id) == 1)
    if stands then
        call('DEL', unpack(keys_of(q.base .. ':' .. id, {})))
        call('ZREM', q.expiring, id)
    end
    return stands
end

-- Where it is to start, as in lib/adding.lua.
local function place_run(q, run)
    local run_at = tonumber(run.where)
    if run_at then
        stand_aside(q, run.id, run_at)
        tell(q, 'delayed', 'jobId', run.id, 'delay', run.where)
        some_sleep = true
        return
    end
    stand_in_line(q, run.id, tonumber(run.priority), run.where == 'front' and run.priority == '0')
    tell(q, 'waiting', 'jobId', run.id)
    some_wait = true
end

-- Unless it is there: it runs, or is over.
local function add_run(q, run)
    local job = q.base .. ':' .. run.id
    if call('EXISTS', job) == 1 then
        tell(q, 'duplicated', 'jobId', run.id)
        return
    end
    call('INCR', q.base .. ':id')
    call('HSET', job, unpack(ARGV, run.first, run.last))
    tell(q, 'added', 'jobId', run.id, 'name', ARGV[run.first + 1])
    if run.expires ~= '' then
        call('ZADD', q.expiring, run.expires, run.id)
        call('HSET', q.base .. ':meta', 'infra.expiring', 1)
    end
    place_run(q, run)
end

local function ring_for_runs(q)
    if some_wait then
        ring(q)
    end
    if some_sleep then
        ring_later(q)
    end
end
