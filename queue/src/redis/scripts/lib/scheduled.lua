-- A schedule as it is stored, and a digest by which it is known to be so still.

local function look_at_schedule(id)
    local score, hash = call('ZSCORE', all, id), call('HGETALL', all .. ':' .. id)
    return score, hash, redis.sha1hex((score or '') .. '\0' .. table.concat(hash, '\0'))
end
