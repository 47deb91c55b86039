-- Looks at a queue in one moment.
--
-- KEYS  1 the queue's base
-- gives {1 if it is paused; its concurrency or nothing; how many stand in wait, paused, active, prioritized, delayed, waiting-children,
--       completed and failed; markers; 1 while its rate may be used up; the score of the first that is delayed, or nothing}

local call = redis.call
local base = KEYS[1]

local meta = call('HMGET', base .. ':meta', 'paused', 'concurrency')
local found = {meta[1] and 1 or 0, meta[2]}
for _, list in ipairs({'wait', 'paused', 'active'}) do
    found[#found + 1] = call('LLEN', base .. ':' .. list)
end
for _, set in ipairs({'prioritized', 'delayed', 'waiting-children', 'completed', 'failed', 'marker'}) do
    found[#found + 1] = call('ZCARD', base .. ':' .. set)
end
found[#found + 1] = call('EXISTS', base .. ':limiter')
found[#found + 1] = call('ZRANGE', base .. ':delayed', 0, 0, 'WITHSCORES')[2] or false
return found
