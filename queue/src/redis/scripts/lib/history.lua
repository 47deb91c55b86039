-- The histories of a call's queues: what goes into them, and what goes altogether.

local forgotten = {} -- keys

-- One rule holds for all that name it.
local function keep_by(q, state, keep)
    q.ended[state].rules[keep.count .. ' ' .. keep.age] = keep
end

local function put_into_history(q, state, id)
    local scores = q.ended[state].scores
    local n = #scores
    scores[n + 1], scores[n + 2] = ARGV[1], id
end
