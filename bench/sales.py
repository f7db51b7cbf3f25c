"""Customers with coins, and purchases as fast as they go."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import report
from programs import HERE, wrk
from stores import SERVER, Postgres, psql

CUSTOMERS = 128
CONNECTIONS = 16
THREADS = 2
SECONDS = 5
PASSES = 2


def open_customers(khazna):
    """Access tokens (good for five minutes) of activated customers with coins, all through the REST API."""
    khazna.run('admin', 'create', '--username', 'bench', '--role', 'owner', text='a long password of the bench\n')
    staff = khazna.call('POST', '/api/v1/admin/token/', {'username': 'bench', 'password': 'a long password of the bench'})['access_token']

    def open_customer(number):
        account = khazna.call('POST', '/api/v1/token/')
        khazna.call('POST', '/api/v1/activate-final/', {'name': 'سارة', 'phone': f'+96650{number:07}'}, account['access_token'])
        khazna.call('POST', '/api/v1/direct-recharge/', {'customer_serial': account['serial'], 'coin_amount': 10_000_000}, staff)
        return account['access_token']

    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(open_customer, range(CUSTOMERS)))
    (khazna.folder / 'tokens').write_text('\n'.join(tokens) + '\n')
    return tokens


def buy(khazna, first_file):
    """Purchases through HTTP; each pass needs other files."""
    return wrk(f'{khazna.url}/api/v1/sales/purchases/', 'purchase.lua', khazna.folder / 'tokens', THREADS, first_file,
               connections=CONNECTIONS, threads=THREADS, seconds=SECONDS)


def pgbench(database, first_file):
    """The same statements without the server: transactions a second."""
    # The staff's session is the first one.
    first_session = int(psql('SELECT MIN(id) FROM sessions WHERE customer_id IS NOT NULL', database.database))
    variables = {'n': 0, 'first_session': first_session, 'first_file': first_file, 'clients': CONNECTIONS, 'each': CUSTOMERS // CONNECTIONS, 'now': 1_790_000_000_000}
    command = ['pgbench', '-n', '-M', 'prepared', '-c', CONNECTIONS, '-j', THREADS, '-T', SECONDS, '-f', HERE / 'purchase.sql']
    for name, value in variables.items():
        command += ['-D', f'{name}={value}']
    # Without encryption, as khazna talks to a database on its own machine.
    done = subprocess.run([str(part) for part in [*command, f'{SERVER}/{database.database}?sslmode=disable']], capture_output=True, text=True)
    found = re.search(r'tps = ([\d.]+)', done.stdout)
    if done.returncode != 0 or not found or 'failed transactions: 0 ' not in done.stdout:
        raise SystemExit(f'pgbench: {done.stdout[-500:]} {done.stderr[-500:]}')
    return float(found[1])


def on_postgres(khazna):
    """In turns with pgbench on a copy of the same database, so that both see the same machine."""
    # A database can be copied while nobody is connected.
    khazna.stop()
    copy = Postgres(None, 'copy', khazna.database.database)
    try:
        khazna.start()
        rates, direct, slowest = [], [], 0
        for turn in range(PASSES):
            direct.append(pgbench(copy, 1 + turn * 4000))
            load = buy(khazna, 1 + turn * 4000)
            rates.append(load.per_second)
            slowest = max(slowest, load['p99'])
        report.line('PostgreSQL: purchases through HTTP', f'{sum(rates) / PASSES:,.0f} /s', f'p99 {slowest:.0f} ms')
        report.line('PostgreSQL: pgbench, the same statements', f'{sum(direct) / PASSES:,.0f} /s')
        report.at_least('PostgreSQL: ratio', sum(rates) / sum(direct), 0.5)
    finally:
        copy.drop()


def on_sqlite(khazna):
    load = buy(khazna, 1)
    report.line('SQLite: purchases through HTTP', f'{load.per_second:,.0f} /s', f'p99 {load["p99"]:.0f} ms')
