-- Adds jobs to queues, as add_jobs.lua does; also those that are parents or children, or may replace another, which may be one.
--
-- KEYS, ARGV  as of add_jobs.lua; the queues of parents that are stored are named as well
-- gives as add_jobs.lua, and for a job whose parent of the same group was not added: its id and 4. A group may be refused also for `no_parent`,
--       `other_parent`, `waits_for_itself`, `too_many_children` and the place in it of the child that is to blame

-- use queue
-- use receipts

local most_minutes = 10080 -- of history

-- use parents
-- use freeing
-- use ends
-- use unrun
-- use slots
-- use replacing
-- use adding
-- use room
-- use groups
-- use families

local function why_refused(group)
    local look, why = new_family_look(), nil
    each_job(group, function(q, words, at, place) why = why or look_at(look, q, words, at, place) end,
        function(q, words, like, count, _, _, _, place) why = why or look_at_alike(look, q, words, like, count, place) end)
    if why then
        return why
    end
    local full = is_limited and full_queue(look)
    return full and 'full ' .. full
end

local function add_group(group)
    local answers, n, made = {}, 0, {}
    local refused = why_refused(group)
    if refused then
        return refused
    end
    each_job(group, function(q, words, at, place)
        answers[n + 1], answers[n + 2] = add_to_family(made, q, words, at, place, group.now)
        n = n + 2
    end, function(q, words, like, count, from, width, time)
        local first
        if find_extra(words, like, 'c') then
            first = add_alike_children(made, q, words, like, count, from, time)
        else
            first = add_alike(q, words, like, count, from, width, time)
        end
        for _ = 1, first and 1 or count do
            answers[n + 1], answers[n + 2] = first or '', first and count or 4
            n = n + 2
        end
    end)
    end_gathering(group.now)
    return answers
end

return add_groups(add_group)
