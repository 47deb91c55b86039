-- Records how jobs of a queue ended, and takes others.
--
-- KEYS  1 the queue's base
-- ARGV  1 now  2 the token of new locks  3 their time in ms  4 the worker's name, or nothing  5 how many to take  6 how many minutes of history
--       then of each that ended: how (completed, failed, retry, returned, waits, dropped); its id; its token; its result or reason; how many of
--       its kind to keep, or nothing; for how many seconds, or nothing; the same two for the case that it fails instead; the time until which it is
--       delayed, or nothing; its priority; `front` or nothing; its attempts; how many it made; how many words of its hash change, those words
-- gives {for each: 1 if it was recorded, 0 if its lock was not there;  of each taken: its id and its hash;  when to come again, or nothing}

-- use queue
-- use parents
-- use ends

local q = open_queue(KEYS[1])
local now, token, lock_time, worker = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local most, most_minutes = tonumber(ARGV[5]), tonumber(ARGV[6])

-- --- ends ---

local unlocked, forgotten, ended = {}, {}, {completed = {}, failed = {}}
local must_ring, must_ring_later = false, false

local function read_end(at)
    local words = tonumber(ARGV[at + 13])
    local e = {
        how = ARGV[at],
        id = ARGV[at + 1],
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
    e.job = q.base .. ':' .. e.id
    return e, e.last_word + 1
end

local function set_fields(e, ...)
    if e.words <= e.last_word then
        call('HSET', e.job, unpack(ARGV, e.words, e.last_word))
    end
    if ... then
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
        set_fields(e, field, e.text, 'finishedOn', now)
        if e.how == 'failed' then
            call('HDEL', e.job, 'defa')
        end
    end
    tell_of_end(e, field)
end

-- In line or aside once more; `mark` is our word for why.
local function go_on(e, mark)
    set_fields(e)
    if e.run_at then
        call('HSET', e.job, 'delay', math.max(0, e.run_at - now))
        stand_aside(q, e.id, e.run_at)
        tell(q, 'delayed', 'jobId', e.id, 'delay', e.run_at, 'infra', mark, 'reason', e.text)
        must_ring_later = true
        return
    end
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

-- A job that somebody wants to end does not run again, and one whose children are not done, or failed it, is not completed.
local function why_it_fails(e, cancelled)
    if e.how == 'failed' or e.how == 'dropped' then
        return nil
    end
    if cancelled and e.how ~= 'completed' then
        return 'cancelled'
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
    if call('GET', e.job .. ':lock') ~= e.token or call('LREM', q.active, -1, e.id) == 0 then
        return false
    end
    unlocked[#unlocked + 1] = e.id
    forgotten[#forgotten + 1] = e.job .. ':lock'
    return true
end

local function record(e)
    if not leave_active(e) then
        return 0
    end
    local known = call('HMGET', e.job, 'parentKey', 'parent', 'deid', 'infra.cancel', 'name')
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
            scores[#scores + 1], scores[#scores + 2] = now, e.id
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

local function record_all()
    local answers, at = {}, 7
    if at <= #ARGV then
        trim_events(q)
    end
    while at <= #ARGV do
        local e
        e, at = read_end(at)
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

-- --- claims ---

local function promote()
    local due = call('ZRANGEBYSCORE', q.delayed, 0, (now + 1) * 4096 - 1, 'LIMIT', 0, 1000)
    if #due == 0 then
        return
    end
    call('ZREM', q.delayed, unpack(due))
    for _, id in ipairs(due) do
        local job = q.base .. ':' .. id
        stand_in_line(q, id, priority_of(job), false)
        tell(q, 'waiting', 'jobId', id, 'prev', 'delayed')
        call('HSET', job, 'delay', 0)
    end
    must_ring = true
end

-- How many may be started, and, where a limit alone forbids it, when again.
local function allowance()
    if q.paused then
        return 0
    end
    local left = most
    if q.concurrency then
        left = math.min(left, q.concurrency - call('LLEN', q.active))
    end
    if q.most_starts and q.window then
        local limiter = q.base .. ':limiter'
        local started, over_in = tonumber(call('GET', limiter)) or 0, call('PTTL', limiter)
        if started >= q.most_starts and over_in > 0 then
            return 0, now + over_in
        end
        left = math.min(left, over_in > 0 and q.most_starts - started or q.most_starts)
    end
    return math.max(0, left)
end

-- Old versions left marks among the ids, which begin with `0:`.
local function from_line(n)
    local ids = {}
    while #ids < n do
        local some = call('RPOP', q.wait, n - #ids)
        if not some or #some == 0 then
            break
        end
        for _, id in ipairs(some) do
            if string.sub(id, 1, 2) ~= '0:' then
                ids[#ids + 1] = id
            end
        end
    end
    return ids
end

local function next_ids(n)
    local ids = from_line(n)
    if #ids < n then
        local some = call('ZPOPMIN', q.prioritized, n - #ids)
        if #some == 0 then
            call('DEL', q.base .. ':pc')
        end
        for i = 1, #some, 2 do
            ids[#ids + 1] = some[i]
        end
    end
    return ids
end

local function count_starts(n)
    if not (q.most_starts and q.window) or n == 0 then
        return
    end
    local limiter = q.base .. ':limiter'
    if call('INCRBY', limiter, n) == n then
        call('PEXPIRE', limiter, q.window)
    end
end

-- Reads the hash, and changes in what was read what the start changes.
local function start(id, into)
    local job = q.base .. ':' .. id
    local hash = call('HGETALL', job)
    if #hash == 0 then
        return false -- somebody took it away and left its id
    end
    local starts, doomed = 0, false
    for i = 1, #hash, 2 do
        if hash[i] == 'ats' then
            starts = tonumber(hash[i + 1]) or 0
        end
        doomed = doomed or hash[i] == 'defa'
    end
    local changed = {'ats', starts + 1, 'processedOn', now}
    if worker ~= '' then
        changed[5], changed[6] = 'pb', worker
    end
    call('SET', job .. ':lock', token, 'PX', lock_time)
    call('HSET', job, unpack(changed))
    tell(q, 'active', 'jobId', id, 'prev', 'waiting')
    for _, each in ipairs(changed) do
        hash[#hash + 1] = tostring(each)
    end
    into[#into + 1], into[#into + 2] = id, hash
    return true, doomed
end

local function claim()
    local taken, counted = {}, 0
    local left, again = allowance()
    if left == 0 then
        return taken, again
    end
    local ids = next_ids(left)
    local started = {}
    for _, id in ipairs(ids) do
        local is_there, doomed = start(id, taken)
        if is_there then
            started[#started + 1] = id
            counted = counted + (doomed and 0 or 1)
        end
    end
    in_pieces(started, function(...) call('LPUSH', q.active, ...) end)
    count_starts(counted)
    return taken, nil
end

local function some_wait()
    return call('LLEN', q.wait) > 0 or call('ZCARD', q.prioritized) > 0
end

local answers = record_all()
promote()
local taken, again = {}, nil
if most > 0 then
    taken, again = claim()
end
if must_ring or #taken > 0 or #answers > 0 then
    if some_wait() then
        ring(q)
    elseif #ended.completed + #ended.failed > 0 and call('LLEN', q.active) == 0 then
        tell(q, 'drained')
    end
end
if not again then
    local first = call('ZRANGE', q.delayed, 0, 0, 'WITHSCORES')
    again = first[2] and math.floor(first[2] / 4096)
end
return {answers, taken, again and string.format('%.0f', again) or false}
