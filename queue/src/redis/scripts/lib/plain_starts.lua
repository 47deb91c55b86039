-- Many jobs that are taken at once. What a run needs of them is not read here: whoever took them asks for that afterwards, by commands of
-- their own, which cost the server a third of what it takes to hand it through a script.

local function keys_of_all(popped)
    local jobs, head = {}, base .. ':'
    for i = 1, #popped do
        jobs[i] = head .. popped[i]
    end
    return call('EXISTS', unpack(jobs)) == #jobs and jobs
end

-- Nothing where one of them is no hash.
local function count_starts(jobs)
    local starts, attempt, type = {}, redis.pcall, type
    for i = 1, #jobs do
        local before = attempt('HGET', jobs[i], 'ats')
        if type(before) == 'table' then
            return nil
        end
        starts[i] = before and string.format('%.0f', (tonumber(before) or 0) + 1) or '1'
    end
    return starts
end

-- One answer for all, where each SET would get a table of its own.
local function lock_all(jobs)
    local locks, act, time = {}, call, lock_text
    for i = 1, #jobs do
        locks[2 * i - 1], locks[2 * i] = jobs[i] .. ':lock', token
    end
    act('MSET', unpack(locks))
    for i = 1, #locks, 2 do
        act('PEXPIRE', locks[i], time)
    end
end

-- As note_run does, written out: a function that is called for each is a thirtieth of what a job costs.
local function note_runs(popped, jobs, starts)
    local act, attempt, events, time, by = call, redis.pcall, q.events, ARGV[1], worker
    local from = 1
    if not q.has_told then
        note_run(q, popped[1], jobs[1], starts[1])
        from = 2
    end
    for i = from, #jobs do
        if by ~= '' then
            act('HSET', jobs[i], 'ats', starts[i], 'processedOn', time, 'pb', by)
        else
            act('HSET', jobs[i], 'ats', starts[i], 'processedOn', time)
        end
        attempt('XADD', events, '*', 'event', 'active', 'jobId', popped[i], 'prev', 'waiting')
    end
end

-- False, and nothing is done, where something else than jobs is among them.
local function start_together(popped)
    local jobs = keys_of_all(popped)
    local starts = jobs and count_starts(jobs)
    if not starts then
        return false
    end
    lock_all(jobs)
    note_runs(popped, jobs, starts)
    return true
end
