-- Puts in line again what is held by workers that vanished, as each worker of BullMQ does now and then for all of them: jobs without a lock that had
-- none at the look before either.
--
-- KEYS  bases of queues
-- ARGV  1 now  2 for how many ms nobody else is to look  3 how often a job may stall  4 how many minutes of history
-- gives of each that was rescued: the number of its queue, its id

-- use queue
-- use parents
-- use freeing
-- use ends

local now, most_stalls, most_minutes = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])

-- use unrun
-- use rescue

local function rescue_suspects(q, number, into)
    for _, id in ipairs(call('SPOP', q.base .. ':stalled', 1000)) do
        if call('EXISTS', q.base .. ':' .. id .. ':lock') == 0 and rescue(q, id, most_stalls) then
            into[#into + 1], into[#into + 2] = number, id
        end
    end
end

local function suspect_all(q)
    local held = call('LRANGE', q.active, -5000, -1)
    if #held > 0 then
        call('SADD', q.base .. ':stalled', unpack(held))
    end
end

-- BullMQ's `obliterate` takes a queue's settings, and leaves those that are parked behind the heads of their groups.
local function see_left_groups(q)
    if not q.has_groups and call('EXISTS', q.base .. '~parked') == 1 then
        call('HSET', q.base .. ':meta', 'infra.groups', 1)
        open_groups(q)
    end
end

local rescued = {}
for number, base in ipairs(KEYS) do
    if call('SET', base .. ':stalled-check', ARGV[1], 'PX', ARGV[2], 'NX') then
        local q = open_queue(base)
        rescue_suspects(q, number, rescued)
        suspect_all(q)
        see_left_groups(q)
        if q.has_groups then
            fair.look_around(q) -- for what workers of BullMQ left of them
            q.must_ring = q.must_ring or some_wait(q)
        end
        if q.must_ring then
            ring(q)
        end
    end
end
fail_doomed(now)
return rescued
