-- Each request is another customer's purchase of another file. Arguments: a file of tokens (a line each), the number of
-- threads, the first file's id.
dofile(os.getenv('BENCH') .. '/plain.lua')
local threads = 0

function setup(thread)
  thread:set('number', threads)
  threads = threads + 1
end

function init(arguments)
  tokens = {}
  local line = 0
  for token in io.lines(arguments[1]) do
    -- Each thread has its own customers, so that no pair of customer and file comes twice.
    if line % tonumber(arguments[2]) == number then tokens[#tokens + 1] = 'Bearer ' .. token end
    line = line + 1
  end
  first_file = tonumber(arguments[3])
  sent = 0
end

function request()
  local token = tokens[sent % #tokens + 1]
  local file = first_file + math.floor(sent / #tokens)
  sent = sent + 1
  return wrk.format('POST', nil, { Authorization = token, ['Content-Type'] = 'application/json' }, '{"file_id": ' .. file .. '}')
end
