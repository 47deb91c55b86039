-- Parents and children among the jobs of a group: whether they may be, and how they are joined.

local most_children = 100000

local function read_child(words, at)
    local from = find_extra(words, at, 'c')
    if not from then
        return nil
    end
    local child = {place = words[from], queueKey = words[from + 1], id = words[from + 2], token = words[from + 3]}
    child.key = child.queueKey .. ':' .. child.id
    if words[from + 4] ~= '' then
        child[words[from + 4]] = true
    end
    return child
end

-- --- Before anything is added ---------------------------------------------------------------------------------------

local function new_family_look()
    local look = new_look()
    look.children, look.above = {}, {}
    return look
end

-- One that waits for children, or runs; under the lease that is named, if one is.
local function takes_children(child)
    if call('EXISTS', child.key) == 0 then
        return false
    elseif child.token ~= '' then
        return call('GET', child.key .. ':lock') == child.token
    end
    return call('ZSCORE', child.queueKey .. ':waiting-children', child.id) or call('LPOS', child.queueKey .. ':active', child.id)
end

local function count_children(key)
    return call('SCARD', key .. ':dependencies') + call('HLEN', key .. ':processed') + call('HLEN', key .. ':failed') +
        call('ZCARD', key .. ':unsuccessful')
end

-- Who is above so many others is not looked for any further, and refused.
local function is_above(key, from)
    for _ = 1, 10000 do
        if not from or from == '' then
            return false
        elseif from == key then
            return true
        end
        from = call('HGET', from, 'parentKey')
    end
    return true
end

local function why_it_cannot_join(look, child, key, place)
    local other = call('HGET', key, 'parentKey')
    if other and other ~= '' and other ~= child.key and call('EXISTS', other) == 1 then
        return 'other_parent ' .. place
    elseif is_above(key, look.above[place]) then
        return 'waits_for_itself ' .. place
    end
end

-- `place` is that of the child; the one above it that is stored is remembered for those below.
local function why_it_is_no_child(look, child, key, place)
    local of = child.place
    if of == '' then
        of = child.key
        if not look.children[of] then
            if not takes_children(child) then
                return 'no_parent ' .. place
            end
            look.children[of] = count_children(of)
        end
        look.above[place] = of
    else
        look.above[place] = look.above[tonumber(of)]
    end
    look.children[of] = (look.children[of] or 0) + 1
    if look.children[of] > most_children then
        return 'too_many_children ' .. place
    end
    if key and call('EXISTS', key) == 1 then
        return why_it_cannot_join(look, child, key, place)
    end
end

-- Why the group is refused because of this job, or nothing.
local function look_at(look, q, words, at, place)
    local child = read_child(words, at)
    if child and child.place ~= '' and look.void[tonumber(child.place)] then
        look.void[place] = true
        return nil
    end
    local key = words[at + 1] ~= '' and q.base .. ':' .. words[at + 1]
    local why = child and why_it_is_no_child(look, child, key, place)
    if not would_add(look, q, words, at) then
        look.void[place] = true
    end
    return why
end

-- The same of several that are like the job at `like`, the first of them at that place; none of them gets children.
local function look_at_alike(look, q, words, like, count, place)
    local child = read_child(words, like)
    if not child then
        return would_add_alike(look, q, count)
    elseif child.place ~= '' and look.void[tonumber(child.place)] then
        return nil
    end
    would_add_alike(look, q, count)
    local of = child.place ~= '' and child.place or child.key
    look.children[of] = look.children[of] + count
    if look.children[of] > most_children then
        return 'too_many_children ' .. place
    end
end

-- --- As they are added ----------------------------------------------------------------------------------------------

local names_parent = {opts = true, parentKey = true, parent = true}

