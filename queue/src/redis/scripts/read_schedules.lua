-- Reads schedules of a queue, and where the jobs of their next runs are.
--
-- KEYS  1 the queue's base
-- ARGV  ids; or none, and then those of a page: 1 an empty text  2 how many were read before  3 how many at most
--       those that run come first, then those that are paused
-- gives of each: its id; its time, or nothing if it is not known or paused; its hash; a digest of all that; of the job of its next run the state, or
--       nothing; its data and opts where the schedule has none, or nothing; since when it is paused, or nothing

local call = redis.call
local base = KEYS[1]
local all = base .. ':repeat'

-- use scheduled

-- What was kept of those that BullMQ has defined anew goes; so one is listed once.
local function ids_of_paused()
    local ids, kept = redis.pcall('HKEYS', paused), {}
    for _, id in ipairs(ids.err and {} or ids) do
        if look_at_running(id) then
            redis.pcall('HDEL', paused, id)
        else
            kept[#kept + 1] = id
        end
    end
    return kept
end

local function ids_asked_for()
    if ARGV[1] ~= '' then
        return ARGV
    end
    local from, most = tonumber(ARGV[2]), tonumber(ARGV[3])
    local page = redis.pcall('ZRANGE', all, from, from + most - 1)
    if page.err then -- somebody's key, which is no set of schedules
        return {}
    end
    local kept, before = ids_of_paused(), call('ZCARD', all)
    for i = math.max(1, from - before + 1), math.min(#kept, from + most - before) do
        page[#page + 1] = kept[i]
    end
    return page
end

local function says_all_of_runs(hash)
    local known = {}
    for i = 1, #hash, 2 do
        known[hash[i]] = true
    end
    return known.data and known.opts
end

local found, n = {}, 0
for _, id in ipairs(ids_asked_for()) do
    local score, hash, since, digest = look_at_schedule(id)
    local run = score and 'repeat:' .. id .. ':' .. score
    local more = run and not says_all_of_runs(hash) and call('HMGET', base .. ':' .. run, 'data', 'opts') or {false, false}
    found[n + 1], found[n + 2], found[n + 3], found[n + 4] = id, score, hash, digest
    found[n + 5], found[n + 6], found[n + 7], found[n + 8] = run and state_of_run(run), more[1], more[2], since
    n = n + 8
end
return found
