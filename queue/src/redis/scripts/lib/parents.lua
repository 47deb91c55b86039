-- What becomes of a parent when a child of its ends. It may be in another queue, of the same slot.

local function release(base, id, now)
    local parent, key = open_queue(base), base .. ':' .. id
    local stands = call('HMGET', key, 'priority', 'delay')
    local priority, delay = tonumber(stands[1]) or 0, tonumber(stands[2]) or 0
    if delay > 0 then
        call('ZADD', parent.delayed, (now + delay) * 4096, id)
        tell(parent, 'delayed', 'jobId', id, 'delay', now + delay)
        ring_later(parent)
        return
    end
    stand_in_line(parent, id, priority, priority == 0)
    ring(parent)
    tell(parent, 'waiting', 'jobId', id, 'prev', 'waiting-children')
end

local function release_if_it_waits(link, now)
    if call('ZREM', link.queueKey .. ':waiting-children', link.id) == 1 and call('EXISTS', link.key) == 1 then
        release(link.queueKey, link.id, now)
    end
end

local function release_if_done(link, now)
    if call('SCARD', link.key .. ':dependencies') == 0 then
        release_if_it_waits(link, now)
    end
end

-- It is to fail without a run, by whoever takes it; at once if it waits for children or for its time.
local function doom(link, child, now)
    if call('EXISTS', link.key) == 0 or call('ZSCORE', link.queueKey .. ':failed', link.id) then
        return
    end
    call('HSET', link.key, 'defa', 'child ' .. child .. ' failed')
    if call('ZREM', link.queueKey .. ':delayed', link.id) == 1 then
        call('HSET', link.key, 'delay', 0)
        release(link.queueKey, link.id, now)
    else
        release_if_it_waits(link, now)
    end
end

-- The flags are those that the child was added with.
local function tell_parent_of_failure(link, child, reason, now)
    local known = link.fpof or link.cpof or link.idof or link.rdof
    if not known or call('SREM', link.key .. ':dependencies', child) == 0 then
        return
    end
    if link.fpof then
        call('ZADD', link.key .. ':unsuccessful', now, child)
        doom(link, child, now)
        return
    end
    if link.cpof or link.idof then
        call('HSET', link.key .. ':failed', child, reason)
    end
    if link.cpof then
        release_if_it_waits(link, now)
    else
        release_if_done(link, now)
    end
end

local function tell_parent_of_result(link, child, result, now)
    if call('SREM', link.key .. ':dependencies', child) == 1 then
        call('HSET', link.key .. ':processed', child, result)
        release_if_done(link, now)
    end
end

-- A job that is forgotten is waited for no longer.
local function leave_parent(key, child, now)
    local base, id = string.match(key, '^(.*):([^:]*)$')
    if base and call('SREM', key .. ':dependencies', child) == 1 then
        local link = {key = key, queueKey = base, id = id}
        release_if_done(link, now)
    end
end

-- nil where there is none, or nobody can read it.
local function read_link(key, text)
    if not key or key == '' then
        return nil
    end
    local read, link = pcall(cjson.decode, text or '')
    if not read or type(link) ~= 'table' or not link.queueKey or not link.id then
        local base, id = string.match(key, '^(.*):([^:]*)$')
        link = {queueKey = base, id = id}
    end
    link.key = key
    return link
end