-- A parent of this group may have had no id before: then a byte that no JSON has stands for it.
local function name_parent(words, at, id)
    for i = at + 6, at + 5 + words[at + 5], 2 do
        local text = words[i + 1]
        local from = names_parent[words[i]] and string.find(text, '\1', 1, true)
        if from then
            words[i + 1] = string.sub(text, 1, from - 1) .. id .. string.sub(text, from + 1)
        end
    end
end

-- A job that was there becomes a child; one that is over counts as having ended now. What would leave no trace is none.
local function adopt(q, child, words, at, id, now)
    local key = q.base .. ':' .. id
    local known = call('HMGET', key, 'parentKey', 'parent', 'returnvalue', 'failedReason')
    local has_failed = call('ZSCORE', q.base .. ':failed', id)
    local link = known[1] == child.key and read_link(known[1], known[2]) or child
    if has_failed and link.rdof then
        return
    end
    if link == child then
        note_change(child.key)
        local from = at + 6
        for i = from, from + words[at + 5] - 1, 2 do
            if words[i] == 'parentKey' or words[i] == 'parent' then
                call('HSET', key, words[i], words[i + 1])
            end
        end
        if call('EXISTS', key .. ':lock') == 1 then
            mark(q, id)
        end
    end
    if has_failed then
        take_failure(link, key, known[4] or '', now)
    elseif call('ZSCORE', q.base .. ':completed', id) then
        take_result(link, key, known[3] or 'null', now)
    else
        expect(link, key)
    end
end

-- As add_job, and 4 for one that is left out with its parent; `made` are the parents of the group that were added, by their places.
local function add_to_family(made, q, words, at, place, now)
    local child = read_child(words, at)
    if child and child.place ~= '' then
        local parent = made[tonumber(child.place)]
        if not parent then
            return words[at + 1], 4
        end
        child.queueKey, child.id, child.key = parent.queueKey, parent.id, parent.key
        if parent.was_unnamed then
            name_parent(words, at, parent.id)
        end
    end
    if child then
        gather(child, child.place == '')
    end
    local id, how = add_job(q, words, at, now)
    if how % 2 == 1 and find_extra(words, at, 'p') then
        made[place] = {queueKey = q.base, id = id, key = q.base .. ':' .. id, was_unnamed = words[at + 1] == ''}
        gather(made[place], false)
    end
    if child and how == 0 then
        adopt(q, child, words, at, id, now)
    elseif child and how ~= 2 then
        note_change(child.key)
        expect(child, q.base .. ':' .. id)
    end
    return id, how
end

-- Children like the one at `like`. Gives the id of the first, or nothing if they are left out with their parent.
local function add_alike_children(made, q, words, like, count, from, time)
    local child = read_child(words, like)
    local parent = child.place == '' and child or made[tonumber(child.place)]
    if not parent then
        return nil
    end
    local first, job, name, opts, priority = q.last_id + 1, q.base .. ':', words[like + 7], words[like + 11], words[like + 17]
    local expected, last = gathering[parent.key].expected, like + 5 + words[like + 5]
    for at = from, from + count - 1 do
        local id = next_id(q)
        local key = job .. id
        call('HSET', key, 'name', name, 'data', words[at], 'opts', opts, 'timestamp', time, 'delay', '0', 'priority', priority,
            unpack(words, like + 18, last))
        tell(q, 'added', 'jobId', id, 'name', name)
        place(q, id, 'line', priority)
        expected[#expected + 1] = key
    end
    note_change(parent.key)
    return first
end

-- All children of the call are there: parents that have none to wait for are released, and those fail that are to.
local function end_gathering(now)
    local all = gathered
    gathering, gathered = {}, {}
    for _, g in ipairs(all) do
        write_expected(g)
        if g.is_stored and g.is_changed and call('EXISTS', g.link.key) == 1 then
            call('HSET', g.link.key, 'infra.family', 'new')
        end
    end
    fail_doomed(now)
    for _, g in ipairs(all) do
        if g.is_early then
            release_if_it_waits(g.link, now)
        else
            release_if_done(g.link, now)
        end
    end
end
