-- Adds jobs to a queue.
--
-- KEYS  1 the queue's base
-- ARGV  of each job: its id, or nothing; `line`, `front` or the time until which it is delayed; its priority; its deduplication's id, ttl and
--       flags (x extend, r replace, k keep the last), or nothing; how many words its hash has, those words
-- gives for each job: its id, or that of the job it is a duplicate of; 1 if it was added, 0 if its id was there, 2 if it is a duplicate

-- use queue
-- use slots

local q = open_queue(KEYS[1])

local function read_job(at)
    local words = tonumber(ARGV[at + 6])
    local job = {
        id = ARGV[at],
        where = ARGV[at + 1],
        priority = tonumber(ARGV[at + 2]),
        words = {unpack(ARGV, at + 7, at + 6 + words)},
    }
    if ARGV[at + 3] ~= '' then
        local flags = ARGV[at + 5]
        job.by = {
            id = ARGV[at + 3],
            ttl = ARGV[at + 4],
            extend = string.find(flags, 'x', 1, true),
            replace = string.find(flags, 'r', 1, true),
            keep_last = string.find(flags, 'k', 1, true),
        }
    end
    return job, at + 7 + words
end

local function read_jobs()
    local jobs, at = {}, 1
    while at <= #ARGV do
        jobs[#jobs + 1], at = read_job(at)
    end
    return jobs
end

local jobs = read_jobs()
local number = call('INCRBY', q.base .. ':id', #jobs) - #jobs
local behind, some_wait, some_sleep = {}, false, false

local function place(job)
    local run_at = tonumber(job.where)
    if run_at then
        stand_aside(q, job.id, run_at)
        tell(q, 'delayed', 'jobId', job.id, 'delay', run_at)
        some_sleep = true
        return
    end
    if job.where == 'line' and job.priority == 0 then
        behind[#behind + 1] = job.id
    else
        stand_in_line(q, job.id, job.priority, job.priority == 0)
    end
    tell(q, 'waiting', 'jobId', job.id)
    some_wait = true
end

local function add(job)
    local key = q.base .. ':' .. job.id
    if job.chosen and call('EXISTS', key) == 1 then
        tell(q, 'duplicated', 'jobId', job.id)
        return job.id, 0
    end
    local original = job.by and find_original(q, job.by, job.id, job.words)
    if original then
        return original, 2
    end
    call('HSET', key, unpack(job.words))
    tell(q, 'added', 'jobId', job.id, 'name', job.words[2])
    place(job)
    return job.id, 1
end

local answers = {}
for _, job in ipairs(jobs) do
    number = number + 1
    job.chosen = job.id ~= ''
    if not job.chosen then
        job.id = string.format('%.0f', number)
    end
    answers[#answers + 1], answers[#answers + 2] = add(job)
end
if #behind > 0 then
    call('LPUSH', q.line, unpack(behind))
end
if some_wait then
    ring(q)
end
if some_sleep then
    ring_later(q)
end
trim_events(q)
return answers
