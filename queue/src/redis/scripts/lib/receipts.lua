-- What a call of a process has answered, kept for the case that the answer was lost with its connection: the call comes again
-- then, with the same number, and nothing is done twice. Each of a process' lanes has one call under way at a time.

-- nil: it comes for the first time.
local function answer_before(lane, number)
    local kept = lane ~= '' and call('GET', lane)
    if not kept then
        return nil
    end
    local last = cmsgpack.unpack(kept)
    if last.number > number then
        return {err = 'STALE it was given up: a later call of the same lane has been answered'}
    end
    return last.number == number and last.answer or nil
end

local function keep_answer(lane, number, answer)
    if lane ~= '' then
        call('SET', lane, cmsgpack.pack({number = number, answer = answer}), 'PX', 600000)
    end
end
