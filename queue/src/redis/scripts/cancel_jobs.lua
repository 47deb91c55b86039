-- Has jobs that wait fail, and asks for the end of those that run.
--
-- KEYS  1 the queue's base
-- ARGV  1 now  2 where they were seen: wait, delayed, active …, or nothing  3 of a list: how many stood before the first of them; then their ids
-- gives for each: 1, or 0 if it is over, was cancelled already or is the pending run of a schedule

-- use queue

local most_minutes = 10080 -- of history

-- use parents
-- use freeing
-- use ends
-- use unrun
-- use moving

local q = open_queue(KEYS[1])
local now = tonumber(ARGV[1])

-- Its worker hears of it when it renews its lease.
local function ask_for_the_end(id)
    if call('HSETNX', q.base .. ':' .. id, 'infra.cancel', '1') == 0 then
        return false
    end
    mark(q, id)
    tell(q, 'infra.cancel-requested', 'jobId', id)
    return true
end

local function cancel(id)
    if is_pending_run(q, id) or not fields_of(q.base .. ':' .. id, 'timestamp')[1] then
        return false
    elseif runs(q, id) then
        return ask_for_the_end(id)
    end
    local stood = take_from(q, ARGV[2], id)
    return stood and fail_unrun(q, id, stood, 'cancelled', now)
end

local answers = change_each(q, cancel)
fail_doomed(now)
if q.must_ring then -- another of a group has its turn
    ring(q)
end
return answers
