-- How a job is started, and what is said of it to whoever does.

local lock_text = string.format('%.0f', lock_time)

-- What was taken, one behind the other: the number of its queue, below 0 if there are more
-- fields than ten, its id, and what read_fields gives.
local taken, taken_ids = {}, {}

-- What a run needs of its job; work.cpp knows their order. The first ten say all of most; of one that was started before, or whose queue may have
-- others, there are six more.
local function read_fields(q, job)
    local has_more, fields = q.some_expire or q.has_groups, nil
    if has_more then
        fields = redis.pcall('HMGET', job, 'name', 'ats', 'defa', 'data', 'opts', 'timestamp', 'priority', 'infra.since', 'parentKey',
            'deid', 'infra.expires', 'infra.group')
    else
        fields = redis.pcall('HMGET', job, 'name', 'ats', 'defa', 'data', 'opts', 'timestamp', 'priority', 'infra.since', 'parentKey', 'deid')
    end
    if fields.err then
        return {} -- it is somebody's key, of another kind
    elseif fields[2] or has_more then
        local earlier = fields[2] and call('HMGET', job, 'atm', 'attemptsMade', 'stc', 'stacktrace') or {}
        fields[11], fields[12] = fields[11] or false, fields[12] or false
        fields[13], fields[14], fields[15], fields[16] = earlier[1] or false, earlier[2] or false, earlier[3] or false, earlier[4] or false
    end
    return fields
end

local function put_taken(fields, number, id)
    local n, k, width = #taken, #taken_ids, #fields
    taken[n + 1], taken[n + 2] = width > 10 and -number or number, id
    for i = 1, width do
        taken[n + 2 + i] = fields[i]
    end
    taken_ids[k + 1], taken_ids[k + 2] = number, id
end

local function note_run(q, id, job, starts)
    if worker ~= '' then
        call('HSET', job, 'ats', starts, 'processedOn', ARGV[1], 'pb', worker)
    else
        call('HSET', job, 'ats', starts, 'processedOn', ARGV[1])
    end
    tell(q, 'active', 'jobId', id, 'prev', 'waiting')
end

local function note_start(q, id, job, starts)
    call('SET', job .. ':lock', token, 'PX', lock_text)
    note_run(q, id, job, starts)
end

-- Leases that end in the same second are looked for together, with the last of them.
local function expect_end_of_lease(q, at)
    local text = string.format('%.0f', at)
    call('ZADD', q.base .. '~leases', text, string.sub(text, 1, -4)) -- one for each second
    q.next_lease = math.min(q.next_lease or at, at)
end

-- An answer without the fields of what was taken.
local function to_be_read_again(answer)
    return {answer[1], taken_ids, answer[3], answer[4], answer[5], answer[6]}
end
