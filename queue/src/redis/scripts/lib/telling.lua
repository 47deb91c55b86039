-- What all scripts do: commands, and who follows a queue is told of what they changed.

local call = redis.call

-- The first one of a call trims those of earlier calls. Where `events` is somebody's key, of another kind, nobody is told, and all else goes on.
local function tell(q, ...)
    if q.left_out then
        q.left_out = q.left_out > 1 and q.left_out - 1 or nil
        return
    end
    if q.has_told then
        redis.pcall('XADD', q.events, '*', 'event', ...)
    else
        q.has_told = true
        redis.pcall('XADD', q.events, 'MAXLEN', '~', q.most_events, '*', 'event', ...)
    end
end

-- So many at once as a command takes.
local function in_pieces(list, act)
    for from = 1, #list, 5000 do
        act(unpack(list, from, math.min(from + 4999, #list)))
    end
end
