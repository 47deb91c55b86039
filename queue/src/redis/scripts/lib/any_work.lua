-- What work.lua is called for, whatever that is.

-- use queue
-- use parents when needed: leave_parent, read_link, look_of_children, tell_parent_of_result, tell_parent_of_failure, take_out
-- use ends

local queues = {}
for i, base in ipairs(KEYS) do
    local q = open_queue(base)
    q.number, q.now = i, now
    q.ended = {completed = {n = 0, scores = {}, rules = {}}, failed = {n = 0, scores = {}, rules = {}}}
    queues[i] = q
end

-- use history
-- use rarely when needed: record, rescue, fail_unrun, fail_doomed
-- use recording
-- use overdue
-- use taking

-- Who waits is told what has changed for him.
local function settle(q)
    if q.must_ring_later then
        ring_later(q)
    end
    if not (q.must_ring or q.has_taken or q.has_ends) then
        return
    end
    if not q.is_exhausted and some_wait(q) then
        ring(q)
    elseif not q.has_taken and call('EXISTS', q.active) == 0 then
        call('DEL', q.leases, q.marked)
        if q.ended.completed.n + q.ended.failed.n > 0 then
            tell(q, 'drained')
        end
    end
end

local function do_any_work()
    record_all()
    local rescued = catch_up()
    local again = claim()
    for _, q in ipairs(queues) do
        pcall(settle, q)
    end
    local answer = {unrecorded, taken, again and string.format('%.0f', again) or false, rescued, expired}
    if #taken + #rescued + #expired + ends_read > 0 then
        keep_answer(lane, call_number, to_be_read_again(answer))
    elseif broken then
        return {err = reason_of(broken)}
    end
    return answer
end
