-- The ends of a plain call, as plain_work.lua has it.

local groups, ids, jobs, locks = {}, {}, {}, {}

-- False if their hashes may say more than what is known here.
local function read_ends()
    local at, n = 6, 0
    while at <= #ARGV do
        local _, size, was_plain, tokens, texts, made = struct.unpack('<dddddd', ARGV[at + 3])
        if ARGV[at] ~= 'completed' or was_plain == 0 or n + size > 500 then
            return false
        end
        groups[#groups + 1] = {before = n, size = size, count = ARGV[at + 1], age = ARGV[at + 2],
            made = made == 1 and '1' or string.format('%.0f', made), tokens = at + 4 + size, token_step = tokens > 1 and 1 or 0,
            texts = at + 4 + size + tokens, text_step = texts > 1 and 1 or 0}
        for i = 1, size do
            local id = ARGV[at + 3 + i]
            local job = base .. ':' .. id
            ids[n + i], jobs[n + i], locks[n + i] = id, job, job .. ':lock'
        end
        n, at = n + size, at + 4 + size + tokens + texts
    end
    return true
end

local function are_held()
    local holders = call('MGET', unpack(locks))
    for _, g in ipairs(groups) do
        for i = 1, g.size do
            if holders[g.before + i] ~= ARGV[g.tokens + (i - 1) * g.token_step] then
                return false
            end
        end
    end
    return true
end

-- What an end is to heed, if it is there: a mark, children, and what has to go with a job of which nothing is kept.
local function find_parts()
    local parts, n, jobs = {marked}, 1, jobs
    for _, g in ipairs(groups) do
        local is_kept = g.count ~= '0'
        for i = g.before + 1, g.before + g.size do
            local job = jobs[i]
            parts[n + 1], parts[n + 2], n = job .. ':dependencies', job .. ':unsuccessful', n + 2
            if not is_kept then
                parts[n + 1], parts[n + 2], parts[n + 3], n = job .. ':logs', job .. ':processed', job .. ':failed', n + 3
            end
        end
    end
    return parts
end

local function are_plain_ends()
    return #jobs == 0 or (are_held() and call('EXISTS', unpack(find_parts())) == 0 and call('EXISTS', unpack(jobs)) == #jobs)
end

-- Those that end, of which there are several, leave from the end of the list, where those are that have run for longest. False if one is
-- somewhere else, and none has left.
local function leave_together()
    local are_ending, found, stay = {}, 0, {}
    for i = 1, #ids do
        are_ending[ids[i]] = true
    end
    local tail = redis.pcall('LRANGE', active, -#ids - 16, -1)
    for i = 1, #tail do
        local id = tail[i]
        if are_ending[id] then
            are_ending[id], found = nil, found + 1
        else
            stay[#stay + 1] = id
        end
    end
    if found < #ids then
        return false
    end
    call('LTRIM', active, 0, -#tail - 1)
    if #stay > 0 then
        call('RPUSH', active, unpack(stay))
    end
    return true
end

local function leave_active()
    if #ids == 1 then
        return redis.pcall('LREM', active, '-1', ids[1]) == 1
    end
    return #ids == 0 or leave_together()
end

local function complete(g, unrecorded)
    local is_kept, made, scores, texts, step = g.count ~= '0', g.made, {}, g.texts, g.text_step
    local attempt, ids, jobs, locks, given, events, time, type, n = redis.pcall, ids, jobs, locks, ARGV, q.events, ARGV[1], type, 0
    for at = g.before + 1, g.before + g.size do
        local id, job, text = ids[at], jobs[at], given[texts + (at - g.before - 1) * step]
        local written = is_kept and attempt('HSET', job, 'atm', made, 'returnvalue', text, 'finishedOn', time)
        if type(written) == 'table' then
            unrecorded[#unrecorded + 1] = at -- it is no hash any more
        else
            if q.has_told then
                attempt('XADD', events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', text, 'prev', 'active')
            else
                tell(q, 'completed', 'jobId', id, 'returnvalue', text, 'prev', 'active')
            end
            scores[n + 1], scores[n + 2] = time, id
            n = n + 2
        end
        if not is_kept then
            locks[#locks + 1] = job
        end
    end
    return scores
end

-- Where the history is somebody's key, of another kind, they are active again, without a lock: they run once more instead of standing nowhere.
-- Calls of few ends look only now and then whether more are kept than there should be.
local function keep(g, scores)
    if g.count == '0' or #scores == 0 then
        return
    end
    local written = redis.pcall('ZADD', base .. ':completed', unpack(scores))
    if type(written) == 'table' then
        for i = 2, #scores, 2 do
            call('LPUSH', active, scores[i])
        end
    elseif g.age ~= '' or (g.count ~= '' and (call_number % 8 == 0 or 4 * #scores > g.count / 64)) then
        keep_newest(q, 'completed', g.count, g.age, now)
    end
end

local function record_ends(unrecorded)
    for _, g in ipairs(groups) do
        keep(g, complete(g, unrecorded))
    end
    call('DEL', unpack(locks))
    redis.pcall('SREM', base .. ':stalled', unpack(ids))
    if most_minutes > 0 and #ids > #unrecorded then
        pcall(count_minutes, q, 'completed', #ids - #unrecorded, most_minutes, now, is_counted == 1)
    end
end
