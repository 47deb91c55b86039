-- Reads jobs of a queue, all at one moment.
--
-- KEYS  1 the queue's base
-- ARGV  their ids
-- gives for each: nothing, or what lib/reading.lua says of a job

local call = redis.call

-- use reading

local found = {}
for i, id in ipairs(ARGV) do
    found[i] = read_job(KEYS[1], id)
end
return found
