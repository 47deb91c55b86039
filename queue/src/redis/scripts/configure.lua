-- Changes the settings of a queue.
--
-- KEYS  1 the queue's base
-- ARGV  1 `pause`, `resume` or nothing  2 `anew` if a new rate limit begins with the next start  3 how many words are set, those words, then
--       names of what is taken out
-- gives {1 if jobs of a queue that was resumed still stand apart: the same again;  the settings as they are then}

-- use queue

local q = read_queue(KEYS[1])
local meta = q.base .. ':meta'
local apart = q.base .. ':paused'
local at_once = 5000

-- In front of those that stand there, as BullMQ 6 does. True if some are left.
local function move_line(from, to)
    if call('EXISTS', from) == 0 then
        return false
    end
    if call('EXISTS', to) == 0 then
        call('RENAME', from, to)
        return false
    end
    local some = call('LRANGE', from, 0, at_once - 1)
    call('RPUSH', to, unpack(some))
    call('LTRIM', from, #some, -1)
    return call('EXISTS', from) == 1
end

local function pause()
    call('HSET', meta, 'paused', 1)
    call('DEL', q.marker)
    q = read_queue(KEYS[1])
    while q.line == apart and move_line(q.wait, apart) do
        -- whoever resumes it in the way of version 5 loses what is left in `wait`
    end
end

local function wake()
    if some_wait(q) or call('EXISTS', q.base .. '~closed') == 1 then -- groups may be at their limits no longer
        ring(q)
    else
        ring_later(q)
    end
end

local function begin_window()
    local limiter = q.base .. ':limiter'
    if call('GET', limiter) ~= '9007199254740991' then -- by hand, for a time of its own
        call('DEL', limiter)
    end
end

local words = tonumber(ARGV[3])
if words > 0 then
    call('HSET', meta, unpack(ARGV, 4, 3 + words))
end
if #ARGV > 3 + words then
    call('HDEL', meta, unpack(ARGV, 4 + words))
end
if ARGV[2] == 'anew' then
    begin_window()
end
if ARGV[1] == 'pause' and not q.paused then
    pause()
    tell(q, 'paused')
elseif ARGV[1] == 'resume' and q.paused then
    call('HDEL', meta, 'paused')
    tell(q, 'resumed')
end
q = read_queue(KEYS[1])
local more = false
if not q.paused then
    more = move_line(apart, q.wait)
    wake()
end
return {more and 1 or 0, call('HGETALL', meta)}
