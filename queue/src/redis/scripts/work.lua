-- Records how jobs ended, of any queues of a slot, and takes others, from several of them in fair turns.
--
-- KEYS  bases of queues
-- ARGV  1 now  2 the token of new locks  3 their time in ms  4 the worker's name, or nothing  5 how many to take  6 how many minutes of history
--       7 from how many of the queues, which are the first  8 by when a lease is over that ended  9 how often a job may stall
--       10 the lane of this call, or nothing  11 its number
--       then of those that ended in the same way: the number of their queue; how (completed, failed, retry, returned, waits, dropped);
--       how many of the kind to keep, or nothing; for how many seconds, or nothing; the same two for the case that they fail instead; the time
--       until which they are delayed, or nothing; their priority; `front` or nothing; their attempts; how many they made; `plain` if, when
--       they were taken, their hashes said nothing that an end is to heed, or nothing; how many they are; their ids; their tokens; their results or reasons; and of failed and retry the traces of their errors
-- gives {the places, among those that ended, whose lock was not there;  of each taken: the fields of its hash that taking.lua names, the number
--       of its queue, its id;  when to come again, or nothing;  of each rescued: the number of its queue, its id;  the same of each that was not
--       started in time}

-- use queue
-- use receipts
-- use parents when needed: leave_parent, read_link, look_of_children, tell_parent_of_result, tell_parent_of_failure, take_out
-- use ends

local now, token, lock_time, worker = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), ARGV[4]
local most, most_minutes, sources = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

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

local before = answer_before(ARGV[10], tonumber(ARGV[11]))
if before then
    return before.err and before or read_again(before)
end

record_all()
local rescued = catch_up()
local taken, again = claim()
for _, q in ipairs(queues) do
    pcall(settle, q)
end
local answer = {unrecorded, taken, again and string.format('%.0f', again) or false, rescued, expired}
if #taken + #rescued + #expired + ends_read > 0 then
    keep_answer(ARGV[10], tonumber(ARGV[11]), to_be_read_again(answer))
elseif broken then
    return {err = reason_of(broken)}
end
return answer
