-- Jobs that fail without a run: somebody cancels them, their time is over, or a child failed them.

-- BullMQ has -1 for any number.
local function bound(number)
    return type(number) == 'number' and number >= 0 and string.format('%.0f', number) or ''
end

-- What `opts` say of failed jobs, as words: how many are kept, and for how many seconds; nothing: all are.
local function keep_failed(text)
    local read, opts = pcall(cjson.decode, text or '')
    local keep = read and type(opts) == 'table' and opts.removeOnFail
    if keep == true then
        return '0', ''
    elseif type(keep) == 'table' then
        return bound(keep.count), bound(keep.age)
    end
    return bound(keep), ''
end

-- `behind`: of those that fail in this millisecond, after so many that a child of theirs failed: who takes what failed up again finds children
-- before those that wait for them.
local function put_among_failed(q, id, reason, count, age, now, behind)
    local job, at = q.base .. ':' .. id, string.format('%.0f', now)
    call('HSET', job, 'failedReason', reason, 'finishedOn', at)
    call('HDEL', job, 'defa')
    call('ZADD', q.base .. ':failed', now + behind / 1024, id)
    keep_only(q, 'failed', count, age, now)
end

local function tell_of_unrun(q, id, dedup, link, reason, now)
    if dedup then
        free_slot(q, id, dedup, now)
    end
    if link then
        tell_parent_of_failure(link, q.base .. ':' .. id, reason, now)
    end
end

-- Where the history is somebody's key, of another kind, it waits again, for whoever takes it to fail it.
local function let_another_fail_it(q, id, reason)
    local job = q.base .. ':' .. id
    redis.pcall('HSET', job, 'defa', reason)
    pcall(stand_in_line, q, id, tonumber(read_hash(job, 'priority')[1]) or 0, true)
    pcall(ring, q)
    return false
end

-- One that stands in no line any more; `stood` says in which it did. False if there is none. It has failed also where its parent, or what it
-- held, turns out to be somebody's key.
local function fail_unrun(q, id, stood, reason, now, behind)
    local job = q.base .. ':' .. id
    if type(redis.pcall('ZCARD', q.base .. ':failed')) == 'table' then
        return let_another_fail_it(q, id, reason)
    end
    local known = read_hash(job, 'name', 'parentKey', 'parent', 'deid', 'opts', 'infra.expires')
    if not known[1] then
        return false
    end
    if known[6] then
        call('ZREM', q.expiring, id)
    end
    local link = read_link(known[2], known[3])
    pcall(tell_of_unrun, q, id, known[4], link, reason, now)
    tell(q, 'failed', 'jobId', id, 'failedReason', reason, 'prev', stood)
    local count, age = keep_failed(known[5])
    if count ~= '0' then
        put_among_failed(q, id, reason, count, age, now, behind or 0)
    else
        if link then
            pcall(leave_parent, link.key, job, now)
        end
        call('DEL', unpack(keys_of(job, {})))
    end
    if most_minutes > 0 then
        pcall(count_minutes, q, 'failed', 1, most_minutes, now)
    end
    return true
end

-- A family may be a long line of parents: beyond a thousand they fail as BullMQ has it, by whoever takes them.
local function fail_doomed(now)
    local done = 0
    while done < #doomed do
        done = done + 1
        local each = doomed[done]
        if done > 1000 or not pcall(fail_unrun, each.q, each.id, each.stood, each.why, now, done) then
            let_another_fail_it(each.q, each.id, each.why)
        end
    end
    doomed = {}
end
