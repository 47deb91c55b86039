-- Jobs that are to be added, read where they stand in `words`: ARGV, or what was laid down before.
--
-- Of each job: its queue's place in KEYS; its id, or nothing; `line`, `front` or the time until which it is delayed; its priority; letters for
-- what follows its hash; how many words its hash has, and those. Then, by the letters in this order:
--   d  it may be a duplicate: the slot's id, ttl and flags (x extend, r replace, k keep the last)
--   x  it expires: when
--   g  it is of a group: nothing; its hash has the name
--   p  it gets children in this call: nothing
--   c  it is a child: of the job at this place of the group, or nothing; else the parent's base, id, and the token of its lease, or nothing;
--      then the flag BullMQ has for its failure, or nothing
-- Or `*`, how many, their time, and the data of each: else they are like the last one that was said in full, which waits in line, has none of
-- those letters but `c`, no id, and six fields, or those of a child's parent behind them. With `+` each one's data are followed by its opts.

local words_of = {d = 3, x = 1, g = 0, p = 0, c = 5}

-- By such letters, where the words of each begin, and how many there are in all.
local known_letters = {}

local function read_letters(letters)
    local places = {all = 0}
    for each in string.gmatch(letters, '.') do
        places[each] = places.all
        places.all = places.all + words_of[each]
    end
    known_letters[letters] = places
    return places
end

-- Where the words of its letter begin, or nothing.
local function find_extra(words, at, letter)
    local letters = words[at + 4]
    local place = (known_letters[letters] or read_letters(letters))[letter]
    return place and at + 6 + words[at + 5] + place
end

local function after(words, at)
    local letters = words[at + 4]
    return at + 6 + words[at + 5] + (known_letters[letters] or read_letters(letters)).all
end

local function read_slot(words, at, now)
    local from = find_extra(words, at, 'd')
    if not from then
        return nil
    end
    local flags = words[from + 2]
    return {
        id = words[from],
        ttl = words[from + 1],
        extend = string.find(flags, 'x', 1, true),
        replace = string.find(flags, 'r', 1, true),
        keep_last = string.find(flags, 'k', 1, true),
        now = now,
    }
end

local function place(q, id, where, priority, has_group)
    if where == 'line' or where == 'front' then
        stand_in_line(q, id, tonumber(priority), where == 'front' and (priority == '0' or has_group))
    else
        stand_aside(q, id, tonumber(where))
        tell(q, 'delayed', 'jobId', id, 'delay', where)
        q.some_sleep = true
        return
    end
    tell(q, 'waiting', 'jobId', id)
    q.some_wait = true
end

-- Before the first job of a group stands anywhere.
local function begin_groups(q)
    call('HSET', q.base .. ':meta', 'infra.groups', 1)
    open_groups(q)
end

local function place_as_asked(q, words, at, id, now)
    local expires = find_extra(words, at, 'x')
    local has_group = find_extra(words, at, 'g')
    q.now = now
    if has_group and not q.has_groups then
        begin_groups(q)
    end
    if find_extra(words, at, 'p') then
        call('ZADD', q.base .. ':waiting-children', now, id)
        tell(q, 'waiting-children', 'jobId', id)
        return
    end
    if expires then
        call('ZADD', q.expiring, words[expires], id)
        q.some_new_expire = true
    end
    place(q, id, words[at + 2], words[at + 3], has_group)
end

local digits = {[0] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'}

-- To write a number costs the server 2 900 instructions, and most ids differ from the one before in one digit.
local function next_id(q)
    q.last_id = q.last_id + 1
    local digit = q.last_id % 10
    if digit == 0 or not q.id_head then
        q.id_head = q.last_id < 10 and '' or string.format('%.0f', (q.last_id - digit) / 10)
    end
    return q.id_head .. digits[digit]
end

-- Gives the id, and what became of it: 0 it was there, 1 added, 2 a duplicate of the job with that id, 3 added in the place of such a one.
local function add_job(q, words, at, now)
    local id, letters, first = words[at + 1], words[at + 4], at + 6
    local last, how = at + 5 + words[at + 5], 1
    local given, is_chosen = next_id(q), id ~= ''
    if not is_chosen then
        id = given
    end
    local key = q.base .. ':' .. id
    if is_chosen and call('EXISTS', key) == 1 then
        tell(q, 'duplicated', 'jobId', id)
        return id, 0
    end
    local by = letters ~= '' and read_slot(words, at, now)
    if by then
        local original, replaced = find_original(q, by, id, words, first, last)
        if original then
            return original, 2
        end
        how = replaced and 3 or 1
    end
    call('HSET', key, unpack(words, first, last))
    tell(q, 'added', 'jobId', id, 'name', words[first + 1])
    if letters == '' then
        place(q, id, words[at + 2], words[at + 3])
    else
        place_as_asked(q, words, at, id, now)
    end
    return id, how
end

-- So many words each job has of those that are alike.
local width_of = {['*'] = 1, ['+'] = 2}

-- Jobs like the one at `like`, so many, whose words stand from `from` on. Gives the id of the first: those of the others follow it.
local function add_alike(q, words, like, count, from, width, time)
    local job, name, opts, priority = q.base .. ':', words[like + 7], words[like + 11], words[like + 17]
    local first, behind = q.last_id + 1, priority == '0' and q.behind
    local events, attempt = q.has_told and not q.left_out and q.events, redis.pcall -- else tell() has more to see to
    for at = from, from + (count - 1) * width, width do
        local id = next_id(q)
        call('HSET', job .. id, 'name', name, 'data', words[at], 'opts', width == 2 and words[at + 1] or opts, 'timestamp', time,
            'delay', '0', 'priority', priority)
        if events then
            attempt('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', name)
            attempt('XADD', events, '*', 'event', 'waiting', 'jobId', id)
        else
            tell(q, 'added', 'jobId', id, 'name', name)
            tell(q, 'waiting', 'jobId', id)
        end
        if behind then
            behind[#behind + 1] = id
        else
            stand_in_line(q, id, tonumber(priority), false)
        end
    end
    q.some_wait = true
    return first
end

-- What many jobs of a queue have in common at the end.
local function settle(q)
    in_pieces(q.behind, function(...) call('LPUSH', q.line, ...) end)
    q.behind = {}
    if q.some_wait then
        ring(q)
    end
    if q.some_sleep then
        ring_later(q)
    end
    if q.some_new_expire and not q.some_expire then
        call('HSET', q.base .. ':meta', 'infra.expiring', 1)
    end
end
