-- wrk: sends ready-made requests (signed before the run) in turn. The file holds them behind one another, each after a line
-- with its length. Arguments: FILE.
local requests = {}
local at = 0

function init(args)
    local file = assert(io.open(args[1], "rb"))
    while true do
        local length = file:read("*l")
        if not length then break end
        requests[#requests + 1] = file:read(tonumber(length))
    end
    file:close()
    at = math.random(#requests)
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency, all)
    io.write(string.format("result requests=%d seconds=%.3f p50_us=%d p99_us=%d errors=%d\n", summary.requests,
        summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
