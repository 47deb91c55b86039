-- What is kept of jobs that ended, and the minutes in which they did.

-- use retention
-- use minutes

-- A job that failed may still be waited for by a parent, until nobody can retry it.
local function leaver_of(state, now)
    return state == 'failed' and function(job)
        local parent = read_hash(job, 'parentKey')[1]
        if parent and parent ~= '' then
            pcall(leave_parent, parent, job, now)
        end
    end
end

local function forget(q, state, ids, now)
    forget_ids(q, ids, leaver_of(state, now))
end

local function keep_only(q, state, count, age, now)
    keep_newest(q, state, count, age, now, leaver_of(state, now))
end
