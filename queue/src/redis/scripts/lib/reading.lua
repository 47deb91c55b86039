-- Jobs as people see them, and how far their children are.

local function field_of(hash, name)
    for i = 1, #hash, 2 do
        if hash[i] == name then
            return hash[i + 1]
        end
    end
end

-- Where a job is, and its score there. What is in no other place waits: a line may be long, and is not looked through for it.
local function place_of(base, id)
    for _, place in ipairs({'delayed', 'completed', 'failed', 'prioritized', 'waiting-children'}) do
        local score = call('ZSCORE', base .. ':' .. place, id)
        if score then
            return place, score
        end
    end
    return call('LPOS', base .. ':active', id) and 'active' or 'wait', false
end

-- How many are pending, completed and failed; nothing where there never was one.
local function children_of(job)
    local pending, processed, failed, fatal = job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful'
    if call('EXISTS', pending, processed, failed, fatal) == 0 then
        return false
    end
    return {call('SCARD', pending), call('HLEN', processed), call('HLEN', failed) + call('ZCARD', fatal)}
end

-- {its id; its place and score; its children; 1 if its parent is there; its hash}, or nothing. An id may be one of BullMQ's own words, such
-- as `meta`, and what stands there something else.
local function read_job(base, id, place, score)
    local job = base .. ':' .. id
    local hash = redis.pcall('HGETALL', job)
    if hash.err or not field_of(hash, 'timestamp') then
        return false
    end
    if not place then
        place, score = place_of(base, id)
    end
    local parent = field_of(hash, 'parentKey')
    local is_there = parent and parent ~= '' and call('EXISTS', parent) or 0
    return {id, place, score, children_of(job), is_there, hash}
end
