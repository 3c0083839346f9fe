-- The script that load.py gives to wrk: sends the requests of a list one after the other, over and over, and
-- prints what was measured as one line of JSON.

local body, name, value
local methods, paths, turn = {}, {}, 0

function init(args)
  name, value = args[1]:match("^([^:]+): *(.*)$")
  for line in io.lines(args[2]) do
    local method, path = line:match("^(%S+) (%S+)$")
    methods[#methods + 1], paths[#paths + 1] = method, path
  end
  body = io.open(args[3], "rb"):read("*a")
end

function request()
  turn = turn % #paths + 1
  local headers = { [name] = value }
  if methods[turn] == "GET" or #body == 0 then
    return wrk.format(methods[turn], paths[turn], headers, "")
  end
  headers["Content-Type"] = "application/json"
  return wrk.format(methods[turn], paths[turn], headers, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "lost": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
