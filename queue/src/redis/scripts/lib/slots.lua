-- Deduplication: the id of a job in a slot, and the last duplicate that came while it ran.

-- Nobody where somebody's hash went without its slot; then the second is true.
local function holder_of(q, id)
    local slot = q.base .. ':de:' .. id
    local holder = call('GET', slot)
    if holder and call('PTTL', slot) == -1 and call('EXISTS', q.base .. ':' .. holder) == 0 then
        return nil, true
    end
    return holder, false
end

local function hold_slot(q, by, id)
    if by.ttl ~= '' and not by.keep_last then
        call('SET', q.base .. ':de:' .. by.id, id, 'PX', by.ttl)
    else
        call('SET', q.base .. ':de:' .. by.id, id)
    end
end

-- Of the words of a hash those that no moment or family has made.
local kept_later = {name = true, data = true, opts = true, ['infra.ttl'] = true, ['infra.group'] = true, ['infra.expires'] = true}

local function keep_for_later(q, by, id, words, first, last)
    local later, fields = q.base .. ':dn:' .. by.id, {'jid', id}
    for i = first, last, 2 do
        if kept_later[words[i]] then
            fields[#fields + 1], fields[#fields + 2] = words[i], words[i + 1]
        end
    end
    call('DEL', later)
    call('HSET', later, unpack(fields))
    call('PERSIST', q.base .. ':de:' .. by.id)
end

-- Of add_families.lua: a delayed holder makes room for the duplicate that is to replace it.
local replace_holder

-- Whose duplicate a job is that is about to be added; nil if it is none, and then it holds the slot. Also whether it replaced the holder.
local function find_original(q, by, id, words, first, last)
    local holder, is_stale = holder_of(q, by.id)
    if is_stale then
        call('DEL', q.base .. ':dn:' .. by.id)
    end
    if not holder then
        hold_slot(q, by, id)
        return nil, false
    end
    if by.replace and replace_holder and call('ZREM', q.delayed, holder) == 1 then
        replace_holder(q, by, id, holder)
        return nil, true
    end
    if by.keep_last and call('LPOS', q.active, holder) then
        keep_for_later(q, by, id, words, first, last)
    elseif by.extend then
        hold_slot(q, by, holder)
    end
    tell(q, 'deduplicated', 'jobId', holder, 'deduplicationId', by.id, 'deduplicatedJobId', id)
    return holder, false
end
