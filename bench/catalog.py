"""The catalog's page, and the search."""

import time
from urllib.parse import quote

import report
from programs import wrk
from stores import COMMON, HITS, RARE

BROTLI = 'Accept-Encoding: gzip, deflate, br'


def page(khazna):
    name = khazna.database.name
    # The first requests open the connections to the database and prepare its statements.
    wrk(f'{khazna.url}/catalog', connections=8, seconds=1)
    for told, headers in [('', ()), (', brotli', (BROTLI,))]:
        before = khazna.processor_time()
        load = wrk(f'{khazna.url}/catalog', connections=8, seconds=4, headers=headers)
        used = (khazna.processor_time() - before) * 1000 / load['requests']
        report.line(f'{name}: /catalog{told}', f'{load.per_second:,.0f} /s', f'CPU {used:.2f} ms')
        if load['errors']:
            report.line(f'{name}: /catalog{told}, not answered', f'{load["errors"]} of {load["requests"]}', 'none', False)
        report.below(f'{name}: /catalog{told}, p50', load['p50'], 5, 'ms')
        report.below(f'{name}: /catalog{told}, p99', load['p99'], 20, 'ms')


QUERIES = [('one rare word', RARE), ('a rare and a common word', f'{RARE} {COMMON}')]
PATHS = [('API', '/api/v1/products/files/?q='), ('page', '/catalog?q=')]


def search(khazna):
    """Milliseconds of each search, one at a time; the hits are the same in stores of any size."""
    return {(told, surface): milliseconds(khazna, path + quote(query)) for told, query in QUERIES for surface, path in PATHS}


def milliseconds(khazna, path):
    begun = time.perf_counter()
    try:
        status, headers, _ = khazna.ask('GET', path)
        if status != 200 or headers.get('X-Total-Count', str(HITS)) != str(HITS):
            raise SystemExit(f'{path} was answered {status} with {headers.get("X-Total-Count")} hits')
    except TimeoutError:
        # It goes on working on what nobody waits for any more.
        khazna.stop()
        khazna.start()
    first = (time.perf_counter() - begun) * 1000
    # A search of seconds needs no statistics.
    return first if first > 1000 else wrk(khazna.url + path, connections=1, threads=1, seconds=2)['p50']


def compare(name, small, large):
    for (told, surface), time in small.items():
        ratio = large[told, surface] / time
        report.line(f'{name}: {told}, {surface}', f'{time:.2f} -> {large[told, surface]:.2f} ms', '<= 2 times', ratio <= 2)
