-- Duplicates that replace a delayed job, which may be a child.

-- In the place of a job that is delayed, the time of whose slot runs on.
local function replace_in_slot(q, by, id)
    if by.ttl ~= '' and not by.extend and not by.keep_last then
        call('SET', q.base .. ':de:' .. by.id, id, 'KEEPTTL')
    else
        hold_slot(q, by, id)
    end
end

replace_holder = function(q, by, id, holder)
    local job = q.base .. ':' .. holder
    local parent = call('HGET', job, 'parentKey')
    if parent and parent ~= '' then
        leave_parent(parent, job, by.now)
    end
    call('DEL', q.base .. ':dn:' .. by.id, unpack(keys_of(job, {})))
    call('ZREM', q.expiring, holder)
    tell(q, 'removed', 'jobId', holder, 'prev', 'delayed')
    tell(q, 'deduplicated', 'jobId', id, 'deduplicationId', by.id, 'deduplicatedJobId', holder)
    replace_in_slot(q, by, id)
end
