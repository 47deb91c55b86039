-- Forgets jobs.
--
-- KEYS  1 the queue's base
-- ARGV  1 now  2 where they were seen: wait, delayed, failed …, and to a parent they have failed; nothing: they were named, and it goes on
--       without them  3 of a list: how many stood before the first of them; then their ids
-- gives for each: 1, or 0 if it runs, is not there or is the pending run of a schedule

-- use queue

local most_minutes = 10080 -- of history

-- use parents
-- use freeing
-- use ends
-- use unrun
-- use moving

local q = open_queue(KEYS[1])
local now, place = tonumber(ARGV[1]), ARGV[2]
local forgotten = {}

local function take_out_of_history(id)
    for _, state in ipairs({'completed', 'failed'}) do
        if call('ZREM', q.base .. ':' .. state, id) == 1 then
            return state
        end
    end
end

local function leave_slot(id, dedup)
    local slot = q.base .. ':de:' .. dedup
    if call('GET', slot) == id then
        call('DEL', slot, q.base .. ':dn:' .. dedup)
    end
end

-- Who names a job has its parent go on without it; who clears up need not know that it is a child.
local function leave_family(job, parent_key, parent)
    local link = read_link(parent_key, parent)
    if not link then
        return
    end
    if place ~= '' and call('SISMEMBER', link.key .. ':dependencies', job) == 1 then
        tell_parent_of_failure(link, job, 'removed', now)
    end
    if call('SREM', link.key .. ':dependencies', job) == 1 then
        release_if_done(link, now)
    end
end

local function remove(id)
    local job = q.base .. ':' .. id
    local known = fields_of(job, 'timestamp', 'parentKey', 'parent', 'deid', 'infra.expires')
    if not known[1] and place ~= '' then
        return take_from(q, place, id) -- its hash has gone before
    elseif not known[1] or is_pending_run(q, id) or runs(q, id) then
        return false
    end
    local stood = place == '' and take_out_of_history(id) or take_from(q, place, id)
    if not stood and place ~= '' then
        return false
    end
    tell(q, 'removed', 'jobId', id, 'prev', stood or 'unknown')
    if known[4] then
        leave_slot(id, known[4])
    end
    if known[5] then
        call('ZREM', q.base .. '~expiring', id)
    end
    leave_family(job, known[2], known[3])
    keys_of(job, forgotten)
    return true
end

local answers = change_each(q, remove)
in_pieces(forgotten, function(...) call('DEL', ...) end)
fail_doomed(now)
if q.must_ring then -- another of a group has its turn
    ring(q)
end
return answers
