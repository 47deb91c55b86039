-- Groups of jobs, each added as a whole, or refused so that nothing of it changes. A group that is too large for one call was laid down in
-- pieces, and is the only one of its call.

local queues, is_limited = {}, false
local lane, call_number, laid_down = ARGV[#KEYS + 1], tonumber(ARGV[#KEYS + 2]), ARGV[#KEYS + 3]

local before = answer_before(lane, call_number)
if before then
    return before
end

for i, base in ipairs(KEYS) do
    local jobs = tonumber(ARGV[i])
    if jobs > 0 then
        local q = open_queue(base)
        q.last_id, q.behind = call('INCRBY', base .. ':id', jobs) - jobs, {}
        is_limited = is_limited or q.most_jobs
        queues[tostring(i)] = q
    end
end

-- The last job that said all of itself.
local model

local function each_in(words, at, past, place, act, act_alike)
    while at < past do
        local width = width_of[words[at]]
        if width then
            local count = tonumber(words[at + 1])
            act_alike(queues[words[model]], words, model, count, at + 3, width, words[at + 2], place)
            at, place = at + 3 + count * width, place + count
        else
            model = at
            act(queues[words[at]], words, at, place)
            at, place = after(words, at), place + 1
        end
    end
    return place
end

-- Calls back for each job, with its place in the group; of several that are alike, once.
local function each_job(group, act, act_alike)
    model = group.model
    if group.alike then
        act_alike(queues[ARGV[model]], ARGV, model, group.count, group.alike, group.width, group.time)
        return
    elseif not group.laid_down then
        each_in(ARGV, group.first, group.past, 0, act, act_alike)
        return
    end
    local place = 0
    for piece = 1, group.pieces do
        local words = call('LRANGE', group.laid_down .. ':' .. piece, 0, -1)
        place = each_in(words, 1, #words + 1, place, act, act_alike)
    end
end

local function read_group(at)
    local words = tonumber(ARGV[at])
    return {now = tonumber(ARGV[at + 1]), first = at + 2, past = at + 2 + words, model = model}, at + 2 + words
end

-- Groups of one job each. Where there is room for all, they are added as if they were one.
local function add_each_alone(add, at, width, answers)
    local all, time = tonumber(ARGV[at + 1]), ARGV[at + 2]
    local past, count = at + 3 + all * width, is_limited and 1 or all
    for from = at + 3, past - 1, count * width do
        local answer = add({alike = from, count = count, width = width, time = time, now = tonumber(time), model = model})
        for i = 0, count - 1 do
            answers[#answers + 1] = type(answer) == 'table' and answer[1] + i or answer
        end
    end
    return past
end

local function add_groups_of_call(add)
    local answers, at = {}, #KEYS + 4
    while at <= #ARGV do
        local width, group = width_of[ARGV[at]], nil
        if width then
            at = add_each_alone(add, at, width, answers)
        else
            group, at = read_group(at)
            answers[#answers + 1] = add(group)
        end
    end
    return answers
end

-- Of a large group the first events would be gone at its end.
local function leave_out_events()
    for i in ipairs(KEYS) do
        local q = queues[tostring(i)]
        local more = q and 2 * tonumber(ARGV[i]) - q.most_events or 0
        if more > 0 then
            q.left_out = more
        end
    end
end

local function add_laid_down(key, add)
    local group = {laid_down = key, pieces = tonumber(ARGV[#KEYS + 4]), now = tonumber(ARGV[#KEYS + 5])}
    local pieces = {}
    for piece = 1, group.pieces do
        pieces[piece] = key .. ':' .. piece
    end
    if call('EXISTS', unpack(pieces)) < group.pieces then
        return redis.error_reply('ERR what was laid down to be added is gone: it was not added within its time')
    end
    leave_out_events()
    local answer = add(group)
    call('DEL', unpack(pieces))
    return {answer}
end

-- `add` gives a group's answers, or why it is refused.
local function add_groups(add)
    local answers = laid_down ~= '' and add_laid_down(laid_down, add) or add_groups_of_call(add)
    for _, q in pairs(queues) do
        settle(q)
    end
    if not answers.err then
        keep_answer(lane, call_number, answers)
    end
    return answers
end
