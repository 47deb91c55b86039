-- Puts right what was found wrong with a queue: has what stands apart stand in line, behind the others, and wakes a worker.
--
-- KEYS  1 the queue's base
-- gives {1 if some still stand apart: the same again; 1 if a worker is woken, or need not be}

-- use queue

local q = open_queue(KEYS[1])
local apart, at_once = KEYS[1] .. ':paused', 1000

if q.paused then
    return {0, 0}
end
local some = call('LRANGE', apart, -at_once, -1)
if #some > 0 then
    local first_to_last = {}
    for i = #some, 1, -1 do
        first_to_last[#first_to_last + 1] = some[i]
    end
    call('LPUSH', q.wait, unpack(first_to_last))
    call('LTRIM', apart, 0, -at_once - 1)
end
if call('LLEN', q.wait) + call('ZCARD', q.prioritized) > 0 then
    ring(q)
else
    ring_later(q)
end
return {call('EXISTS', apart), call('EXISTS', q.marker)}
