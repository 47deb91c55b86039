-- Keeps what handlers tell about the jobs that they run.
--
-- KEYS  1 the queue's base
-- ARGV  1 how many lines of a job are kept at most
--       then of each note: the job's id; its token; `told` and a progress, or nothing and nothing; how many lines, those lines
-- gives for each: 1, or 0 if the lock was not there, and nothing was kept

-- use queue

local q = open_queue(KEYS[1])
local most = tonumber(ARGV[1])

-- Fewer, if the job's own options say so.
local function lines_to_keep(job)
    local own = string.match(call('HGET', job, 'opts') or '', '"kl":(%d+)')
    return own and math.min(tonumber(own), most) or most
end

local function keep_lines(job, from, to)
    local logs, kept = job .. ':logs', lines_to_keep(job)
    if kept == 0 then
        return
    end
    call('RPUSH', logs, unpack(ARGV, math.max(from, to - kept + 1), to))
    call('LTRIM', logs, -kept, -1)
end

local function keep(id, token, told, progress, from, to)
    local job = q.base .. ':' .. id
    if call('GET', job .. ':lock') ~= token or call('EXISTS', job) == 0 then
        return 0
    end
    if told ~= '' then
        call('HSET', job, 'progress', progress)
        tell(q, 'progress', 'jobId', id, 'data', progress)
    end
    if to >= from then
        keep_lines(job, from, to)
    end
    return 1
end

local answers, at = {}, 2
while at <= #ARGV do
    local lines = tonumber(ARGV[at + 4])
    answers[#answers + 1] = keep(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], at + 5, at + 4 + lines)
    at = at + 5 + lines
end
return answers
