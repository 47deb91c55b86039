-- What may be started, is: as far as pause, concurrency and rate let it, and in fair turns.

-- How many may be started, and, where a limit alone forbids it, when again.
local function allowance(q)
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
        if over_in == 0 then
            call('DEL', limiter) -- it ends in this very millisecond, and would take what starts now along
        end
        if started >= q.most_starts and over_in > 0 then
            return 0, some_wait(q) and now + over_in or nil
        end
        left = math.min(left, over_in > 0 and q.most_starts - started or q.most_starts)
    end
    return math.max(0, left)
end

-- Old versions left marks among the ids, which begin with `0:`.
local function without_marks(popped, ids)
    for _, id in ipairs(popped) do
        if string.sub(id, 1, 2) ~= '0:' then
            ids[#ids + 1] = id
        end
    end
    return ids
end

local function from_line(q, n)
    local ids = {}
    repeat
        local popped = call('RPOP', q.wait, n - #ids) or {}
        without_marks(popped, ids)
    until #ids == n or #popped == 0
    return ids
end

local function next_ids(q, n)
    local ids = from_line(q, n)
    if #ids == n then
        return ids
    end
    local some = redis.pcall('ZPOPMIN', q.prioritized, n - #ids) -- those of the line are out of it by now, and nothing may stop here
    if #some == 0 then
        call('DEL', q.base .. ':pc')
    end
    for i = 1, #some, 2 do
        ids[#ids + 1] = some[i]
    end
    q.is_exhausted = #ids < n
    return ids
end

local function count_starts(q, n)
    if not (q.most_starts and q.window) or n == 0 then
        return
    end
    local limiter = q.base .. ':limiter'
    if call('INCRBY', limiter, n) == n then
        call('PEXPIRE', limiter, q.window)
    end
end

local function start(q, id)
    local job = q.base .. ':' .. id
    local fields = read_fields(q, job)
    local expires = fields[11]
    if not fields[1] then
        call('LREM', q.active, '1', id) -- somebody took it away and left its id
        q.must_ring = true -- others may stand behind it
        return false
    elseif expires and (tonumber(expires) or 0) <= now then
        call('LREM', q.active, '1', id)
        fail_as_expired(q, id, 'waiting')
        return false
    end
    fields[2] = fields[2] and string.format('%.0f', (tonumber(fields[2]) or 0) + 1) or '1'
    note_start(q, id, job, fields[2])
    if expires then
        call('ZREM', q.expiring, id)
    end
    put_taken(fields, q.number, id)
    return true, fields[3]
end

-- Where that is somebody's key, of another kind, they stand in line again.
local function make_active(q, ids)
    local is_done, failure = pcall(in_pieces, ids, function(...) call('LPUSH', q.active, ...) end)
    if not is_done then
        for i = #ids, 1, -1 do
            call('RPUSH', q.wait, ids[i])
        end
        error(failure, 0)
    end
end

-- Of a queue with groups one by one, since who is next depends on who was taken. A thousand may turn out to be at their limits.
local function each_in_turns(q, n, act)
    local started, passed_over = 0, 0
    while started < n and passed_over < 1000 do
        local id = next_ids(q, 1)[1]
        if not id then
            q.is_exhausted = false -- what it finds stands in line
            return fair.look_around(q)
        end
        local group = group_of(q, id)
        if not group or fair.may_start(q, group, id) then
            started = started + 1
            make_active(q, {id})
            act(id)
            if group then
                fair.start(q, group, id)
            end
        else
            passed_over = passed_over + 1
        end
    end
end

local function each_next(q, n, act)
    if q.has_groups then
        return each_in_turns(q, n, act)
    end
    local ids = next_ids(q, n)
    make_active(q, ids)
    for _, id in ipairs(ids) do
        act(id)
    end
end

local function read_again(answer)
    local kept = answer[2]
    for at = 1, #kept, 2 do
        local q, id = queues[kept[at]], kept[at + 1]
        local fields = read_fields(q, q.base .. ':' .. id)
        if fields[1] then -- else somebody took it away since then
            put_taken(fields, q.number, id)
        end
    end
    answer[2] = taken
    return answer
end

-- They are active before anything else is done with them: so none is lost.
local function take(q, n)
    local counted = 0
    each_next(q, n, function(id)
        local is_there, doomed = start(q, id)
        if is_there then
            q.has_taken = true
            counted = counted + (doomed and 0 or 1)
        end
    end)
    if q.has_taken then
        expect_end_of_lease(q, now + lock_time)
    end
    count_starts(q, counted)
end

-- In whole shares, and what is left over one by one, from the first of them on; what one cannot give, others may.
local function shares(could, total)
    local given, open, left = {}, {}, total
    for i, n in ipairs(could) do
        given[i] = 0
        if n > 0 then
            open[#open + 1] = i
        end
    end
    while left > 0 and #open > 0 do
        local each, still = math.max(1, math.floor(left / #open)), {}
        for _, i in ipairs(open) do
            local n = math.min(each, left, could[i] - given[i])
            given[i], left = given[i] + n, left - n
            if given[i] < could[i] then
                still[#still + 1] = i
            end
        end
        open = still
    end
    return given
end

local function earliest(a, b)
    return a and b and math.min(a, b) or a or b
end

local function length_of_line(q)
    return call('LLEN', q.wait) + call('ZCARD', q.prioritized)
end

local function find_allowances(could)
    local again
    for i = 1, sources do
        local q, over = queues[i], nil
        if not q.is_broken then
            could[i], over = unless_broken(q, allowance)
        end
        could[i] = could[i] or 0
        again = earliest(again, over)
        if sources > 1 and could[i] > 0 then
            could[i] = math.min(could[i], unless_broken(q, length_of_line) or 0)
        end
    end
    return again
end

local function claim()
    local could = {}
    local again = find_allowances(could)
    for i, n in ipairs(shares(could, most)) do
        local q = queues[i]
        if n > 0 then
            unless_broken(q, take, n)
        end
        again = earliest(again, earliest(q.next_delayed, q.next_lease))
        again = earliest(again, q.has_groups and unless_broken(q, fair.next_time) or nil)
    end
    return again
end
