-- Looks at jobs of a queue in one moment, for what is wrong with them.
--
-- KEYS  1 the queue's base
-- ARGV  their ids
-- gives for each: {1 if it is a job; 1 if it is over; 1 if it is locked; keys of it beside these; children that it waits for;
--       of those the ones that are over; where it stands …}

local call = redis.call

-- use standing

local found = {}
for i, id in ipairs(ARGV) do
    local job = KEYS[1] .. ':' .. id
    local there = is_job(job)
    local parts = call('EXISTS', job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
    local over, pending = children_over(job)
    found[i] = {there and 1 or 0, there and call('HEXISTS', job, 'finishedOn') or 0, call('EXISTS', job .. ':lock'), parts, pending,
        #over, unpack(places_of(KEYS[1], id))}
end
return found
