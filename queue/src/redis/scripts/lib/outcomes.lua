-- What becomes of a job whose run is over: it ends, goes on, waits or is forgotten.

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

local function finish(e, known)
    if known.dedup then
        free_slot(e.q, e.id, known.dedup, now)
    end
    if known.parent then
        tell_parent(e, known)
    end
    local field = e.how == 'completed' and 'returnvalue' or 'failedReason'
    local ended = e.q.ended[e.how]
    ended.n = ended.n + 1
    if e.keep.count == '0' then
        if known.parent then
            leave_parent(known.parent, e.job, now)
        end
        keys_of(e.job, forgotten)
    else
        keep_by(e.q, e.how, e.keep)
        put_into_history(e.q, e.how, e.id)
        set_fields(e, field, e.text, 'finishedOn', ARGV[1])
        if e.how == 'failed' or known.cancelled then -- who retries it means that it runs
            call('HDEL', e.job, 'defa', 'infra.cancel')
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
