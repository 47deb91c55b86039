-- What is found with a worker that vanished stands in line again, in front.

local function is_of_scheduler(q, id)
    return id and (call('EXISTS', q.base .. ':repeat:' .. id) == 1 or call('ZSCORE', q.base .. ':repeat', id))
end

local function why_it_does_not_wait(job)
    local culprit = redis.pcall('ZRANGE', job .. ':unsuccessful', 0, 0)[1]
    if culprit then
        return 'child ' .. culprit .. ' failed'
    end
    return call('HEXISTS', job, 'infra.cancel') == 1 and 'cancelled'
end

-- As BullMQ's sweep does it with what it finds stalled.
local function rescue(q, id, most_stalls)
    local job = q.base .. ':' .. id
    local known = read_hash(job, 'name', 'stc', 'rjk')
    call('LLEN', q.line) -- raises, before anything is written, where that is somebody's key, of another kind
    if call('LREM', q.active, -1, id) == 0 or not known[1] then
        return false
    end
    local stalls = (tonumber(known[2]) or 0) + 1
    call('HSET', job, 'stc', string.format('%.0f', stalls), 'infra.since', ARGV[1])
    if stalls > most_stalls and not is_of_scheduler(q, known[3]) then
        call('HSET', job, 'defa', 'job stalled more than allowable limit')
    end
    local reason, group = why_it_does_not_wait(job), q.has_groups and group_of(q, id)
    if group then
        pcall(fair.stop, q, group, id)
    end
    if not reason then
        if not (group and pcall(fair.join, q, group, id, priority_of(job), true)) then
            call('RPUSH', q.line, id)
        end
        tell(q, 'waiting', 'jobId', id, 'prev', 'active', 'infra', 'stalled')
        q.must_ring = true
    end
    tell(q, 'stalled', 'jobId', id)
    if reason then
        fail_unrun(q, id, 'active', reason, now)
    end
    return true
end
