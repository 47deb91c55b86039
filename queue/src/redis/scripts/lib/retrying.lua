-- What a retry by hand means for parents and children.

-- Its parent waits for it again, if it waits for children or is over.
local function expect_again(job, parent_key, parent, now)
    local link = read_link(parent_key, parent)
    if not link or call('EXISTS', link.key) == 0 then
        return
    end
    local waits = call('ZSCORE', link.queueKey .. ':waiting-children', link.id)
    if not waits and not fields_of(link.key, 'finishedOn')[1] then
        return
    end
    if call('ZREM', link.key .. ':unsuccessful', job) + call('HDEL', link.key .. ':failed', job) +
        call('HDEL', link.key .. ':processed', job) > 0 then
        call('SADD', link.key .. ':dependencies', job)
    end
end

-- It runs without those that failed it. Whether it has others to wait for.
local function forgive_children(job)
    local fatal, ignored = job .. ':unsuccessful', {}
    for _, child in ipairs(call('ZRANGE', fatal, 0, -1)) do
        ignored[#ignored + 1] = child
        ignored[#ignored + 1] = fields_of(child, 'failedReason')[1] or 'failed'
    end
    in_pieces(ignored, function(...) call('HSET', job .. ':failed', ...) end)
    call('DEL', fatal)
    return call('SCARD', job .. ':dependencies') > 0
end
