-- Where an id stands, whoever put it there.

local lists = {'wait', 'paused', 'active'}
local sets = {'prioritized', 'delayed', 'waiting-children', 'completed', 'failed'}

-- Twice is enough to know of one that it stands there too often.
local function places_of(base, id)
    local places = {}
    for _, list in ipairs(lists) do
        for _ = 1, #call('LPOS', base .. ':' .. list, id, 'COUNT', 2) do
            places[#places + 1] = list
        end
    end
    for _, set in ipairs(sets) do
        if call('ZSCORE', base .. ':' .. set, id) then
            places[#places + 1] = set
        end
    end
    if call('ZSCORE', base .. '~parked', id) then
        places[#places + 1] = 'parked'
    end
    return places
end

local function is_job(job)
    return call('TYPE', job).ok == 'hash' and call('HEXISTS', job, 'timestamp') == 1
end

-- Children that a parent waits for in vain: they are gone, or completed without its having been told. Of very many none is looked at.
local function children_over(job)
    local over, pending = {}, redis.pcall('SCARD', job .. ':dependencies')
    if type(pending) ~= 'number' then
        return over, 0 -- somebody's key, of another kind
    elseif pending == 0 or pending > 1000 then
        return over, pending
    end
    for _, child in ipairs(call('SMEMBERS', job .. ':dependencies')) do
        local base, id = string.match(child, '^(.*):([^:]*)$')
        local there = redis.pcall('EXISTS', child) -- in another slot it cannot be asked
        if there == 0 or (there == 1 and base and call('ZSCORE', base .. ':completed', id)) then
            over[#over + 1] = child
        end
    end
    return over, pending
end
