-- The queue of a plain call, as plain_work.lua has it.

local base = KEYS[1]
local q = {base = base, events = base .. ':events'}
local wait, active, marked, leases = base .. ':wait', base .. ':active', base .. '~marked', base .. '~leases'

local waiting, next_due, next_lease
local is_spared -- of a look at what is due

-- No limits, groups or times to live.
local function has_no_settings()
    local meta = call('HMGET', base .. ':meta', 'opts.maxLenEvents', 'paused', 'concurrency', 'max', 'infra.expiring', 'infra.groups')
    q.most_events = string.match(meta[1] or '', '^%d+$')
    return q.most_events and not (meta[2] or meta[3] or meta[4] or meta[5] or meta[6])
end

-- Nor may anything be somebody's key, of another kind.
local function is_nothing_due()
    waiting = redis.pcall('LLEN', wait)
    if type(waiting) == 'table' then
        return false
    end
    is_spared = has_looked == 1 and most > 0 and waiting >= most
    if is_spared or sources == 0 then
        return true
    end
    local lease = redis.pcall('ZRANGE', leases, '0', '0', 'WITHSCORES')
    local delayed = redis.pcall('ZRANGE', base .. ':delayed', '0', '0', 'WITHSCORES')
    if lease.err or delayed.err then
        return false
    end
    next_lease, next_due = tonumber(lease[2] or math.huge), tonumber(delayed[2] or math.huge)
    return next_lease > over and next_due >= (now + 1) * 4096
end
