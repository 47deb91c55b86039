-- Fair groups: of each one job at most stands in the line, its head, and the others are parked. queue/groups.hpp has the rules.
--
--   P:Q~heads           hash: of each group that has a turn, the score and the id of its head
--   P:Q~group:<name>    sorted set: the jobs of a group that are parked, by priority and place
--   P:Q~parked          sorted set: those of all groups
--   P:Q~closed          sorted set: groups with parked jobs that are at a limit: until when, or for ever
--   P:Q~running:<name>  set: the jobs of a group that run
--   P:Q~window:<rate>:<name>  how many were started, and as old as the window is
--
-- They are made only where a queue has groups.
make_fair_groups = function()
    local fair, for_ever, per_priority, middle = {}, 9007199254740991, 4294967296, 2147483648

    local function ours(q, what)
        return q.base .. '~' .. what
    end

    -- --- Limits -----------------------------------------------------------------------------------------------------

    -- Workers of BullMQ end jobs and do not tell: some of those that are said to run are looked for.
    local function count_running(q, name)
        local all = ours(q, 'running:' .. name)
        if call('SCARD', all) >= q.group_concurrency then
            for _, id in ipairs(call('SRANDMEMBER', all, 16)) do
                if call('EXISTS', q.base .. ':' .. id .. ':lock') == 0 then
                    call('SREM', all, id)
                end
            end
        end
        return call('SCARD', all)
    end

    local function window_of(q, name)
        return string.format('%s~window:%.0f/%.0f:%s', q.base, q.group_max, q.group_window, name)
    end

    -- Nothing where it may start another.
    local function closed_until(q, name)
        if q.group_max and q.group_window then
            local window = window_of(q, name)
            local left = call('PTTL', window)
            if left > 0 and tonumber(call('GET', window)) >= q.group_max then
                return (q.now or 0) + left
            end
        end
        if q.group_concurrency and count_running(q, name) >= q.group_concurrency then
            return for_ever
        end
    end

    local function count_start(q, name)
        if q.group_max and q.group_window then
            local window = window_of(q, name)
            if call('INCR', window) == 1 then
                call('PEXPIRE', window, q.group_window)
            end
        end
    end

    -- --- Places -----------------------------------------------------------------------------------------------------

    local function head_of(q, name)
        local score, id = string.match(call('HGET', ours(q, 'heads'), name) or '', '^(%d+) (.*)$')
        return tonumber(score), id
    end

    local function set_head(q, name, score, id)
        call('HSET', ours(q, 'heads'), name, string.format('%.0f ', score) .. id)
    end

    local function park(q, name, score, id)
        call('ZADD', ours(q, 'group:' .. name), score, id)
        call('ZADD', ours(q, 'parked'), score, id)
    end

    local function unpark(q, name, id)
        call('ZREM', ours(q, 'parked'), id)
        return call('ZREM', ours(q, 'group:' .. name), id) == 1
    end

    local function first_parked(q, name)
        local first = call('ZRANGE', ours(q, 'group:' .. name), 0, 0, 'WITHSCORES')
        return tonumber(first[2]), first[1]
    end

    local function close(q, name, at)
        call('ZADD', ours(q, 'closed'), string.format('%.0f', at), name)
    end

    local function priority_in(score)
        return math.floor(score / per_priority)
    end

    -- At the back of the line; jobs that are being added wait for each other.
    local function stand(q, score, id)
        local priority = priority_in(score)
        if priority > 0 then
            call('ZADD', q.prioritized, priority * per_priority + call('INCR', q.base .. ':pc') % per_priority, id)
        elseif q.behind then
            q.behind[#q.behind + 1] = id
        else
            call('LPUSH', q.line, id)
        end
    end

    local function swap_in_list(q, id, with)
        for i, each in ipairs(q.behind or {}) do
            if each == id then
                q.behind[i] = with
                return true
            end
        end
        local at = call('LPOS', q.line, id, 'RANK', -1)
        if at then
            call('LSET', q.line, at, with)
        end
        return at
    end

    -- Gives its score if it stood among the prioritized, 0 if it stood in the list, nothing if it did not stand there any more.
    local function leave_line(q, score, id)
        if priority_in(score) > 0 then
            local place = call('ZSCORE', q.prioritized, id)
            return place and call('ZREM', q.prioritized, id) == 1 and place
        end
        for i, each in ipairs(q.behind or {}) do
            if each == id then
                table.remove(q.behind, i)
                return 0
            end
        end
        return call('LREM', q.line, -1, id) == 1 and 0
    end

    -- The second takes over the turn of the first. False if that had none any more: BullMQ's workers took it.
    local function swap(q, old_score, old, new_score, new)
        if priority_in(old_score) == 0 and priority_in(new_score) == 0 and swap_in_list(q, old, new) then
            return true
        end
        local stood = leave_line(q, old_score, old)
        if stood and priority_in(old_score) > 0 and priority_in(new_score) > 0 then
            call('ZADD', q.prioritized, priority_in(new_score) * per_priority + stood % per_priority, new)
        else
            stand(q, new_score, new)
        end
        return stood and true or false
    end

    local function score_at(q, priority, front)
        local place = call('INCR', ours(q, 'places')) % middle
        return priority * per_priority + middle + (front and -place or place)
    end

    -- --- Deeds ------------------------------------------------------------------------------------------------------

    -- A turn for its first parked job, or, while it is at a limit, none.
    local function give_turn(q, name)
        local score, id = first_parked(q, name)
        local until_then = id and closed_until(q, name)
        call('HDEL', ours(q, 'heads'), name)
        if until_then then
            return close(q, name, until_then)
        end
        call('ZREM', ours(q, 'closed'), name)
        if id then
            unpark(q, name, id)
            set_head(q, name, score, id)
            stand(q, score, id)
            q.must_ring = true
        end
    end

    function fair.join(q, name, id, priority, front)
        local score, head_score, head = score_at(q, priority, front), head_of(q, name)
        if head == id then -- BullMQ's workers took it, and brought it back
            call('HDEL', ours(q, 'heads'), name)
            head = nil
        end
        if head and score > head_score then
            return park(q, name, score, id)
        elseif head then
            set_head(q, name, score, id)
            if swap(q, head_score, head, score, id) then
                park(q, name, head_score, head)
            end
            return
        end
        park(q, name, score, id)
        if not call('ZSCORE', ours(q, 'closed'), name) then
            give_turn(q, name)
        end
    end

    -- Out of the line, where the next takes over its turn, or out of those that are parked. False if it is in neither.
    function fair.leave(q, name, id)
        local head_score, head = head_of(q, name)
        local score, first = first_parked(q, name)
        if head ~= id then
            local was_parked = unpark(q, name, id)
            if call('EXISTS', ours(q, 'group:' .. name)) == 0 then
                call('ZREM', ours(q, 'closed'), name)
            end
            return was_parked
        elseif first then
            unpark(q, name, first)
            set_head(q, name, score, first)
            return swap(q, head_score, head, score, first)
        end
        call('HDEL', ours(q, 'heads'), name)
        return leave_line(q, head_score, id) and true or false
    end

    -- Of one that was taken out of the line. If it may not, it is parked.
    function fair.may_start(q, name, id)
        local until_then = closed_until(q, name)
        if until_then then
            local score, head = head_of(q, name)
            park(q, name, head == id and score or score_at(q, priority_of(q.base .. ':' .. id), true), id)
            call('HDEL', ours(q, 'heads'), name)
            close(q, name, until_then)
        end
        return not until_then
    end

    function fair.start(q, name, id)
        call('SADD', ours(q, 'running:' .. name), id)
        count_start(q, name)
        local _, head = head_of(q, name)
        if not head or head == id then
            give_turn(q, name)
        end
    end

    -- It runs no longer. `fair.look` comes when it has gone where it goes.
    function fair.stop(q, name, id)
        call('SREM', ours(q, 'running:' .. name), id)
    end

    function fair.look(q, name)
        if call('ZSCORE', ours(q, 'closed'), name) then
            give_turn(q, name)
        end
    end

    -- Groups whose windows are over; all of them, once other limits hold.
    function fair.reopen(q)
        local limits = table.concat({q.group_concurrency or 0, q.group_max or 0, q.group_window or 0}, ' ')
        local most, at_once = q.now, 100
        if call('GET', ours(q, 'limits')) ~= limits then
            call('SET', ours(q, 'limits'), limits)
            most, at_once = '+inf', 10000
        end
        for _, name in ipairs(call('ZRANGEBYSCORE', ours(q, 'closed'), '-inf', most, 'LIMIT', 0, at_once)) do
            give_turn(q, name)
        end
    end

    local function stands_in_line(q, id)
        return call('ZSCORE', q.prioritized, id) or call('LPOS', q.line, id) or (q.line ~= q.wait and call('LPOS', q.wait, id))
    end

    -- What workers of BullMQ leave behind them, some of it: heads that were taken, and groups that are at their limits no longer.
    function fair.look_around(q)
        local some = math.max(1, math.min(100, math.floor(100000 / (call('LLEN', q.line) + 1))))
        for _, name in ipairs(call('HRANDFIELD', ours(q, 'heads'), some)) do
            local _, head = head_of(q, name)
            if not head or not stands_in_line(q, head) then
                give_turn(q, name)
            end
        end
        for _, name in ipairs(call('ZRANDMEMBER', ours(q, 'closed'), 100)) do
            give_turn(q, name)
        end
    end

    -- When the first window is over.
    function fair.next_time(q)
        local first = tonumber(call('ZRANGE', ours(q, 'closed'), 0, 0, 'WITHSCORES')[2])
        return first and first < for_ever and first or nil
    end

    return fair
end
