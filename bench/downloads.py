"""Downloads through the gateway against nginx with the same file: the client is curl for both."""

import os
import re
import statistics
import subprocess

import report
from programs import nginx

# One stream is of one large file; a hundred at once are of a smaller one. In MiB.
LARGE, SMALL = 512, 48
STREAMS = 100
TURNS = 5


def add_files(khazna):
    """Two files as an operator adds them; gives their ids."""
    folder = khazna.folder / 'goods'
    folder.mkdir()
    block = os.urandom(1 << 20)
    for name, size in [('large.bin', LARGE), ('small.bin', SMALL)]:
        with open(folder / name, 'wb') as file:
            for number in range(size):
                file.write(number.to_bytes(8, 'big') + block[8:])
    (folder / 'manifest.csv').write_text('file,title,category,price,kind\nlarge.bin,كبير,برمجه,1,other\nsmall.bin,صغير,برمجه,1,other\n')
    khazna.run('files', 'import', str(folder))
    files = khazna.call('GET', '/api/v1/products/files/?per_page=2')
    return {file['file_name']: file['id'] for file in files}, folder


def claim(khazna, token, file):
    """Buys, presses Download and the link's button; gives the file's path and its cookie."""
    purchase = khazna.call('POST', '/api/v1/sales/purchases/', {'file_id': file}, token)['purchase_id']
    url = khazna.call('POST', f'/api/v1/sales/purchases/{purchase}/download/', None, token)['download_url']
    status, headers, _ = khazna.ask('POST', url.removeprefix(khazna.url))
    if status != 303:
        raise SystemExit(f'a claim was answered {status}')
    return headers['Location'], headers['Set-Cookie'].split(';')[0]


def curl(folder, requests, size):
    """Megabytes a second of all requests (URL and cookie) at once."""
    config = folder / 'curl.conf'
    config.write_text('next\n'.join(f'url = "{url}"\noutput = "/dev/null"\nheader = "Cookie: {cookie}"\nfail\nwrite-out = "%{{http_code}} %{{size_download}} %{{time_total}}\\n"\n' for url, cookie in requests))
    command = ['curl', '-s', '-Z', '--parallel-immediate', '--parallel-max', str(len(requests)), '-K', config]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    results = re.findall(r'^(\d+) (\d+) ([\d.]+)$', done.stdout, re.MULTILINE)
    if len(results) != len(requests) or any(result[:2] != ('200', str(size << 20)) for result in results):
        raise SystemExit(f'curl: {done.stdout[:500]} {done.stderr[:500]}')
    return len(requests) * (size << 20) / 1e6 / max(float(result[2]) for result in results)


def measure(khazna, tokens):
    files, folder = add_files(khazna)
    with nginx(folder) as port:
        def ours(name, some):
            return [(khazna.url + path, cookie) for path, cookie in (claim(khazna, token, files[name]) for token in some)]

        def theirs(name, count):
            return [(f'http://127.0.0.1:{port}/{name}', 'none=none')] * count

        one, one_nginx = [], []
        for token in tokens[:TURNS]:
            one_nginx.append(curl(folder, theirs('large.bin', 1), LARGE))
            one.append(curl(folder, ours('large.bin', [token]), LARGE))
        many_nginx = curl(folder, theirs('small.bin', STREAMS), SMALL)
        many = curl(folder, ours('small.bin', tokens[:STREAMS]), SMALL)
    one, one_nginx = statistics.median(one), statistics.median(one_nginx)
    report.line('one stream', f'{one:,.0f} MB/s', f'nginx {one_nginx:,.0f}')
    report.at_least('one stream, ratio to nginx', one / one_nginx, 0.9)
    report.line(f'{STREAMS} streams at once', f'{many:,.0f} MB/s', f'nginx {many_nginx:,.0f}')
    report.line(f'{STREAMS} streams at once, ratio to nginx', f'{many / many_nginx:.2f}')
