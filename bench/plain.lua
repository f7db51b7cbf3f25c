-- Ends with one line of JSON that bench/programs.py reads.
function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"requests": %d, "seconds": %f, "errors": %d, "p50": %f, "p99": %f}', summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
