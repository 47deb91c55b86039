-- Puts right what was found wrong with jobs of a queue, as far as it is still so.
--
-- KEYS  1 the queue's base
-- ARGV  1 now, then for each: what was found (ailment), the id, where it is to stay
-- gives for each 1 if it is put right

-- use queue
-- use standing
-- use parents

local base, now = KEYS[1], tonumber(ARGV[1])

-- Of a job that is gone the group is not known any more.
local function unpark_it(id)
    call('ZREM', base .. '~parked', id)
    local groups = {redis.pcall('HGET', base .. ':' .. id, 'infra.group')}
    if type(groups[1]) ~= 'string' then
        groups = call('HKEYS', base .. '~heads')
    end
    for _, group in ipairs(groups) do
        call('ZREM', base .. '~group:' .. group, id)
    end
end

local function remove_from(places, id)
    for _, each in ipairs(places) do
        local from = base .. ':' .. each
        if each == 'parked' then
            unpark_it(id)
        elseif each == 'wait' or each == 'paused' or each == 'active' then
            call('LREM', from, 0, id)
        else
            call('ZREM', from, id)
        end
    end
    call('SREM', base .. ':stalled', id)
end

local cures = {}

-- Whoever waits for it waits no longer.
function cures.orphan_hash(id, job)
    if not is_job(job) or #places_of(base, id) > 0 then
        return 0
    end
    local parent = call('HGET', job, 'parentKey')
    if parent and parent ~= '' then
        leave_parent(parent, job, now)
    end
    return call('DEL', job .. ':lock', unpack(keys_of(job, {}))) > 0 and 1 or 0
end

function cures.orphan_part(id, job)
    return call('EXISTS', job) == 0 and #places_of(base, id) == 0 and call('DEL', unpack(keys_of(job, {}))) > 0 and 1 or 0
end

function cures.missing_hash(id, job)
    local places = places_of(base, id)
    if is_job(job) or #places == 0 then
        return 0
    end
    remove_from(places, id)
    return 1
end

-- In a list once, at its end that is served last.
function cures.two_places(id, job, stays)
    local others, times = {}, 0
    for _, each in ipairs(places_of(base, id)) do
        if each == stays then
            times = times + 1
        else
            others[#others + 1] = each
        end
    end
    if times == 0 or times + #others < 2 then
        return 0
    end
    remove_from(others, id)
    if times > 1 then
        call('LREM', base .. ':' .. stays, 0, id)
        call('LPUSH', base .. ':' .. stays, id)
    end
    return 1
end

-- Whoever looks next for stalled jobs finds it there, and has it run again.
function cures.active_without_lock(id, job)
    if call('EXISTS', job .. ':lock') == 1 or not call('LPOS', base .. ':active', id) then
        return 0
    end
    call('SADD', base .. ':stalled', id)
    return 1
end

function cures.stuck_parent(id, job)
    if not call('ZSCORE', base .. ':waiting-children', id) then
        return 0
    end
    for _, child in ipairs((children_over(job))) do
        call('SREM', job .. ':dependencies', child)
        local result = call('HGET', child, 'returnvalue')
        if result then
            call('HSET', job .. ':processed', child, result)
        end
    end
    release_if_done({key = job, queueKey = base, id = id}, now)
    return call('ZSCORE', base .. ':waiting-children', id) and 0 or 1
end

function cures.stale_deduplication(id)
    local slot = base .. ':de:' .. id
    local holder = call('GET', slot)
    if not holder or call('PTTL', slot) ~= -1 or call('EXISTS', base .. ':' .. holder) == 1 then
        return 0
    end
    return call('DEL', slot, base .. ':dn:' .. id) > 0 and 1 or 0
end

local done = {}
for at = 2, #ARGV, 3 do
    local id = ARGV[at + 1]
    done[#done + 1] = cures[ARGV[at]](id, base .. ':' .. id, ARGV[at + 2])
end
return done
