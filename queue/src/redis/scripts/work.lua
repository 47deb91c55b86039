-- Records how jobs of a queue ended, and takes others.
--
-- KEYS  1 the queue's base
-- ARGV  1 now  2 the token of new locks  3 their time in ms  4 the worker's name, or nothing  5 how many to take  6 how many minutes of history
--       then of each that ended: how (completed, failed, retry, returned, waits, dropped); its id; its token; its result or reason; how many of
--       its kind to keep, or nothing; for how many seconds, or nothing; the same two for the case that it fails instead; the time until which it is
--       delayed, or nothing; its priority; `front` or nothing; its attempts; how many it made; how many words of its hash change, those words
-- gives {for each: 1 if it was recorded, 0 if its lock was not there;  of each taken: its id and its hash;  when to come again, or nothing}

-- use queue
-- use parents
-- use ends

local q = open_queue(KEYS[1])
local now, token, lock_time, worker = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local most, most_minutes = tonumber(ARGV[5]), tonumber(ARGV[6])

-- use recording
-- use taking

local function some_wait()
    return call('LLEN', q.wait) > 0 or call('ZCARD', q.prioritized) > 0
end

local answers = record_all()
promote()
local taken, again = {}, nil
if most > 0 then
    taken, again = claim()
end
if must_ring or #taken > 0 or #answers > 0 then
    if some_wait() then
        ring(q)
    elseif #ended.completed + #ended.failed > 0 and call('LLEN', q.active) == 0 then
        tell(q, 'drained')
    end
end
if not again then
    local first = call('ZRANGE', q.delayed, 0, 0, 'WITHSCORES')
    again = first[2] and math.floor(first[2] / 4096)
end
return {answers, taken, again and string.format('%.0f', again) or false}
