-- Has jobs that are delayed wait from now on.
--
-- KEYS  1 the queue's base
-- ARGV  1 now  2 `delayed` or nothing  3 nothing, then the jobs' ids
-- gives for each: 1, or 0 if it is not delayed

-- use queue

local most_minutes = 0

-- use parents
-- use moving

local q = open_queue(KEYS[1])
local some_wait_now = false

local function promote(id)
    local job = q.base .. ':' .. id
    local known = fields_of(job, 'timestamp', 'priority')
    if not known[1] or call('ZREM', q.delayed, id) == 0 then
        return false
    end
    call('HSET', job, 'delay', 0, 'infra.since', ARGV[1])
    stand_in_line(q, id, tonumber(known[2]) or 0, false)
    tell(q, 'waiting', 'jobId', id, 'prev', 'delayed', 'infra', 'promoted')
    some_wait_now = true
    return true
end

local answers = change_each(q, promote)
if some_wait_now then
    ring(q)
end
return answers
