-- How jobs ended: what work.lua was given is recorded, all of it or what still holds its lock.

local forgotten, unrecorded, ends_read = {}, {}, 0

local function forget_all()
    in_pieces(forgotten, function(...) call('DEL', ...) end)
    forgotten = {}
end

-- What those that ended alike share.
local function read_group(at)
    local how = ARGV[at + 1]
    return {
        q = queues[tonumber(ARGV[at])],
        how = how,
        keep = {count = ARGV[at + 2], age = ARGV[at + 3]},
        keep_failed = {count = ARGV[at + 4], age = ARGV[at + 5]},
        run_at = tonumber(ARGV[at + 6]),
        priority = tonumber(ARGV[at + 7]),
        front = ARGV[at + 8] == 'front',
        attempts = tonumber(ARGV[at + 9]),
        made = ARGV[at + 10],
        n = tonumber(ARGV[at + 11]),
        first = at + 12,
        width = (how == 'failed' or how == 'retry') and 4 or 3,
    }
end

-- What else changes in the hash; in one call, as each costs more than what it writes.
local function set_fields(e, ...)
    if e.traces then
        call('HSET', e.job, 'atm', e.of.made, 'failedReason', e.text, 'stacktrace', e.traces, ...)
    elseif e.of.how == 'completed' then
        call('HSET', e.job, 'atm', e.of.made, ...)
    elseif select('#', ...) > 0 then
        call('HSET', e.job, ...)
    end
end

local function tell_parent(e, known)
    local link = read_link(known.parent, call('HGET', e.job, 'parent'))
    if not link then
        return
    end
    if e.how == 'completed' then
        tell_parent_of_result(link, e.job, e.text, now)
    else
        tell_parent_of_failure(link, e.job, e.text, now)
    end
end

local function tell_of_end(e, field)
    tell(e.q, e.how, 'jobId', e.id, field, e.text, 'prev', e.was or 'active')
    if e.how == 'failed' and (e.is_last or tonumber(e.of.made) >= e.of.attempts) then
        tell(e.q, 'retries-exhausted', 'jobId', e.id, 'attemptsMade', e.of.made)
    end
end

