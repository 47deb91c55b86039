-- How jobs ended: what work.lua was given is recorded, all of it or what still holds its lock.

local unlocked, forgotten, ended = {}, {}, {completed = {}, failed = {}}
local must_ring, must_ring_later = false, false

local function read_end(at)
    local id, words = ARGV[at + 1], tonumber(ARGV[at + 13])
    local job = q.base .. ':' .. id
    local e = {
        how = ARGV[at],
        id = id,
        job = job,
        lock = job .. ':lock',
        token = ARGV[at + 2],
        text = ARGV[at + 3],
        count = ARGV[at + 4],
        age = ARGV[at + 5],
        failed_count = ARGV[at + 6],
        failed_age = ARGV[at + 7],
        run_at = tonumber(ARGV[at + 8]),
        priority = tonumber(ARGV[at + 9]),
        front = ARGV[at + 10] == 'front',
        attempts = tonumber(ARGV[at + 11]),
        made = tonumber(ARGV[at + 12]),
        words = at + 14,
        last_word = at + 13 + words,
    }
    return e, e.last_word + 1
end

-- Those that came with it, and then others, which count; in one call, as each costs more than what it writes.
local function set_fields(e, ...)
    local all = {unpack(ARGV, e.words, e.last_word)}
    for _, each in ipairs({...}) do
        all[#all + 1] = each
    end
    if #all > 0 then
        call('HSET', e.job, unpack(all))
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
    tell(q, e.how, 'jobId', e.id, field, e.text, 'prev', 'active')
    if e.how == 'failed' and e.made >= e.attempts then
        tell(q, 'retries-exhausted', 'jobId', e.id, 'attemptsMade', e.made)
    end
end

local function finish(e, known)
    if known[3] then
        free_slot(q, e.id, known[3], now)
    end
    tell_parent(e, known)
    local field = e.how == 'completed' and 'returnvalue' or 'failedReason'
    local all = ended[e.how]
    all[#all + 1] = e
    if e.count == '0' then
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
    if e.run_at then
        set_fields(e, 'delay', math.max(0, e.run_at - now))
        stand_aside(q, e.id, e.run_at)
        tell(q, 'delayed', 'jobId', e.id, 'delay', e.run_at, 'infra', mark, 'reason', e.text)
        must_ring_later = true
        return
    end
    set_fields(e)
    stand_in_line(q, e.id, e.priority, e.front)
    tell(q, 'waiting', 'jobId', e.id, 'prev', 'active', 'infra', mark, 'reason', e.text)
    must_ring = true
end

local function wait_for_children(e)
    if call('SCARD', e.job .. ':dependencies') == 0 then
        e.front = true
        return go_on(e, 'returned')
    end
    set_fields(e)
    call('ZADD', q.base .. ':waiting-children', now, e.id)
    tell(q, 'waiting-children', 'jobId', e.id, 'prev', 'active')
end

local function drop(e, known)
    if known[3] then
        free_slot(q, e.id, known[3], now)
    end
    if known[1] then
        leave_parent(known[1], e.job, now)
    end
    keys_of(e.job, forgotten)
    tell(q, 'removed', 'jobId', e.id, 'prev', 'active')
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
    e.how, e.text, e.run_at, e.attempts = 'failed', reason, nil, math.huge
    e.count, e.age = e.failed_count, e.failed_age
end

local function leave_active(e)
    if e.holder ~= e.token or call('LREM', q.active, -1, e.id) == 0 then
        return false
    end
    unlocked[#unlocked + 1] = e.id
    forgotten[#forgotten + 1] = e.lock
    return true
end

local function record(e)
    if not leave_active(e) then
        return 0
    end
    local known = call('HMGET', e.job, 'parentKey', 'parent', 'deid', 'infra.cancel', 'name', 'defa')
    if not known[5] then
        return 0 -- its hash has gone under its worker's hands
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
    return 1
end

local function put_into_history(state)
    local all, scores = ended[state], {}
    for _, e in ipairs(all) do
        if e.count ~= '0' then
            scores[#scores + 1], scores[#scores + 2] = ARGV[1], e.id
        end
    end
    in_pieces(scores, function(...) call('ZADD', q.base .. ':' .. state, ...) end)
    local seen = {}
    for _, e in ipairs(all) do
        local rule = e.count .. ' ' .. e.age
        if e.count ~= '0' and not seen[rule] then
            seen[rule] = true
            keep_only(q, state, e.count, e.age, now)
        end
    end
    if #all > 0 and most_minutes > 0 then
        count_minutes(q, state, #all, most_minutes, now)
    end
end

local function read_ends()
    local ends, locks, children, at = {}, {}, {}, 7
    while at <= #ARGV do
        local e
        e, at = read_end(at)
        ends[#ends + 1] = e
        locks[#locks + 1] = e.lock
        children[#children + 1] = e.job .. ':dependencies'
        children[#children + 1] = e.job .. ':unsuccessful'
    end
    if #ends > 0 then
        for i, holder in ipairs(call('MGET', unpack(locks))) do
            ends[i].holder = holder
        end
        some_have_children = call('EXISTS', unpack(children)) > 0
    end
    return ends
end

local function record_all()
    local answers, ends = {}, read_ends()
    if #ends > 0 then
        trim_events(q)
    end
    for _, e in ipairs(ends) do
        answers[#answers + 1] = record(e)
    end
    in_pieces(forgotten, function(...) call('DEL', ...) end)
    in_pieces(unlocked, function(...) call('SREM', q.base .. ':stalled', ...) end)
    put_into_history('completed')
    put_into_history('failed')
    if must_ring_later then
        ring_later(q)
    end
    return answers
end
