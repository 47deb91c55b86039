-- Reads schedules of a queue, and where the jobs of their next runs are.
--
-- KEYS  1 the queue's base
-- ARGV  ids; or none, and then those of a page: 1 an empty text  2 how many were read before  3 how many at most
-- gives of each: its id; its time, or nothing if it is not known; its hash; a digest of both; of the job of its next run the state, or nothing;
--       its data and opts where the schedule has none, or nothing

local call = redis.call
local base = KEYS[1]
local all = base .. ':repeat'

-- use scheduled

local function ids_asked_for()
    if ARGV[1] ~= '' then
        return ARGV
    end
    local page = redis.pcall('ZRANGE', all, ARGV[2], ARGV[2] + ARGV[3] - 1)
    return page.err and {} or page -- somebody's key, which is no set of schedules
end

local function state_of(id)
    if call('EXISTS', base .. ':' .. id) == 0 then
        return false
    end
    for _, state in ipairs({'delayed', 'prioritized', 'completed', 'failed'}) do
        if call('ZSCORE', base .. ':' .. state, id) then
            return state
        end
    end
    if call('EXISTS', base .. ':' .. id .. ':lock') == 1 or call('LPOS', base .. ':active', id) then
        return 'active'
    end
    return 'waiting'
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
    local score, hash, digest = look_at_schedule(id)
    local run = score and 'repeat:' .. id .. ':' .. score
    local more = run and not says_all_of_runs(hash) and call('HMGET', base .. ':' .. run, 'data', 'opts') or {false, false}
    found[n + 1], found[n + 2], found[n + 3], found[n + 4] = id, score, hash, digest
    found[n + 5], found[n + 6], found[n + 7] = run and state_of(run), more[1], more[2]
    n = n + 7
end
return found
