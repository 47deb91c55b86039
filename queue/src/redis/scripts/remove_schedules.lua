-- Forgets schedules of a queue, also paused ones, with the jobs of their next runs, but for those that run.
--
-- KEYS  1 the queue's base
-- ARGV  ids
-- gives of each 1, or 0 if it is not known

-- use queue
-- use runs

local q = open_queue(KEYS[1])
local all, paused = q.base .. ':repeat', q.base .. '~paused'

local function remove(id)
    local time = call('ZSCORE', all, id)
    if time then
        local run = 'repeat:' .. id .. ':' .. time
        local was_delayed = call('ZSCORE', q.delayed, run)
        if take_away_run(q, run) then
            tell(q, 'removed', 'jobId', run, 'prev', was_delayed and 'delayed' or 'waiting')
        end
    end
    call('DEL', all .. ':' .. id)
    local was_paused = redis.pcall('HDEL', paused, id) -- somebody's key holds none
    return math.max(call('ZREM', all, id), type(was_paused) == 'number' and was_paused or 0)
end

local answers = {}
for i, id in ipairs(ARGV) do
    answers[i] = remove(id)
end
return answers
