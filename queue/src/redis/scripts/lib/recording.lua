-- How jobs ended: what work.lua was given is recorded, all of it or what still holds its lock.

local unlocked, unrecorded, ends_read = {}, {}, 0

local function forget_all()
    in_pieces(forgotten, function(...) call('DEL', ...) end)
    forgotten = {}
end

-- Of a bound that is a number below 0, nothing.
local function bound_text(number)
    return number >= 0 and string.format('%.0f', number) or ''
end

local function text_of(g, i)
    return ARGV[g.texts + (i - 1) * g.text_step]
end

-- What those that ended alike share, and where their ids, tokens, texts and traces are: each in a row, as a row goes to a command without a table.
local function read_group(at)
    local how, first = ARGV[at], at + 4
    local number, n, was_plain, tokens, texts, made, attempts, priority, front, run_at, count, age =
        struct.unpack('<dddddddddddd', ARGV[at + 3])
    local traces = (how == 'failed' or how == 'retry') and n or 0
    return {
        q = queues[number],
        how = how,
        keep = {count = ARGV[at + 1], age = ARGV[at + 2]},
        keep_failed = {count = bound_text(count), age = bound_text(age)},
        run_at = run_at >= 0 and run_at or nil,
        priority = priority,
        front = front == 1,
        attempts = attempts,
        made = string.format('%.0f', made),
        was_plain = was_plain == 1,
        n = n,
        ids = first - 1,
        tokens = first + n,
        token_step = tokens > 1 and 1 or 0,
        texts = first + n + tokens,
        text_step = texts > 1 and 1 or 0,
        traces = traces > 0 and first + n + tokens + texts - 1,
        next = first + n + tokens + texts + traces,
    }
end

-- Nearly all; the same as `record`, without a look at what they have not.
local function complete(g, i, job)
    local id, text = ARGV[g.ids + i], text_of(g, i)
    local written = redis.pcall('HSET', job, 'atm', g.made, 'returnvalue', text, 'finishedOn', ARGV[1])
    if type(written) == 'table' then
        return false -- it is no hash any more
    end
    put_into_history(g.q, 'completed', id)
    tell(g.q, 'completed', 'jobId', id, 'returnvalue', text, 'prev', 'active')
    g.completed = g.completed + 1
    return true
end

local function record_one(g, i, job)
    if g.is_known then
        return complete(g, i, job)
    end
    local found = read_hash(job, 'name', 'parentKey', 'deid', 'infra.cancel')
    if not found[1] then
        return false -- its hash has gone under its worker's hands
    end
    local parent = found[2] ~= '' and found[2]
    if g.is_plain and not (parent or found[3] or found[4]) then
        return complete(g, i, job)
    end
    local id, text = ARGV[g.ids + i], text_of(g, i)
    local e = {of = g, q = g.q, how = g.how, keep = g.keep, id = id, job = job, text = text, traces = g.traces and ARGV[g.traces + i]}
    record(e, {parent = parent, dedup = found[3], cancelled = found[4]})
    return true
end

-- How many of these keys are there.
local function count_keys(keys)
    local n = 0
    in_pieces(keys, function(...) n = n + call('EXISTS', ...) end)
    return n
end

