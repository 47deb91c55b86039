-- Gives a page of a job's children, as it knows them: those that are pending, that completed, that failed without harm, and that failed it.
--
-- KEYS  1 the job
-- ARGV  1 how many at most  2 3 4 where to go on: which of the four, the cursor in it, how many of what that gives were given; at first 1 0 0
-- gives {those three of the next page, or nothing;  of each child: which of the four; its key; its result or the reason, or nothing; of its own
--       hash `parent` and `failedReason`, or nothing;  why a child failed it whose hash is not there}

local call = redis.call
local job, most = KEYS[1], tonumber(ARGV[1])
local kinds = {{'dependencies', 'SSCAN', 1}, {'processed', 'HSCAN', 2}, {'failed', 'HSCAN', 2}, {'unsuccessful', 'ZSCAN', 2}}
local kind, cursor, given = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local children, n = {}, 0

local function add(child, text)
    local known = call('HMGET', child, 'parent', 'failedReason')
    local i = #children
    children[i + 1], children[i + 2], children[i + 3] = kind, child, text
    children[i + 4], children[i + 5] = known[1], known[2]
    n = n + 1
end

while kind <= #kinds and n < most do
    local name, scan, width = unpack(kinds[kind])
    local page = call(scan, job .. ':' .. name, cursor, 'COUNT', most)
    local found = page[2]
    local at = given * width + 1
    while at <= #found and n < most do
        add(found[at], width == 2 and kind ~= 4 and found[at + 1])
        at = at + width
    end
    if at <= #found then
        given = (at - 1) / width
    else
        given, cursor = 0, page[1]
        kind = cursor == '0' and kind + 1 or kind
    end
end
return {kind <= #kinds and {kind, cursor, given} or false, children, call('HGET', job, 'infra.because')}
