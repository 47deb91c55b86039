-- Has jobs that are over wait again, as if they were new.
--
-- KEYS  1 the queue's base
-- ARGV  1 now  2 where they were seen: completed, failed or nothing  3 nothing, then their ids
-- gives for each: 1, or 0 if it is not over

-- use queue

local most_minutes = 0

-- use parents
-- use freeing
-- use ends
-- use moving
-- use retrying

local q = open_queue(KEYS[1])
local now = tonumber(ARGV[1])
local some_wait_again = false

local function end_of(id)
    if ARGV[2] ~= '' then
        return call('ZSCORE', q.base .. ':' .. ARGV[2], id) and ARGV[2]
    end
    return call('ZSCORE', q.base .. ':failed', id) and 'failed' or call('ZSCORE', q.base .. ':completed', id) and 'completed'
end

local function become_new(job, was)
    call('HDEL', job, was == 'failed' and 'failedReason' or 'returnvalue', 'finishedOn', 'processedOn', 'atm', 'attemptsMade', 'stc', 'defa',
        'infra.expires', 'infra.cancel', 'infra.because')
    call('HSET', job, 'delay', 0, 'infra.since', ARGV[1])
end

local function retry(id)
    local was, job = end_of(id), q.base .. ':' .. id
    local known = was and fields_of(job, 'name', 'opts', 'priority') or {}
    if not known[1] then
        return false
    end
    call('ZREM', q.base .. ':' .. was, id)
    become_new(job, was)
    if forgive_children(job) then
        call('ZADD', q.base .. ':waiting-children', now, id)
        tell(q, 'waiting-children', 'jobId', id, 'prev', was)
        return true
    end
    local priority = tonumber(known[3]) or 0
    stand_in_line(q, id, priority, priority == 0 and string.find(known[2] or '', '"lifo":true', 1, true))
    tell(q, 'waiting', 'jobId', id, 'prev', was)
    some_wait_again = true
    return true
end

-- All of them before the first is retried: a family that failed waits for its children, and runs in its order.
for i = 4, #ARGV do
    if end_of(ARGV[i]) then
        local job = q.base .. ':' .. ARGV[i]
        local known = fields_of(job, 'parentKey', 'parent')
        expect_again(job, known[1], known[2], now)
    end
end
local answers = change_each(q, retry)
if some_wait_again then
    ring(q)
end
return answers
