-- What the end of a job means for its slot.

-- The fields of a job that is made from a duplicate that was kept, whoever kept it.
local function hash_of_kept(kept, dedup, delay, priority, now)
    local fields = {'name', kept.name, 'data', kept.data, 'opts', kept.opts, 'timestamp', string.format('%.0f', now), 'delay', delay, 'priority',
        priority, 'deid', dedup}
    local names = {pk = 'parentKey', pd = 'parent', rjk = 'rjk', ['infra.ttl'] = 'infra.ttl', ['infra.group'] = 'infra.group',
        ['infra.expires'] = 'infra.expires'}
    for short, name in pairs(names) do
        if kept[short] then
            fields[#fields + 1], fields[#fields + 2] = name, kept[short]
        end
    end
    return fields
end

local function add_kept(q, kept, dedup, now)
    local read, opts = pcall(cjson.decode, kept.opts)
    opts = read and type(opts) == 'table' and opts or {}
    local delay, priority = tonumber(opts.delay) or 0, tonumber(opts.priority) or 0
    call('HSET', q.base .. ':' .. kept.jid, unpack(hash_of_kept(kept, dedup, delay, priority, now)))
    tell(q, 'added', 'jobId', kept.jid, 'name', kept.name)
    if kept.pdk then
        call('SADD', kept.pdk, q.base .. ':' .. kept.jid)
    end
    if kept['infra.expires'] then
        call('ZADD', q.expiring, kept['infra.expires'], kept.jid)
        call('HSET', q.base .. ':meta', 'infra.expiring', 1)
    end
    if delay > 0 then
        stand_aside(q, kept.jid, now + delay)
        tell(q, 'delayed', 'jobId', kept.jid, 'delay', string.format('%.0f', now + delay))
        ring_later(q)
        return
    end
    stand_in_line(q, kept.jid, priority, priority == 0 and opts.lifo)
    tell(q, 'waiting', 'jobId', kept.jid)
    ring(q)
end

-- Frees the slot of a job that is over, or gives it to the last duplicate, which is added then.
local function free_slot(q, id, dedup, now)
    local slot, later = q.base .. ':de:' .. dedup, q.base .. ':dn:' .. dedup
    local left = call('PTTL', slot)
    if left == 0 or (left == -1 and call('GET', slot) == id) then
        call('DEL', slot)
    end
    local words = call('HGETALL', later)
    if #words == 0 then
        return
    end
    local kept = {}
    for i = 1, #words, 2 do
        kept[words[i]] = words[i + 1]
    end
    local number = string.format('%.0f', call('INCR', q.base .. ':id'))
    call('DEL', later)
    if kept.name and kept.data and kept.opts then
        kept.jid = kept.jid or number
        call('SET', slot, kept.jid)
        add_kept(q, kept, dedup, now)
    end
end
