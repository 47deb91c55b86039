-- Records how jobs ended, of any queues of a slot, and takes others, from several of them in fair turns.
--
-- KEYS  bases of queues
-- ARGV  1 now  2 as doubles: now; the time of new locks in ms; how many to take; how many minutes of history; from how many of the queues, which
--       are the first; by when a lease is over that ended; how often a job may stall; the number of this call; 1: the call before has
--       looked for what is due, a moment ago; 1: it counted ends of this minute
--       3 the token of new locks  4 the worker's name, or nothing  5 the lane of this call, or nothing
--       then of those that ended in the same way: how (completed, failed, retry, returned, waits, dropped); how many of the kind to keep, or
--       nothing; for how many seconds, or nothing; as doubles: the number of their queue; how many they are; 1 if, when they were taken, their
--       hashes said nothing that an end is to heed; how many tokens there are, and results: one where all are the same; how many attempts they made; how many they have; their priority; 1: in front; the time until
--       which they are delayed; how many to keep, and for how many seconds, in the case that they fail instead; of what is not there -1;
--       their ids; their tokens; their results or reasons; and of failed and retry the traces of their errors
-- gives, of an empty list maybe nothing, {the places, among those that ended, whose lock was not there;  what was taken, as starting.lua has it;  when to come again, nothing, or = if nobody looked;  of each rescued: the number of its queue, its id;  the same of each that was not
--       started in time;  the ids of what was taken, if it is many of one queue: what they are is for others to ask}

local now, lock_time, most, most_minutes, sources, over, most_stalls, call_number, has_looked, is_counted = struct.unpack('<dddddddddd', ARGV[2])
local token, worker, lane = ARGV[3], ARGV[4], ARGV[5]

-- use telling
-- use receipts
-- use starting
-- use minutes
-- use retention when needed: keep_newest
-- use any_work when needed: do_any_work, read_again
-- use plain_work

local before = answer_before(lane, call_number)
if before then
    return before.err and before or read_again(before)
end
return do_plain_work() or do_any_work()
