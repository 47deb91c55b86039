-- Tells a job of children that it had in another storage. Of one that it knows already, this is what it knows from then on.
--
-- KEYS  1 the queue's base  2 the job
-- ARGV  1 now  then of each child: dependencies, processed, failed or unsuccessful; its key; its result or the reason, or nothing
-- gives how many it were; 0 if the job is not there; nothing if the queue is not paused

local call = redis.call
local job, now = KEYS[2], ARGV[1]

local function forget(child)
    call('SREM', job .. ':dependencies', child)
    call('HDEL', job .. ':processed', child)
    call('HDEL', job .. ':failed', child)
    call('ZREM', job .. ':unsuccessful', child)
end

local function know(kind, child, text)
    local key = job .. ':' .. kind
    if kind == 'dependencies' then
        call('SADD', key, child)
    elseif kind == 'unsuccessful' then
        call('ZADD', key, now, child)
        call('HSET', job, 'infra.because', text)
    else
        call('HSET', key, child, text)
    end
end

if call('HEXISTS', KEYS[1] .. ':meta', 'paused') == 0 then
    return false
end
if call('EXISTS', job) == 0 then
    return 0
end
for at = 2, #ARGV, 3 do
    forget(ARGV[at + 1])
    know(ARGV[at], ARGV[at + 1], ARGV[at + 2])
end
return (#ARGV - 1) / 3
