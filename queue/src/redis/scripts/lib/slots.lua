-- Deduplication: the id of a job in a slot, and the last duplicate that came while it ran.

-- Somebody's hash went without its slot: nobody holds that any more.
local function holder_of(q, id)
    local slot = q.base .. ':de:' .. id
    local holder = call('GET', slot)
    if holder and call('PTTL', slot) == -1 and call('EXISTS', q.base .. ':' .. holder) == 0 then
        call('DEL', slot, q.base .. ':dn:' .. id)
        return nil
    end
    return holder
end

local function hold_slot(q, by, id)
    if by.ttl ~= '' and not by.keep_last then
        call('SET', q.base .. ':de:' .. by.id, id, 'PX', by.ttl)
    else
        call('SET', q.base .. ':de:' .. by.id, id)
    end
end

-- In the place of a job that is delayed, the time of whose slot runs on.
local function replace_in_slot(q, by, id)
    if by.ttl ~= '' and not by.extend and not by.keep_last then
        call('SET', q.base .. ':de:' .. by.id, id, 'KEEPTTL')
    else
        hold_slot(q, by, id)
    end
end

local function keep_for_later(q, by, id, words)
    local later = q.base .. ':dn:' .. by.id
    call('DEL', later)
    call('HSET', later, 'jid', id)
    for i = 1, #words, 2 do
        if words[i] == 'name' or words[i] == 'data' or words[i] == 'opts' then
            call('HSET', later, words[i], words[i + 1])
        end
    end
    call('PERSIST', q.base .. ':de:' .. by.id)
end

-- Whose duplicate a job is that is about to be added; nil if it is none, and then it holds the slot.
local function find_original(q, by, id, words)
    local holder = holder_of(q, by.id)
    if not holder then
        hold_slot(q, by, id)
        return nil
    end
    if by.replace and call('ZREM', q.delayed, holder) == 1 then
        call('DEL', q.base .. ':dn:' .. by.id, unpack(keys_of(q.base .. ':' .. holder, {})))
        tell(q, 'removed', 'jobId', holder, 'prev', 'delayed')
        tell(q, 'deduplicated', 'jobId', id, 'deduplicationId', by.id, 'deduplicatedJobId', holder)
        replace_in_slot(q, by, id)
        return nil
    end
    if by.keep_last and call('LPOS', q.active, holder) then
        keep_for_later(q, by, id, words)
    elseif by.extend then
        hold_slot(q, by, holder)
    end
    tell(q, 'deduplicated', 'jobId', holder, 'deduplicationId', by.id, 'deduplicatedJobId', id)
    return holder
end
