-- A schedule as it is stored, and a digest by which it is known to be so still.

-- What is somebody's key, of another kind, is no schedule.
local function look_at_schedule(id)
    local score, hash = redis.pcall('ZSCORE', all, id), redis.pcall('HGETALL', all .. ':' .. id)
    if type(score) == 'table' or hash.err then
        score, hash = false, {}
    end
    return score, hash, redis.sha1hex((score or '') .. '\0' .. table.concat(hash, '\0'))
end
