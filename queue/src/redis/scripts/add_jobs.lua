-- Adds jobs without parents and children to queues.
--
-- KEYS  the bases of the queues
-- ARGV  of each queue: how many of the jobs are its; the lane of this call, or nothing, and its number; the key under which one group was laid down,
--       or nothing;
--       then, if there is none, of each group: how many words its jobs have, now, and those words, which lib/adding.lua explains; or, of
--       groups of one job each that is like the last one that was said in full, the words that lib/adding.lua has for such;
--       otherwise: in how many pieces it lies there, each a list of such words under that key, `:` and 1, 2 …; now
-- gives for each group: of each job its id, or that of the job it is a duplicate of, and what became of it (0 its id was there, 1 added,
--       2 a duplicate, 3 added in the place of a duplicate); of several that are alike the first one's id, as a number, and how many there are,
--       whose ids follow it; of a group of one that is like another that number alone; or, where the group is refused, why: `full`, the queue's
--       base and how many it may hold

-- use queue
-- use receipts
-- use slots when needed: find_original, holder_of
-- use adding
-- use room when needed: new_look, would_add, would_add_alike, full_queue
-- use groups

local function why_refused(group)
    if not is_limited then
        return nil
    end
    local look = new_look()
    each_job(group, function(q, words, at) would_add(look, q, words, at) end, function(q, _, _, count) would_add_alike(look, q, count) end)
    local full = full_queue(look)
    return full and 'full ' .. full
end

local function add_group(group)
    local answers, n = {}, 0
    local refused = why_refused(group)
    if refused then
        return refused
    end
    each_job(group, function(q, words, at)
        answers[n + 1], answers[n + 2] = add_job(q, words, at, group.now)
        n = n + 2
    end, function(q, words, like, count, ...)
        answers[n + 1], answers[n + 2] = add_alike(q, words, like, count, ...), count
        n = n + 2
    end)
    return answers
end

return add_groups(add_group)
