-- Whether there is room in queues that may hold so many jobs only. What would add nothing needs none.

local function length_of(q)
    local waits = call('LLEN', q.wait) + #q.behind + call('ZCARD', q.prioritized)
    if q.line ~= q.wait then
        waits = waits + call('LLEN', q.line)
    end
    if q.has_groups then
        waits = waits + call('ZCARD', q.base .. '~parked')
    end
    return waits + call('ZCARD', q.delayed) + call('ZCARD', q.base .. ':waiting-children')
end

-- Looks at the jobs of a group, one after the other, as they would find the queues.
local function new_look()
    return {ids = {}, slots = {}, more = {}, void = {}}
end

-- Whether a job would be its slot's, or take it from a delayed one; the second is whether that makes room.
local function takes_slot(look, q, by, is_delayed)
    local slot = q.base .. ':de:' .. by.id
    local held, replaces = look.slots[slot], false
    if not held then
        local holder = holder_of(q, by.id)
        replaces = holder and by.replace and call('ZSCORE', q.delayed, holder)
        if holder and not replaces then
            return false
        end
    elseif by.replace and held.is_delayed then
        replaces = true
    else
        return false
    end
    look.slots[slot] = {is_delayed = is_delayed}
    return true, replaces
end

-- Whether a job of a group would be added, and how many it makes its queue longer by.
local function would_add(look, q, words, at)
    local id = words[at + 1]
    local key = q.base .. ':' .. id
    if id ~= '' and (look.ids[key] or call('EXISTS', key) == 1) then
        return false
    end
    local by = words[at + 4] ~= '' and read_slot(words, at)
    if by then
        local takes, replaces = takes_slot(look, q, by, tonumber(words[at + 2]) and not find_extra(words, at, 'p'))
        if not takes then
            return false
        end
        look.more[q] = (look.more[q] or 0) - (replaces and 1 or 0)
    end
    if id ~= '' then
        look.ids[key] = true
    end
    look.more[q] = (look.more[q] or 0) + 1
    return true
end

local function would_add_alike(look, q, count)
    look.more[q] = (look.more[q] or 0) + count
end

-- The base of a queue that would be too full, and how many it may hold; nothing if none is.
local function full_queue(look)
    for q, more in pairs(look.more) do
        if q.most_jobs and more > 0 and length_of(q) + more > q.most_jobs then
            return q.base .. ' ' .. string.format('%.0f', q.most_jobs)
        end
    end
end
