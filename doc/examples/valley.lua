-- An objective for optop in Lua (type = lua): Rosenbrock's valley with noise.
-- `evaluate` gets the point, by the names of [space], and the trial's number; it
-- returns the score and, if it likes, a table of metrics; or nil and a reason.
-- [parameters] are in the table `parameters`. See optop-run(5).

local steepness = parameters.steepness or 100

function evaluate(point, trial)
    local x, y = point.x, point.y
    local slope = y - x * x
    if math.abs(slope) > 25 then
        return nil, string.format("%.1f off the valley", slope)
    end
    local score = (1 - x) ^ 2 + steepness * slope ^ 2
    if point.noise then
        score = score + math.random() / 10 -- the same for the same trial, always
    end
    return score, { off_valley = math.abs(slope) }
end
