-- What a call of a process has answered, kept for the case that the answer was lost with its connection: the call comes again
-- then, with the same number, and nothing is done twice. Each of a process' lanes has one call under way at a time. The number stands before
-- the answer, which is read only if that is wanted again.

-- nil: it comes for the first time.
local function answer_before(lane, number)
    local kept = lane ~= '' and call('GET', lane)
    if not kept then
        return nil
    end
    local blank = string.find(kept, ' ', 1, true)
    local last = tonumber(string.sub(kept, 1, blank - 1))
    if last > number then
        return {err = 'STALE it was given up: a later call of the same lane has been answered'}
    end
    return last == number and cmsgpack.unpack(string.sub(kept, blank + 1)) or nil
end

local function keep_answer(lane, number, answer)
    if lane ~= '' then
        call('SET', lane, string.format('%.0f ', number) .. cmsgpack.pack(answer), 'PX', 600000)
    end
end
