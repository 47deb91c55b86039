-- Puts jobs of a queue where they stood in another storage, as they were there, unless there is one with the id.
--
-- KEYS  1 the queue's base
-- ARGV  1 the highest number among the ids, below which the queue gives none any more
--       then of each job: its id; `line`, `front`, delayed, waiting-children, completed or failed; the time it stands there with;
--       its priority; `grouped` or nothing; when it expires, or nothing; the deduplication that it holds, or nothing, and for how long, or
--       nothing; how many words its hash has, those; how many lines its log has, those
-- gives of each 1, or 0 if it was there; nothing if the queue is not paused, and then nothing was done

-- use queue

local q = open_queue(KEYS[1])
local base = q.base

local function count_from(highest)
    if highest > (tonumber(call('GET', base .. ':id')) or 0) then
        call('SET', base .. ':id', string.format('%.0f', highest))
    end
end

local function read(at)
    local j = {id = ARGV[at], place = ARGV[at + 1], time = ARGV[at + 2], priority = tonumber(ARGV[at + 3]), is_grouped = ARGV[at + 4] ~= '',
        expires = ARGV[at + 5], slot = ARGV[at + 6], held_for = ARGV[at + 7], first = at + 9}
    j.last = at + 8 + tonumber(ARGV[at + 8])
    j.lines = tonumber(ARGV[j.last + 1])
    return j, j.last + 2 + j.lines
end

local function expire(j)
    if j.expires ~= '' then
        call('ZADD', q.expiring, j.expires, j.id)
        call('HSET', base .. ':meta', 'infra.expiring', 1)
    end
end

local function wait(j)
    if j.is_grouped and not q.has_groups then
        call('HSET', base .. ':meta', 'infra.groups', 1)
        open_groups(q)
    end
    stand_in_line(q, j.id, j.priority, j.place == 'front')
    tell(q, 'waiting', 'jobId', j.id)
end

local function stand(j)
    if j.place == 'line' or j.place == 'front' then
        wait(j)
    elseif j.place == 'delayed' then
        stand_aside(q, j.id, tonumber(j.time))
        tell(q, 'delayed', 'jobId', j.id, 'delay', j.time)
    else
        call('ZADD', base .. ':' .. j.place, j.time, j.id)
    end
end

local function hold_slot(j)
    if j.slot == '' then
        return
    elseif j.held_for == '' then
        call('SET', base .. ':de:' .. j.slot, j.id, 'NX')
    else
        call('SET', base .. ':de:' .. j.slot, j.id, 'PX', j.held_for, 'NX')
    end
end

local function write_log(j, job)
    local lines = {}
    for i = 1, j.lines do
        lines[i] = ARGV[j.last + 1 + i]
    end
    call('DEL', job .. ':logs')
    in_pieces(lines, function(...) call('RPUSH', job .. ':logs', ...) end)
end

local function build(j, job)
    call('HSET', job, unpack(ARGV, j.first, j.last))
    write_log(j, job)
    expire(j)
    stand(j)
    hold_slot(j)
end

-- Of a job that has no place, because a key there is somebody's and of another type, nothing stays: it would be taken for one that has one.
local function restore(j)
    local job = base .. ':' .. j.id
    if call('EXISTS', job) == 1 then
        return 0
    end
    local done, failure = pcall(build, j, job)
    if not done then
        call('DEL', job, job .. ':logs')
        redis.pcall('ZREM', q.expiring, j.id)
        error('job ' .. j.id .. ' has no place in ' .. base .. ' (' .. j.place .. '): ' .. reason_of(failure), 0)
    end
    return 1
end

if not q.paused then
    return false
end
local answers, at = {}, 2
count_from(tonumber(ARGV[1]))
while at <= #ARGV do
    local j
    j, at = read(at)
    answers[#answers + 1] = restore(j)
end
if some_wait(q) then
    ring(q)
end
ring_later(q)
return answers
