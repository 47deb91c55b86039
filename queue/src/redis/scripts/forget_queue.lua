-- Forgets a queue, unless it has jobs or schedules.
--
-- KEYS  1 the queue's base
-- ARGV  keys that belong to it, beside those that every queue has
-- gives 1, or 0 if it has some

local call = redis.call

local base = KEYS[1]

local function keys_named(...)
    local keys = {}
    for i, name in ipairs({...}) do
        keys[i] = base .. ':' .. name
    end
    return keys
end

local places = keys_named('wait', 'paused', 'active', 'prioritized', 'delayed', 'completed', 'failed', 'waiting-children', 'repeat')
if call('EXISTS', base .. '~paused', unpack(places)) > 0 then
    return 0
end
call('DEL', unpack(keys_named('meta', 'id', 'pc', 'marker', 'limiter', 'stalled', 'stalled-check', 'events', 'delay', 'priority',
    'metrics:completed', 'metrics:completed:data', 'metrics:failed', 'metrics:failed:data')))
if #ARGV > 0 then
    call('DEL', unpack(ARGV))
end
return 1
