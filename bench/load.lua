-- The script that load.py gives to wrk: sends one request to each path of a list in turn, over and over, and
-- prints what was measured as one line of JSON.

local method, body, key
local paths, turn = {}, 0

function init(args)
  local paths_file, body_file
  method, key, paths_file, body_file = args[1], args[2], args[3], args[4]
  for path in io.lines(paths_file) do
    paths[#paths + 1] = path
  end
  body = io.open(body_file, "rb"):read("*a")
end

function request()
  turn = turn % #paths + 1
  local headers = { ["X-API-Key"] = key }
  if #body > 0 then
    headers["Content-Type"] = "application/json"
  end
  return wrk.format(method, paths[turn], headers, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "lost": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