local function put_into_history(q, state, id, keep)
    local ended = q.ended[state]
    ended.n = ended.n + 1
    if keep.count ~= '0' then
        local scores = ended.scores
        scores[#scores + 1], scores[#scores + 2] = ARGV[1], id
        ended.rules[keep.count .. ' ' .. keep.age] = keep
    end
end

local function finish(e, known)
    if known.dedup then
        free_slot(e.q, e.id, known.dedup, now)
    end
    if known.parent then
        tell_parent(e, known)
    end
    local field = e.how == 'completed' and 'returnvalue' or 'failedReason'
    put_into_history(e.q, e.how, e.id, e.keep)
    if e.keep.count == '0' then
        keys_of(e.job, forgotten)
        if known.parent then
            leave_parent(known.parent, e.job, now)
        end
    else
        set_fields(e, field, e.text, 'finishedOn', ARGV[1])
        if e.how == 'failed' then
            call('HDEL', e.job, 'defa')
        end
    end
    tell_of_end(e, field)
end

-- In line or aside once more; `mark` is our word for why.
local function go_on(e, mark)
    local q, run_at = e.q, e.of.run_at
    local expires = q.some_expire and call('HGET', e.job, 'infra.expires')
    if expires then
        call('ZADD', q.expiring, expires, e.id)
    end
    if run_at then
        set_fields(e, 'delay', math.max(0, run_at - now), 'infra.since', run_at)
        stand_aside(q, e.id, run_at)
        tell(q, 'delayed', 'jobId', e.id, 'delay', run_at, 'infra', mark, 'reason', e.text)
        q.must_ring_later = true
        return
    end
    set_fields(e, 'infra.since', ARGV[1])
    stand_in_line(q, e.id, e.of.priority, e.front or e.of.front)
    tell(q, 'waiting', 'jobId', e.id, 'prev', 'active', 'infra', mark, 'reason', e.text)
    q.must_ring = true
end

local function wait_for_children(e)
    if call('SCARD', e.job .. ':dependencies') == 0 then
        call('HSET', e.job, 'infra.family', look_of_children(e.job))
        e.front = true
        return go_on(e, 'returned')
    end
    call('ZADD', e.q.base .. ':waiting-children', now, e.id)
    tell(e.q, 'waiting-children', 'jobId', e.id, 'prev', 'active')
end

local function drop(e, known)
    if known.dedup then
        free_slot(e.q, e.id, known.dedup, now)
    end
    if known.parent then
        leave_parent(known.parent, e.job, now)
    end
    keys_of(e.job, forgotten)
    tell(e.q, 'removed', 'jobId', e.id, 'prev', 'active')
end

-- One of whose children nothing became since it was last told to run would only run again as it ran just now.
local function may_wait(job)
    return call('SCARD', job .. ':dependencies') > 0 or look_of_children(job) ~= (call('HGET', job, 'infra.family') or '0 0 0 0')
end

-- A job that somebody wants to end does not run again, and one whose children are not done, or failed it, is not completed.
local function why_it_fails(e, cancelled)
    if cancelled and e.how ~= 'completed' and e.how ~= 'failed' and e.how ~= 'dropped' then
        return 'cancelled'
    end
    if e.how == 'failed' or e.how == 'dropped' then
        return nil
    end
    local culprit = e.of.some_have_children and call('ZRANGE', e.job .. ':unsuccessful', 0, 0)[1]
    if culprit then
        return 'child ' .. culprit .. ' failed'
    elseif e.how == 'waits' and not may_wait(e.job) then
        return 'it waits for children, and none is pending: ask job_context::count_children() before verdict::wait_for_children()'
    elseif not e.of.some_have_children then
        return nil
    end
    if e.how == 'completed' and call('SCARD', e.job .. ':dependencies') > 0 and call('EXISTS', e.job .. ':failed') == 0 then
        return 'it returned before its children were done: return verdict::wait_for_children()'
    end
end

local function record(e, known)
    local reason = why_it_fails(e, known.cancelled)
    if reason then
        e.how, e.text, e.is_last, e.keep = 'failed', reason, true, e.of.keep_failed
    end
    if e.how == 'completed' or e.how == 'failed' then
        finish(e, known)
    elseif e.how == 'dropped' then
        drop(e, known)
    elseif e.how == 'waits' then
        wait_for_children(e)
    else
        go_on(e, e.how == 'retry' and 'retrying' or 'returned')
    end
end

-- Nearly all, without parents, slots and children, and kept: the same as `record`, without a look at what they have not.
local function complete_plainly(g, id, job, result)
    call('HSET', job, 'atm', g.made, 'returnvalue', result, 'finishedOn', ARGV[1])
    put_into_history(g.q, 'completed', id, g.keep)
    tell(g.q, 'completed', 'jobId', id, 'returnvalue', result, 'prev', 'active')
end

local function record_one(g, at, job)
    local found = call('HMGET', job, 'name', 'parentKey', 'deid', 'infra.cancel')
    if not found[1] then
        return false -- its hash has gone under its worker's hands
    end
    local parent = found[2] ~= '' and found[2]
    if g.is_plain and not parent and not found[3] then
        complete_plainly(g, ARGV[at], job, ARGV[at + 2])
        return true
    end
    local e = {of = g, q = g.q, how = g.how, keep = g.keep, id = ARGV[at], job = job, text = ARGV[at + 2]}
    e.traces = g.width == 4 and ARGV[at + 3] or nil
    record(e, {parent = parent, dedup = found[3], cancelled = found[4]})
    return true
end

-- Which of a group hold their locks, and whether any of them waits, or should, for children: most never do, and one look tells.
local function look_at(g)
    local jobs, locks, children = {}, {}, {}
    for i = 1, g.n do
        local job = g.q.base .. ':' .. ARGV[g.first + (i - 1) * g.width]
        jobs[i], locks[i] = job, job .. ':lock'
        children[2 * i - 1], children[2 * i] = job .. ':dependencies', job .. ':unsuccessful'
    end
    in_pieces(children, function(...)
        g.some_have_children = g.some_have_children or call('EXISTS', ...) > 0
    end)
    g.is_plain = g.how == 'completed' and not g.some_have_children and g.keep.count ~= '0'
    return jobs, locks
end

-- Of the last in a list, which are those that have run for longest, those whose ids are `leaving` go; gives what went.
local function take_out_of(list, leaving, n)
    local tail, gone, stay = call('LRANGE', list, -n, -1), {}, {}
    for _, id in ipairs(tail) do
        if leaving[id] then
            gone[id] = true
        else
            stay[#stay + 1] = id
        end
    end
    if #stay < #tail then
        call('LTRIM', list, 0, -#tail - 1)
        in_pieces(stay, function(...) call('RPUSH', list, ...) end)
    end
    return gone
end

-- Several leave together: one look at the end of the list, instead of one for each of them.
local function leave_active(g, holders)
    local leaving, gone = {}, {}
    for i = 1, g.n do
        local at = g.first + (i - 1) * g.width
        leaving[ARGV[at]] = holders[i] == ARGV[at + 1] or nil
    end
    if g.n > 3 then
        gone = take_out_of(g.q.active, leaving, 2 * g.n)
    end
    for id in pairs(leaving) do
        gone[id] = gone[id] or call('LREM', g.q.active, -1, id) > 0
    end
    return gone
end

local function record_group(g)
    local jobs, locks = look_at(g)
    local gone = leave_active(g, call('MGET', unpack(locks)))
    for i = 1, g.n do
        local at = g.first + (i - 1) * g.width
        local id = ARGV[at]
        if gone[id] then
            forgotten[#forgotten + 1] = locks[i]
            g.q.unlocked[#g.q.unlocked + 1] = id
        end
        local group = gone[id] and g.q.has_groups and group_of(g.q, id)
        if group then
            fair.stop(g.q, group, id)
        end
        if not gone[id] or not record_one(g, at, jobs[i]) then
            unrecorded[#unrecorded + 1] = ends_read + i
        end
        if group then
            fair.look(g.q, group)
        end
        gone[id] = false -- once
    end
    ends_read = ends_read + g.n
    g.q.has_ends = true
    return g.first + g.n * g.width
end

local function keep_history(q, state)
    local ended, set = q.ended[state], q.base .. ':' .. state
    if ended.n == 0 then
        return
    end
    in_pieces(ended.scores, function(...) call('ZADD', set, ...) end)
    for _, keep in pairs(ended.rules) do
        keep_only(q, state, keep.count, keep.age, now)
    end
    if most_minutes > 0 then
        count_minutes(q, state, ended.n, most_minutes, now)
    end
end

local function record_all()
    local at = 12
    while at <= #ARGV do
        at = record_group(read_group(at))
    end
    fail_doomed(now)
    forget_all()
    for _, q in ipairs(queues) do
        in_pieces(q.unlocked, function(...) call('SREM', q.base .. ':stalled', ...) end)
        keep_history(q, 'completed')
        keep_history(q, 'failed')
    end
end
