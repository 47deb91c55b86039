-- Forgets schedules of a queue, with the jobs of their next runs, but for those that run.
--
-- KEYS  1 the queue's base
-- ARGV  ids
-- gives of each 1, or 0 if it is not known

-- use queue
-- use runs

local q = open_queue(KEYS[1])
local all = q.base .. ':repeat'

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
    return call('ZREM', all, id)
end

local answers = {}
for i, id in ipairs(ARGV) do
    answers[i] = remove(id)
end
return answers
