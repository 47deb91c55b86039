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
local parked = call('LRANGE', apart, -at_once, -1)
if #parked > 0 then
    local first_to_last = {}
    for i = #parked, 1, -1 do
        first_to_last[#first_to_last + 1] = parked[i]
    end
    call('LPUSH', q.wait, unpack(first_to_last))
    call('LTRIM', apart, 0, -at_once - 1)
end
local some = some_wait(q)
if some then
    ring(q)
else
    ring_later(q)
end
local is_idle = not some and call('EXISTS', q.delayed) == 0
return {call('EXISTS', apart), (is_idle or call('EXISTS', q.marker) == 1) and 1 or 0}
