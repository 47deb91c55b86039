-- What becomes of a parent when a child of its comes, ends or goes. It may be in another queue, of the same slot.

-- By its key, one that gets children in this call, and is not released before the end of it.
local gathering, gathered = {}, {}

-- What its children look like, so that a run may be told whether something became of them since.
local function look_of_children(key)
    return call('SCARD', key .. ':dependencies') .. ' ' .. call('HLEN', key .. ':processed') .. ' ' .. call('HLEN', key .. ':failed') ..
        ' ' .. call('ZCARD', key .. ':unsuccessful')
end

-- Its time to live begins.
local function let_live(parent, id, ttl, from)
    local expires = string.format('%.0f', from + ttl)
    call('HSET', parent.base .. ':' .. id, 'infra.expires', expires)
    call('ZADD', parent.expiring, expires, id)
    call('HSET', parent.base .. ':meta', 'infra.expiring', 1)
end

local function release(link, now)
    local parent, id, key = open_queue(link.queueKey), link.id, link.key
    local stands = call('HMGET', key, 'priority', 'delay', 'infra.at', 'infra.ttl')
    local priority, delay, run_at = tonumber(stands[1]) or 0, tonumber(stands[2]) or 0, tonumber(stands[3])
    run_at = math.max(now, run_at or now + delay)
    call('HSET', key, 'infra.family', look_of_children(key), 'infra.since', string.format('%.0f', run_at))
    if tonumber(stands[4]) then
        let_live(parent, id, tonumber(stands[4]), run_at)
    end
    if run_at > now then
        call('ZADD', parent.delayed, run_at * 4096, id)
        tell(parent, 'delayed', 'jobId', id, 'delay', string.format('%.0f', run_at))
        ring_later(parent)
        return
    end
    stand_in_line(parent, id, priority, priority == 0)
    ring(parent)
    tell(parent, 'waiting', 'jobId', id, 'prev', 'waiting-children')
end

local function release_if_it_waits(link, now)
    if gathering[link.key] then
        gathering[link.key].is_early = true
    elseif call('ZREM', link.queueKey .. ':waiting-children', link.id) == 1 and call('EXISTS', link.key) == 1 then
        release(link, now)
    end
end

local function release_if_done(link, now)
    if not gathering[link.key] and call('SCARD', link.key .. ':dependencies') == 0 then
        release_if_it_waits(link, now)
    end
end

-- Takes a job out of what it stands in, and says what that was; nothing if it runs, is over or unknown.
local function take_out(q, id)
    local group = q.has_groups and group_of(q, id)
    if group and fair.leave(q, group, id) then
        return 'waiting'
    end
    for _, state in ipairs({'waiting-children', 'delayed', 'prioritized'}) do
        if call('ZREM', q.base .. ':' .. state, id) == 1 then
            return state
        end
    end
    local runs = call('EXISTS', q.base .. ':' .. id .. ':lock') == 1
    if not runs and (call('LREM', q.wait, -1, id) == 1 or (q.line ~= q.wait and call('LREM', q.line, -1, id) == 1)) then
        return 'waiting'
    end
end

-- It is to fail without a run: at once, or, if it runs, when that ends.
local function doom(link, child, reason, now)
    local known = call('HMGET', link.key, 'name', 'finishedOn')
    if not known[1] or known[2] then
        return
    end
    local q, why = open_queue(link.queueKey), 'child ' .. child .. ' failed'
    local stood = take_out(q, link.id)
    call('HSET', link.key, 'infra.because', reason)
    if stood then
        doomed[#doomed + 1] = {q = q, id = link.id, stood = stood, why = why}
    else
        call('HSET', link.key, 'defa', why)
    end
end

-- --- How children end -----------------------------------------------------------------------------------------------

-- Results and reasons that are kept with one parent; the number of children bounds the small ones.
local most_bytes, small = 67108864, 640

local function keep_with_parent(link, where, child, text)
    if #text > small and call('HINCRBY', link.key, 'infra.bytes', #text) > most_bytes then
        call('HINCRBY', link.key, 'infra.bytes', -#text)
        text = where == 'processed' and 'null' or ''
    end
    call('HSET', link.key .. ':' .. where, child, text)
end

-- Without a flag it is waited for until somebody retries or removes it.
local function take_failure(link, child, reason, now)
    if link.fpof then
        call('ZADD', link.key .. ':unsuccessful', now, child)
        doom(link, child, reason, now)
    elseif link.cpof then
        keep_with_parent(link, 'failed', child, reason)
        release_if_it_waits(link, now)
    elseif link.idof then
        keep_with_parent(link, 'failed', child, reason)
        release_if_done(link, now)
    elseif link.rdof then
        release_if_done(link, now)
    else
        call('SADD', link.key .. ':dependencies', child)
    end
end

local function take_result(link, child, result, now)
    keep_with_parent(link, 'processed', child, result)
    release_if_done(link, now)
end

-- Out of what its parent knows of it as over; false if that is nothing.
local function forget_end(link, child)
    return call('HDEL', link.key .. ':failed', child) + call('ZREM', link.key .. ':unsuccessful', child) +
        call('HDEL', link.key .. ':processed', child) > 0
end

-- The flags are those that the child was added with.
local function tell_parent_of_failure(link, child, reason, now)
    if (link.fpof or link.cpof or link.idof or link.rdof) and
        (call('SREM', link.key .. ':dependencies', child) == 1 or forget_end(link, child)) then
        take_failure(link, child, reason, now)
    end
end

local function tell_parent_of_result(link, child, result, now)
    if call('SREM', link.key .. ':dependencies', child) == 1 or forget_end(link, child) then
        take_result(link, child, result, now)
    end
end

-- --- How they come and go -------------------------------------------------------------------------------------------

local function expect(link, child)
    local g = gathering[link.key]
    g.expected[#g.expected + 1] = child
end

-- That has another child than before.
local function note_change(key)
    gathering[key].is_changed = true
end

local function write_expected(g)
    in_pieces(g.expected, function(...) call('SADD', g.link.key .. ':dependencies', ...) end)
    g.expected = {}
end

local function gather(link, is_stored)
    if not gathering[link.key] then
        local g = {link = link, is_stored = is_stored, expected = {}}
        gathering[link.key] = g
        gathered[#gathered + 1] = g
    end
end

-- The base and the id in a job's key. Ids with colons are those of schedules' runs.
local function split_key(key)
    local base, id = string.match(key, '^(.-):(repeat:.*:%d+)$')
    if not base then
        base, id = string.match(key, '^(.*):([^:]*)$')
    end
    return base, id
end

-- nil where there is none, or nobody can read it. It may have been written by anybody.
local function read_link(key, text)
    if not key or key == '' then
        return nil
    end
    local read, link = pcall(cjson.decode, text or '')
    link = read and type(link) == 'table' and link or {}
    local base, id = link.queueKey, link.id
    if type(base) ~= 'string' or type(id) ~= 'string' then
        base, id = split_key(key)
    end
    if not base then
        return nil
    end
    return {key = key, queueKey = base, id = id, fpof = link.fpof == true, cpof = link.cpof == true, idof = link.idof == true, rdof = link.rdof == true}
end

-- A job that is forgotten is waited for no longer. Its hash should be there still.
local function leave_parent(key, child, now)
    if gathering[key] then
        write_expected(gathering[key])
    end
    local link = call('SREM', key .. ':dependencies', child) == 1 and read_link(key, call('HGET', child, 'parent'))
    if link then
        release_if_done(link, now)
    end
end
