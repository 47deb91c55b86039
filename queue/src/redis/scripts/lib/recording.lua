-- How jobs ended: what work.lua was given is recorded, all of it or what still holds its lock.

local forgotten = {}

local function read_group(at)
    return {
        q = queues[tonumber(ARGV[at])],
        how = ARGV[at + 1],
        token = ARGV[at + 2],
        keep = {count = ARGV[at + 3], age = ARGV[at + 4]},
        keep_failed = {count = ARGV[at + 5], age = ARGV[at + 6]},
        run_at = tonumber(ARGV[at + 7]),
        priority = tonumber(ARGV[at + 8]),
        front = ARGV[at + 9] == 'front',
        attempts = tonumber(ARGV[at + 10]),
        made = tonumber(ARGV[at + 11]),
        has_traces = ARGV[at + 1] == 'failed' or ARGV[at + 1] == 'retry',
    }, tonumber(ARGV[at + 12]), at + 13
end

local function read_end(group, at)
    local id = ARGV[at]
    local e = {of = group, q = group.q, how = group.how, keep = group.keep, id = id, job = group.q.base .. ':' .. id, text = ARGV[at + 1]}
    if not group.has_traces then
        return e, at + 2
    end
    e.traces = ARGV[at + 2]
    return e, at + 3
end

