-- Stores schedules of a queue, and jobs for their next runs, unless they have changed since somebody looked at them.
--
-- KEYS  1 the queue's base
-- ARGV  of each schedule: its id; the digest of what was seen; its new time; since when it is paused, or nothing; the id of a run to be taken away
--       if it does not run, or nothing; how many words its hash has, those; the id of its next run's job, or nothing, and then that is all; until when
--       this is delayed, or `line` or `front`; its priority; when it expires, or nothing; how many words its hash has, those
-- gives of each 1, or 0 if it has changed

-- use queue
-- use runs

local q = open_queue(KEYS[1])
local base, all = q.base, q.base .. ':repeat'

-- use scheduled

local function words_at(at)
    local n = tonumber(ARGV[at])
    return at + 1, at + n
end

-- Gives what it has read, and where the next begins.
local function read_schedule(at)
    local first, last = words_at(at + 5)
    local s = {id = ARGV[at], digest = ARGV[at + 1], time = ARGV[at + 2], since = ARGV[at + 3], taken_away = ARGV[at + 4], first = first, last = last}
    if ARGV[last + 1] == '' then
        return s, last + 2
    end
    s.run = {id = ARGV[last + 1], where = ARGV[last + 2], priority = ARGV[last + 3], expires = ARGV[last + 4]}
    s.run.first, s.run.last = words_at(last + 5)
    return s, s.run.last + 1
end

-- The digest says nothing of the job of the run: who is to pause must have seen whether it had begun.
local function take_away(s)
    if s.taken_away == '' then
        return true
    end
    local was_delayed = call('ZSCORE', q.delayed, s.taken_away)
    local is_gone = take_away_run(q, s.taken_away)
    if s.since == '' then
        return true
    end
    if is_gone then
        tell(q, 'removed', 'jobId', s.taken_away, 'prev', was_delayed and 'delayed' or 'waiting')
        return true
    end
    local state = state_of_run(s.taken_away)
    return not state or state == 'waiting'
end

local function put(s)
    local _, _, _, digest = look_at_schedule(s.id)
    if digest ~= s.digest or not take_away(s) then
        return 0
    end
    call('DEL', all .. ':' .. s.id)
    if s.since ~= '' then
        call('ZREM', all, s.id)
        call('HSET', paused, s.id, cjson.encode({s.since, unpack(ARGV, s.first, s.last)}))
        return 1
    end
    call('HDEL', paused, s.id)
    call('HSET', all .. ':' .. s.id, unpack(ARGV, s.first, s.last))
    call('ZADD', all, s.time, s.id)
    if s.run then
        add_run(q, s.run)
    end
    return 1
end

-- Raises, before anything is written, where one's key is somebody's, of another kind.
local function read_all()
    local schedules, at = {}, 1
    call('ZCARD', all)
    call('HLEN', paused)
    while at <= #ARGV do
        local s
        s, at = read_schedule(at)
        call('HLEN', all .. ':' .. s.id)
        schedules[#schedules + 1] = s
    end
    return schedules
end

local answers = {}
for i, s in ipairs(read_all()) do
    answers[i] = put(s)
end
ring_for_runs(q)
return answers
