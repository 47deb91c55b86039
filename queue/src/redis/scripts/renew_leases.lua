-- Holds locks for longer, as far as they are still their holders'.
--
-- KEYS  bases of queues
-- ARGV  1 now  2 for how many ms from now; then of each: the number of its queue, its id, its token
-- gives for each: 0 it is not its holder's any more, 1 it is held, 2 the same, and somebody wants the job to end

local call = redis.call
local now, length = tonumber(ARGV[1]), tonumber(ARGV[2])

local answers, held = {}, {}

local function renew(base, id, token)
    local job = base .. ':' .. id
    if call('GET', job .. ':lock') ~= token then
        return 0
    end
    call('PEXPIRE', job .. ':lock', length)
    held[base] = held[base] or {}
    table.insert(held[base], id)
    return call('HEXISTS', job, 'infra.cancel') == 1 and 2 or 1
end

for at = 3, #ARGV, 3 do
    answers[#answers + 1] = renew(KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2])
end
for base, ids in pairs(held) do
    call('SREM', base .. ':stalled', unpack(ids))
    -- Leases that end in the same second are looked for together, as those of jobs that are taken.
    call('ZADD', base .. '~leases', now + length, math.floor((now + length) / 1000))
end
return answers