local function read_ends()
    local ends, at = {}, 10
    while at <= #ARGV do
        local group, n
        group, n, at = read_group(at)
        group.q.has_ends = true
        for _ = 1, n do
            ends[#ends + 1], at = read_end(group, at)
        end
    end
    return ends
end

-- What else changes in the hash; in one call, as each costs more than what it writes.
local function set_fields(e, ...)
    local made = tostring(e.of.made)
    if e.traces then
        call('HSET', e.job, 'atm', made, 'failedReason', e.text, 'stacktrace', e.traces, ...)
    elseif e.of.how == 'completed' then
        call('HSET', e.job, 'atm', made, ...)
    elseif select('#', ...) > 0 then
        call('HSET', e.job, ...)
    end
end

local function tell_parent(e, known)
    local link = read_link(known[1], known[2])
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
    if e.how == 'failed' and (e.is_last or e.of.made >= e.of.attempts) then
        tell(e.q, 'retries-exhausted', 'jobId', e.id, 'attemptsMade', e.of.made)
    end
end

local function finish(e, known)
    if known[3] then
        free_slot(e.q, e.id, known[3], now)
    end
    tell_parent(e, known)
    local field = e.how == 'completed' and 'returnvalue' or 'failedReason'
    local all = e.q.ended[e.how]
    all[#all + 1] = e
    if e.keep.count == '0' then
        keys_of(e.job, forgotten)
        if known[1] then
            leave_parent(known[1], e.job, now)
        end
    else
        set_fields(e, field, e.text, 'finishedOn', ARGV[1])
        if known[6] and e.how == 'failed' then
            call('HDEL', e.job, 'defa')
        end
    end
    tell_of_end(e, field)
end

-- In line or aside once more; `mark` is our word for why.
local function go_on(e, mark)
    local q, run_at = e.q, e.of.run_at
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
        e.front = true
        return go_on(e, 'returned')
    end
    call('ZADD', e.q.base .. ':waiting-children', now, e.id)
    tell(e.q, 'waiting-children', 'jobId', e.id, 'prev', 'active')
end

local function drop(e, known)
    if known[3] then
        free_slot(e.q, e.id, known[3], now)
    end
    if known[1] then
        leave_parent(known[1], e.job, now)
    end
    keys_of(e.job, forgotten)
    tell(e.q, 'removed', 'jobId', e.id, 'prev', 'active')
end

-- Whether any of those that ended waits, or should, for children; most never do, and one look tells.
local some_have_children = false

-- A job that somebody wants to end does not run again, and one whose children are not done, or failed it, is not completed.
local function why_it_fails(e, cancelled)
    if cancelled and e.how ~= 'completed' and e.how ~= 'failed' and e.how ~= 'dropped' then
        return 'cancelled'
    end
    if not some_have_children or e.how == 'failed' or e.how == 'dropped' then
        return nil
    end
    local culprit = call('ZRANGE', e.job .. ':unsuccessful', 0, 0)[1]
    if culprit then
        return 'child ' .. culprit .. ' failed'
    end
    if e.how == 'completed' and call('SCARD', e.job .. ':dependencies') > 0 and call('EXISTS', e.job .. ':failed') == 0 then
        return 'it returned before its children were done: return verdict::wait_for_children()'
    end
end

local function fail_instead(e, reason)
    e.how, e.text, e.is_last, e.keep = 'failed', reason, true, e.of.keep_failed
end

local function leave_active(e)
    if e.holder ~= e.of.token or call('LREM', e.q.active, -1, e.id) == 0 then
        return false
    end
    e.q.unlocked[#e.q.unlocked + 1] = e.id
    forgotten[#forgotten + 1] = e.lock
    return true
end

local function record(e)
    if not leave_active(e) then
        return false
    end
    local known = call('HMGET', e.job, 'parentKey', 'parent', 'deid', 'infra.cancel', 'name', 'defa')
    if not known[5] then
        return false -- its hash has gone under its worker's hands
    end
    local reason = why_it_fails(e, known[4])
    if reason then
        fail_instead(e, reason)
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
    return true
end

local function put_into_history(q, state)
    local all, scores, rules = q.ended[state], {}, {}
    for _, e in ipairs(all) do
        if e.keep.count ~= '0' then
            scores[#scores + 1], scores[#scores + 2] = ARGV[1], e.id
            rules[e.keep.count .. ' ' .. e.keep.age] = e.keep
        end
    end
    in_pieces(scores, function(...) call('ZADD', q.base .. ':' .. state, ...) end)
    for _, keep in pairs(rules) do
        keep_only(q, state, keep.count, keep.age, now)
    end
    if #all > 0 and most_minutes > 0 then
        count_minutes(q, state, #all, most_minutes, now)
    end
end

local function look_at(ends)
    local locks, children = {}, {}
    for i, e in ipairs(ends) do
        e.lock = e.job .. ':lock'
        locks[i] = e.lock
        children[2 * i - 1] = e.job .. ':dependencies'
        children[2 * i] = e.job .. ':unsuccessful'
    end
    local at = 0
    in_pieces(locks, function(...)
        for _, holder in ipairs(call('MGET', ...)) do
            at = at + 1
            ends[at].holder = holder
        end
    end)
    in_pieces(children, function(...)
        some_have_children = some_have_children or call('EXISTS', ...) > 0
    end)
end

local function forget_all()
    in_pieces(forgotten, function(...) call('DEL', ...) end)
    forgotten = {}
end

local function record_all()
    local unrecorded, ends = {}, read_ends()
    look_at(ends)
    for _, q in ipairs(queues) do
        if q.has_ends then
            trim_events(q)
        end
    end
    for i, e in ipairs(ends) do
        if not record(e) then
            unrecorded[#unrecorded + 1] = i
        end
    end
    forget_all()
    for _, q in ipairs(queues) do
        in_pieces(q.unlocked, function(...) call('SREM', q.base .. ':stalled', ...) end)
        put_into_history(q, 'completed')
        put_into_history(q, 'failed')
    end
    return unrecorded
end

-- Who waits is told what has changed for him.
local function settle(q)
    if q.must_ring_later then
        ring_later(q)
    end
    if not (q.must_ring or q.has_taken or q.has_ends) then
        return
    end
    if some_wait(q) then
        ring(q)
    elseif not q.has_taken and call('EXISTS', q.active) == 0 then
        call('DEL', q.leases)
        if #q.ended.completed + #q.ended.failed > 0 then
            tell(q, 'drained')
        end
    end
end
