-- What most calls of work.lua do without: an end that is more than a result, and the failure of what did not run.

-- use freeing
-- use unrun
-- use outcomes
-- use rescue
