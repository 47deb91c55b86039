-- What most calls are: of one queue without limits, groups or times to live, in which nothing is due, whose jobs completed and had nothing that
-- an end is to heed. It looks at all of that before it writes anything, and leaves to any_work.lua what is otherwise: so that most
-- calls need not make the 80 functions of that, which are a quarter of what a call of one job cost.

-- use plain_queue
-- use plain_ends
-- use plain_starts when needed: start_together

local fewest = 8 -- of fewer, another round trip costs more than it saves
local unread = {} -- the ids of those that were taken, but not read

-- Nothing, where that is somebody's key, of another kind: they stand in line again.
local function make_active(popped)
    local pushed = #popped > 0 and redis.pcall('LPUSH', active, unpack(popped))
    if type(pushed) ~= 'table' then
        return popped
    end
    for i = #popped, 1, -1 do
        call('RPUSH', wait, popped[i])
    end
end

-- RPOP needs no memory, so that a server that has none left gets rid of jobs; after an end, LMOVE may have some.
local function next_ids(n)
    if n == 1 and #ids > 0 and waiting > 0 then
        waiting = waiting - 1
        return {call('LMOVE', wait, active, 'RIGHT', 'LEFT')}
    end
    local popped = waiting > 0 and call('RPOP', wait, n) or {}
    waiting = waiting - #popped
    if #popped < n then
        local some = redis.pcall('ZPOPMIN', base .. ':prioritized', n - #popped)
        if #some == 0 then
            call('DEL', base .. ':pc')
        end
        for i = 1, #some, 2 do
            popped[#popped + 1] = some[i]
        end
    end
    return make_active(popped)
end

local function start(id)
    local job = base .. ':' .. id
    local fields = read_fields(q, job)
    if not fields[1] then
        call('LREM', active, '1', id) -- somebody took it away and left its id
        q.must_ring = true -- others may stand behind it
        return
    end
    fields[2] = fields[2] and string.format('%.0f', (tonumber(fields[2]) or 0) + 1) or '1'
    note_start(q, id, job, fields[2])
    put_taken(fields, 1, id)
end

local function has_taken()
    return #taken + #unread > 0
end

-- Gives how many more would have been taken; nothing where nothing can be.
local function claim()
    if sources == 0 or most == 0 then
        return 0
    end
    local popped = next_ids(most)
    if not popped then
        return nil
    end
    if #popped >= fewest and start_together(popped) then
        unread = popped
    else
        for _, id in ipairs(popped) do
            start(id)
        end
    end
    if has_taken() and not is_spared then
        expect_end_of_lease(q, now + lock_time)
        next_lease = math.min(next_lease, now + lock_time)
    end
    return most - #popped
end

-- Who waits is told what has changed for him.
local function settle(too_few)
    if not (has_taken() or #ids > 0 or q.must_ring) or (is_spared and has_taken()) then
        return
    end
    if too_few == 0 and (waiting > 0 or call('ZCARD', base .. ':prioritized') > 0) then
        redis.pcall('ZADD', base .. ':marker', '0', '0')
    elseif not has_taken() and call('EXISTS', active) == 0 then
        call('DEL', leases, marked)
        if #ids > 0 then
            tell(q, 'drained')
        end
    end
end

local function when_again()
    if is_spared then
        return '='
    end
    local again = sources > 0 and math.min(next_lease, math.floor(next_due / 4096)) or math.huge
    return again < math.huge and string.format('%.0f', again)
end

-- Nothing where a call is more than that, of which nothing is done then.
local function do_plain_work()
    if #KEYS > 1 or most > 1000 or not (read_ends() and has_no_settings() and is_nothing_due() and are_plain_ends() and leave_active()) then
        return nil
    end
    local unrecorded = {}
    if #ids > 0 then
        record_ends(unrecorded)
    end
    local too_few = claim()
    if not too_few then
        return nil
    end
    pcall(settle, too_few)
    local answer = {#unrecorded > 0 and unrecorded, taken, when_again(), false, false, #unread > 0 and unread}
    if has_taken() or #ids > 0 then
        keep_answer(lane, call_number, to_be_read_again(answer))
    end
    return answer
end
