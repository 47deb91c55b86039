-- The keys of a job.

local function parts_of(job, into)
    local n = #into
    into[n + 1], into[n + 2], into[n + 3] = job .. ':logs', job .. ':dependencies', job .. ':processed'
    into[n + 4], into[n + 5] = job .. ':failed', job .. ':unsuccessful'
    return into
end

-- All keys of a job but its lock.
local function keys_of(job, into)
    into[#into + 1] = job
    return parts_of(job, into)
end
