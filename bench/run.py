"""Measures Khazna on this machine: speed, memory and size, each with its target (design; script/bench starts it).

Every load is on 127.0.0.1, bounded in time, and on stores that are made for it and removed.
"""

import os
import pathlib
import signal
import statistics
import sys
import tempfile
import time

import catalog
import downloads
import large
import report
import sales
import visit
from stores import Postgres, Sqlite, store

FILES = 10_000
SEARCHED = (1_000, 100_000)


def start_up(khazna):
    khazna.stop()
    times = []
    for _ in range(5):
        times.append(khazna.start('/') * 1000)
        khazna.stop()
    report.below(f'{khazna.database.name}: start to first page', statistics.median(times), 300, 'ms', 0)


def reconcile(khazna):
    holds, told = khazna.reconcile()
    report.line(f'{khazna.database.name}: khazna reconcile', told, 'agrees', holds)


def embedded(folder):
    """SQLite and local files: one process from its start to the end of all loads."""
    with store(Sqlite, folder, FILES) as khazna:
        report.part('First visit (/)')
        khazna.start('/')
        visit.measure(khazna)
        khazna.stop()
        khazna.start('/')
        time.sleep(3)
        report.part('Memory at rest')
        report.below('resident', khazna.memory(), 60, 'MB')
        report.part(f'Catalog page, {FILES:,} files, 8 connections')
        catalog.page(khazna)
        report.part('Purchases')
        tokens = sales.open_customers(khazna)
        sales.on_sqlite(khazna)
        report.part('Downloads')
        downloads.measure(khazna, tokens)
        report.part('Memory after the load')
        report.line('resident at its end', f'{khazna.memory():,.1f} MB', f'peak {khazna.memory("VmHWM"):,.1f}')
        # Threads that read files and hash PINs end after ten idle seconds, and give back what they held.
        time.sleep(12)
        report.below('resident when it is idle again', khazna.memory(), 150, 'MB')
        report.part('Start-up, and the ledger after the load')
        start_up(khazna)
        reconcile(khazna)


def production(folder):
    with store(Postgres, folder, FILES) as khazna:
        report.part(f'PostgreSQL: catalog page, {FILES:,} files, 8 connections')
        khazna.start('/')
        catalog.page(khazna)
        report.part('PostgreSQL: purchases')
        sales.open_customers(khazna)
        sales.on_postgres(khazna)
        start_up(khazna)
        reconcile(khazna)


def searches(folder):
    report.part(f'Search, {SEARCHED[0]:,} and {SEARCHED[1]:,} files with 50 hits in both')
    for kind in (Sqlite, Postgres):
        times = []
        for files in SEARCHED:
            with store(kind, folder, files) as khazna:
                khazna.start('/')
                times.append(catalog.search(khazna))
        catalog.compare(kind.name, *times)


PARTS = {'sqlite': embedded, 'postgres': production, 'search': searches, 'large': large.on_sqlite, 'large-postgres': large.on_postgres}


def main():
    begun = time.monotonic()
    # A bench that is stopped stops its servers and drops its databases too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    busy = os.getloadavg()[0]
    print(f'{os.cpu_count()} cores; loads and servers share them. {os.environ["KHAZNA_BIN"]}')
    if busy > os.cpu_count() / 2:
        print(f'The machine is busy with other things (load {busy:.1f}): speeds will come out too low.')
    with tempfile.TemporaryDirectory(prefix='khazna-bench-') as folder:
        for name in sys.argv[1:] or PARTS:
            PARTS[name](pathlib.Path(folder))
    print(f'\n{report.missed} of the targets missed; {time.monotonic() - begun:.0f} s')


main()
