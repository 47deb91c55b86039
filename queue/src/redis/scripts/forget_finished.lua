-- Forgets finished jobs of a queue beyond what is to be kept, a thousand of each kind at most.
--
-- KEYS  1 the queue's base
-- ARGV  1 now  2 how many completed ones are kept, or nothing  3 for how many seconds, or nothing  4, 5 the same of failed ones
-- gives how many are gone

-- use queue
-- use parents
-- use freeing
-- use ends

local q = open_queue(KEYS[1])
local now = tonumber(ARGV[1])
local most = 1000

local function forget_first(state, set, ids)
    if #ids > 0 then
        forget(q, state, ids, now)
        call('ZREMRANGEBYRANK', set, 0, #ids - 1)
    end
end

local function forget_some(state, count, age)
    local set = q.base .. ':' .. state
    local gone = 0
    if age ~= '' then
        local old = call('ZRANGEBYSCORE', set, '-inf', '(' .. (now - age * 1000), 'LIMIT', 0, most)
        forget_first(state, set, old)
        gone = #old
    end
    if count ~= '' then
        local many = math.min(call('ZCARD', set) - count, most - gone)
        if many > 0 then
            forget_first(state, set, call('ZRANGE', set, 0, many - 1))
            gone = gone + many
        end
    end
    return gone
end

return forget_some('completed', ARGV[2], ARGV[3]) + forget_some('failed', ARGV[4], ARGV[5])