-- Also whether any of a group waits, or should, for children: most never do, and one look tells; another, whether all are as they were when
-- they were taken.
local function look_at(g)
    local jobs, locks, children = {}, {}, {}
    for i = 1, g.n do
        local job = g.q.base .. ':' .. ARGV[g.ids + i]
        jobs[i], locks[i] = job, job .. ':lock'
        children[2 * i - 1], children[2 * i] = job .. ':dependencies', job .. ':unsuccessful'
    end
    children[#children + 1] = g.q.marked
    local found = count_keys(children)
    g.some_are_marked = found > 0 and call('EXISTS', g.q.marked) == 1
    g.some_have_children = found > (g.some_are_marked and 1 or 0)
    g.is_plain = g.how == 'completed' and not g.some_have_children and g.keep.count ~= '0'
    g.is_known = g.is_plain and g.was_plain and not g.some_are_marked and count_keys(jobs) == g.n
    g.completed = 0
    return jobs, locks
end

-- Those whose lock is theirs: id -> 'held'.
local function find_held(g, locks)
    local held, i = {}, 0
    in_pieces(locks, function(...)
        for _, holder in ipairs(call('MGET', ...)) do
            i = i + 1
            if holder == ARGV[g.tokens + (i - 1) * g.token_step] then
                held[ARGV[g.ids + i]] = 'held'
            end
        end
    end)
    return held
end

-- They leave from the end of the list, where those are that have run for longest: one look at it, instead of one for each of them.
local function take_from_end(list, held, n)
    local tail, stay = call('LRANGE', list, -n, -1), {}
    for _, id in ipairs(tail) do
        if held[id] then
            held[id] = 'gone'
        else
            stay[#stay + 1] = id
        end
    end
    if #stay < #tail then
        call('LTRIM', list, 0, -#tail - 1)
        in_pieces(stay, function(...) call('RPUSH', list, ...) end)
    end
end

local function leave_active(g, held)
    if g.n > 3 then
        take_from_end(g.q.active, held, g.n + 16)
    end
    for id, where in pairs(held) do
        if where == 'held' and call('LREM', g.q.active, '-1', id) > 0 then
            held[id] = 'gone'
        end
    end
end

-- Out of its group as well, which may go on with another one then.
local function record_in_group(g, i, job)
    local id = ARGV[g.ids + i]
    local group = g.q.has_groups and group_of(g.q, id)
    if not group then
        return record_one(g, i, job)
    end
    fair.stop(g.q, group, id)
    local is_recorded = record_one(g, i, job)
    fair.look(g.q, group)
    return is_recorded
end

-- One that cannot be recorded as it ended, since what somebody else has written of it, or of its parent, is of another kind: it has failed, and
-- its neighbours have ended as they did. False if its own hash is that.
local function fail_instead(g, i, job, failure)
    local id, reason = ARGV[g.ids + i], 'its end could not be recorded: ' .. reason_of(failure)
    for _, ended in pairs(g.q.ended) do
        local n = #ended.scores
        if ended.scores[n] == id then
            ended.scores[n], ended.scores[n - 1] = nil, nil
        end
    end
    if type(redis.pcall('HSET', job, 'atm', g.made, 'failedReason', reason, 'finishedOn', ARGV[1])) == 'table' then
        return false
    end
    call('HDEL', job, 'defa', 'infra.cancel')
    put_into_history(g.q, 'failed', id)
    g.q.ended.failed.n = g.q.ended.failed.n + 1
    tell(g.q, 'failed', 'jobId', id, 'failedReason', reason, 'prev', 'active')
    return true
end

local function record_in_any_case(g, i, job)
    local is_done, is_recorded = pcall(record_in_group, g, i, job)
    if is_done then
        return is_recorded
    end
    return fail_instead(g, i, job, is_recorded)
end

-- Out of those that are marked; also some whose end nobody told us.
local function unmark(q, ids)
    in_pieces(ids, function(...) call('SREM', q.marked, ...) end)
    for _, id in ipairs(call('SRANDMEMBER', q.marked, 16)) do
        if call('EXISTS', q.base .. ':' .. id .. ':lock') == 0 then
            call('SREM', q.marked, id)
        end
    end
end

local function record_group(g)
    local jobs, locks = look_at(g)
    local held = find_held(g, locks)
    local is_done, failure = pcall(leave_active, g, held)
    if not is_done then
        check_foreign(failure)
        held = {} -- none of them can have been in it
    end
    for i = 1, g.n do
        local id = ARGV[g.ids + i]
        local is_recorded = false
        if held[id] == 'gone' then
            held[id] = 'recorded' -- once
            forgotten[#forgotten + 1] = locks[i]
            unlocked[#unlocked + 1] = id
            is_recorded = record_in_any_case(g, i, jobs[i])
        end
        if not is_recorded then
            unrecorded[#unrecorded + 1] = ends_read + i
        end
    end
    if g.completed > 0 then
        keep_by(g.q, 'completed', g.keep)
        g.q.ended.completed.n = g.q.ended.completed.n + g.completed
    end
    in_pieces(unlocked, function(...) redis.pcall('SREM', g.q.base .. ':stalled', ...) end)
    if g.some_are_marked then
        pcall(unmark, g.q, unlocked)
    end
    unlocked, ends_read = {}, ends_read + g.n
    g.q.has_ends = true
end

-- Active again, without a lock, they run once more instead of standing nowhere.
local function keep_active(q, scores)
    for i = 2, #scores, 2 do
        call('LPUSH', q.active, scores[i])
    end
end

local function keep_history(q, state)
    local ended, set = q.ended[state], q.base .. ':' .. state
    if ended.n == 0 then
        return
    end
    if not pcall(in_pieces, ended.scores, function(...) call('ZADD', set, ...) end) then
        return keep_active(q, ended.scores) -- it is somebody's key, of another kind
    end
    for _, keep in pairs(ended.rules) do
        keep_only(q, state, keep.count, keep.age, now)
    end
    if most_minutes > 0 then
        pcall(count_minutes, q, state, ended.n, most_minutes, now)
    end
end

local function record_all()
    local at = 6
    while at <= #ARGV do
        local g = read_group(at)
        record_group(g)
        at = g.next
    end
    if #doomed > 0 then
        fail_doomed(now)
    end
    forget_all()
    for _, q in ipairs(queues) do
        keep_history(q, 'completed')
        keep_history(q, 'failed')
    end
end
