-- Adds jobs as most are: they wait at the end of the line of one queue, under ids that it gives them, and nothing more is said of them. What it
-- does is what add_jobs.lua does, without the functions of that, which are a third of what a call of one job costs.
--
-- KEYS  the base of the queue
-- ARGV  the lane of this call, or nothing, and its number; how many jobs there are;
--       then of jobs that are alike: how many they are; their time; their name; their opts, or nothing where they have other ones each; and of
--       each its data, behind them, in that case, its opts
-- gives the id of the first, whom those of the others follow; or nothing: it has done nothing, since the queue is paused, or has limits or groups

local call = redis.call
local base, lane, number, count = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- use receipts

local before = answer_before(lane, number)
if before then
    return before
end

local meta = call('HMGET', base .. ':meta', 'opts.maxLenEvents', 'paused', 'concurrency', 'infra.max_length', 'infra.groups')
if meta[2] or meta[3] or meta[4] or meta[5] then
    return false
elseif not meta[1] then
    call('HSET', base .. ':meta', 'opts.maxLenEvents', '10000')
end
local most_events = string.match(meta[1] or '', '^%d+$') or '10000'

local first = call('INCRBY', base .. ':id', ARGV[3]) - count + 1
local ids, n, head, at = {}, 0, nil, 4
local job, events, attempt, sub = base .. ':', base .. ':events', redis.pcall, string.sub

-- To write a number costs the server 1 700 instructions, and most ids differ from the one before in one digit. Where `events` is somebody's key,
-- of another kind, nobody is told, and all else goes on. The first event trims those of earlier calls.
while ARGV[at] do
    local time, name, opts = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    local width = opts == '' and 2 or 1
    local past = at + 4 + ARGV[at] * width
    for from = at + 4, past - 1, width do
        local digit = (first + n) % 10
        if digit == 0 or not head then
            head = first + n < 10 and '' or string.format('%d', (first + n - digit) / 10)
        end
        local id = head .. sub('0123456789', digit + 1, digit + 1)
        call('HSET', job .. id, 'name', name, 'data', ARGV[from], 'opts', width == 2 and ARGV[from + 1] or opts, 'timestamp', time,
            'delay', '0', 'priority', '0')
        if n > 0 then
            attempt('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', name)
        else
            attempt('XADD', events, 'MAXLEN', '~', most_events, '*', 'event', 'added', 'jobId', id, 'name', name)
        end
        attempt('XADD', events, '*', 'event', 'waiting', 'jobId', id)
        n = n + 1
        ids[n] = id
    end
    at = past
end

call('LPUSH', base .. ':wait', unpack(ids))
attempt('ZADD', base .. ':marker', '0', '0')
keep_answer(lane, number, first)
return first
