"""A shop after a busy year: 100,000 customers, 1,000,000 ledger rows, 1,000,000 download events. What its desk answers, and how fast."""

import sqlite3
import statistics
import time
from urllib.parse import quote

import report
from stores import Postgres, Sqlite, generate, psql
from programs import Khazna

CUSTOMERS = 100_000
# What a customer does in the year, one after the other: kind, coins, account of the house.
YEAR = [
    ('activation_bonus', 100, 3), ('direct_recharge', 1000, 2), ('recharge_code', 500, 1), ('purchase', -50, 4), ('purchase', -50, 4),
    ('purchase', -50, 4), ('recharge_code', 500, 1), ('purchase', -50, 4), ('purchase', -50, 4), ('purchase', -50, 4),
]
FILES = 2_000
MILLISECONDS = 365 * 86_400_000
LIST, LIST_BYTES, STATISTICS = 20, 100, 200
# The first customer of `script`.
ANYBODY = 'CUST2025-222222'
CODES, CODES_SECONDS = 50_000, 5

# What is measured: an address, milliseconds and kilobytes that it may take. A list of the desk's is one line here.
ADDRESSES = [
    ('/api/v1/admin/statistics/?range=year', STATISTICS, LIST_BYTES),
    ('/api/v1/admin/statistics/?range=thirty', STATISTICS, LIST_BYTES),
    ('/admin/statistics?range=year', STATISTICS, LIST_BYTES),
    ('/admin/statistics?range=thirty', STATISTICS, LIST_BYTES),
    ('/admin', LIST, LIST_BYTES),
    ('/admin/customers', LIST, LIST_BYTES),
    ('/admin/customers?q=ساره', LIST, LIST_BYTES),
    ('/admin/downloads', LIST, LIST_BYTES),
    ('/admin/downloads?outcome=complete', LIST, LIST_BYTES),
    ('/admin/downloads?ip=203.0.113.7', LIST, LIST_BYTES),
    (f'/admin/downloads?customer={ANYBODY}', LIST, LIST_BYTES),
    ('/admin/downloads?file=دليل', LIST, LIST_BYTES),
    ('/admin/downloads?cursor=250000', LIST, LIST_BYTES),
    ('/admin/downloads/300001', LIST, LIST_BYTES),
    ('/admin/customers?cursor=50000', LIST, LIST_BYTES),
    (f'/admin/customers/{ANYBODY}', LIST, LIST_BYTES),
    ('/admin/audit', LIST, LIST_BYTES),
    (f'/admin/audit?actor={ANYBODY}', LIST, LIST_BYTES),
    ('/admin/audit?action=sales.purchase', LIST, LIST_BYTES),
    ('/admin/audit?cursor=250000', LIST, LIST_BYTES),
    ('/admin/codes', LIST, LIST_BYTES),
    ('/admin/codes/1', LIST, LIST_BYTES),
    ('/admin/codes/1?redeemed=true', LIST, LIST_BYTES),
    ('/admin/codes/resellers', LIST, LIST_BYTES),
    ('/admin/files', LIST, LIST_BYTES),
    ('/admin/packages', LIST, LIST_BYTES),
    ('/admin/settings', LIST, LIST_BYTES),
]


def text(number):
    return f'CAST({number} AS TEXT)'


def script(now):
    """SQL that fills the tables, the same for both databases. Row `i` of the ledger is customer `i % 100,000`'s step `i / 100,000`."""
    rows = CUSTOMERS * len(YEAR)
    customer, step = f'(i % {CUSTOMERS})', f'(i / {CUSTOMERS})'
    at = f'({now - MILLISECONDS} + i * {MILLISECONDS} / {rows})'
    case = lambda of: f'CASE {step} ' + ' '.join(f'WHEN {number} THEN {of(number)}' for number in range(len(YEAR))) + ' END'
    steps_of = lambda kind: ', '.join(str(number) for number, (name, _, _) in enumerate(YEAR) if name == kind)
    balance = lambda until: sum(coins for _, coins, _ in YEAR[:until + 1])
    deposited = sum(coins for _, coins, _ in YEAR if coins > 0)
    # Six digits from 2 to 9, which every serial may have.
    serial = "'CUST2025-' || " + ' || '.join(text(f'((i / {8 ** place}) % 8 + 2)') for place in reversed(range(6)))
    numbers = lambda until: f'WITH RECURSIVE numbers (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {until})'
    first_code, second_code = (number for number, (name, _, _) in enumerate(YEAR) if name == 'recharge_code')
    batch = f'({customer} % 10 + 1 + CASE {step} WHEN {second_code} THEN 10 ELSE 0 END)'
    file = f'(({customer} * 7 + {step} * 131) % {FILES} + 1)'
    purchases = steps_of('purchase')
    loaded = ', '.join(purchases.split(', ')[:5])
    return [
        f'INSERT INTO accounts (id) {numbers(CUSTOMERS)} SELECT i + 1000 FROM numbers',
        f'''INSERT INTO customers (id, serial, pin_hash, name, name_folded, phone, created_at, activated_at, balance, deposited, spent, first_spent_at)
            {numbers(CUSTOMERS)} SELECT i + 1000, {serial}, '', 'سارة العلي ' || {text('i')}, 'ساره العلي ' || {text('i')},
            '+9665' || {text('10000000 + i')}, {at} - 1000, {at}, {balance(len(YEAR))}, {deposited}, {deposited - balance(len(YEAR))},
            {now - MILLISECONDS} + (i + 3 * {CUSTOMERS}) * {MILLISECONDS} / {rows} FROM numbers''',
        f'''INSERT INTO code_batches (id, value, count, redeemed, label, reseller, folded, created_at, created_by)
            {numbers(21)} SELECT i + 1, 500, {CUSTOMERS // 10}, CASE WHEN i = 20 THEN 0 ELSE {CUSTOMERS // 10} END, 'دفعة ' || {text('i')},
            'موزّع ' || {text('i % 7')}, 'دفعه ' || {text('i')} || ' موزع ' || {text('i % 7')}, {now - MILLISECONDS}, 'operator' FROM numbers''',
        f'''INSERT INTO codes (id, batch_id, number, hash, redeemed_by, redeemed_at) {numbers(rows)}
            SELECT i + 1, {batch}, {customer} / 10 + 1, 'bench ' || {text('i')}, {customer} + 1000, {at} FROM numbers WHERE {step} IN ({steps_of('recharge_code')})''',
        f'''INSERT INTO codes (id, batch_id, number, hash) {numbers(CUSTOMERS // 10)}
            SELECT i + {rows} + 1, 21, i + 1, 'bench open ' || {text('i')} FROM numbers''',
        f'''INSERT INTO purchases (id, customer_id, file_id, price, attempts_allowed, embedded_events, created_at) {numbers(rows)}
            SELECT i + 1, {customer} + 1000, {file}, 50, 3, CASE WHEN {step} IN ({loaded}) THEN 2 ELSE 0 END, {at} FROM numbers WHERE {step} IN ({purchases})''',
        f'''INSERT INTO transfers (id, source, target, amount, kind, customer_id, balance_after, reference, created_at) {numbers(rows)}
            SELECT i + 1, {case(lambda n: YEAR[n][2] if YEAR[n][1] > 0 else f'{customer} + 1000')},
            {case(lambda n: f'{customer} + 1000' if YEAR[n][1] > 0 else YEAR[n][2])}, {case(lambda n: abs(YEAR[n][1]))},
            {case(lambda n: f"'{YEAR[n][0]}'")}, {customer} + 1000, {case(balance)}, i + 1, {at} FROM numbers''',
        f'''INSERT INTO links (purchase_id, number, gateway, version_id, ticket, state, phase, created_at, expires_at, claimed_at, bytes_sent, customer_id, file_id)
            SELECT id, 1, 'embedded', file_id, 'bench', '{{}}', CASE WHEN id % 10 = 0 THEN 'closed' ELSE 'complete' END, created_at, created_at + 7200000,
            created_at + 1000, 1000, customer_id, file_id FROM purchases WHERE embedded_events = 2''',
        *(f'''INSERT INTO download_events (purchase_id, gateway, sequence, link, kind, ip, user_agent, detail, created_at)
            SELECT id, 'embedded', {sequence}, 1, {kind}, '203.0.113.' || {text('id % 250')}, 'Mozilla/5.0', '{{}}', created_at + {sequence * 1000}
            FROM purchases WHERE embedded_events = 2''' for sequence, kind in [(1, "'claimed'"), (2, "CASE WHEN id % 10 = 0 THEN 'ended' ELSE 'completed' END")]),
        'UPDATE files SET sales_count = sold.sales FROM (SELECT file_id, COUNT(*) AS sales FROM purchases GROUP BY file_id) AS sold WHERE sold.file_id = files.id',
        f'''INSERT INTO audit_log (actor, action, subject, outcome, ip, user_agent, created_at)
            SELECT 'customer:' || {text('customer_id')}, 'sales.purchase', 'file:' || {text('file_id')}, 'ok', '203.0.113.7', 'Mozilla/5.0', created_at FROM purchases''',
    ]


def fill(database, now):
    database.fill(generate(FILES))
    statements = script(now)
    if isinstance(database, Postgres):
        psql(';\n'.join(['BEGIN', *statements, 'COMMIT']), database.database)
        for table in ['accounts', 'code_batches', 'codes', 'purchases', 'transfers']:
            psql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))", database.database)
        psql('VACUUM ANALYZE', database.database)
        return
    connection = sqlite3.connect(database.path)
    connection.execute('PRAGMA synchronous = OFF')
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def counted(database):
    """Until when the days are counted, in milliseconds since 1970."""
    if isinstance(database, Postgres):
        return int(psql('SELECT until FROM counted', database.database))
    connection = sqlite3.connect(f'file:{database.path}?mode=ro', uri=True)
    try:
        return connection.execute('SELECT until FROM counted').fetchone()[0]
    finally:
        connection.close()


def measure(khazna, token):
    name = khazna.database.name
    for address, most, kilobytes in ADDRESSES:
        headers = {'Cookie': f'staff-access={token}', 'Accept': 'text/html'}
        times = []
        for _ in range(12):
            begun = time.perf_counter()
            status, _, content = khazna.ask('GET', quote(address, safe='/?=&'), token=token if address.startswith('/api/') else None, headers=headers)
            times.append((time.perf_counter() - begun) * 1000)
            if status != 200:
                report.line(f'{name}: {address}', f'answered {status}', '200', False)
                break
        else:
            report.below(f'{name}: {address}', statistics.median(times[2:]), most, 'ms')
            report.below(f'{name}: {address}, page', len(content) / 1000, kilobytes, 'KB')


def of(kind, folder):
    now = int(time.time() * 1000)
    report.part(f'{kind.name}: {CUSTOMERS:,} customers, {CUSTOMERS * len(YEAR):,} ledger rows, 1,000,000 download events')
    database = kind(folder, 'large')
    khazna = Khazna(folder / f'{kind.__name__}_large', database.url)
    khazna.database = database
    try:
        khazna.run('migrate')
        begun = time.perf_counter()
        fill(database, now)
        report.line('filled in', f'{time.perf_counter() - begun:.0f} s')
        khazna.run('admin', 'create', '--username', 'bench', '--role', 'owner', text='a long password of the bench\n')
        begun = time.perf_counter()
        khazna.start()
        while counted(database) < now - 2 * 86_400_000:
            time.sleep(0.2)
        report.line('the year counted in', f'{time.perf_counter() - begun:.1f} s')
        token = khazna.call('POST', '/api/v1/admin/token/', {'username': 'bench', 'password': 'a long password of the bench'})['access_token']
        measure(khazna, token)
        begun = time.perf_counter()
        khazna.run('codes', 'generate', '--value', '500', '--count', str(CODES), '--label', 'bench')
        report.below(f'{kind.name}: {CODES:,} codes made and exported', time.perf_counter() - begun, CODES_SECONDS, 's')
        khazna.stop()
        begun = time.perf_counter()
        holds, told = khazna.reconcile()
        report.line(f'khazna reconcile, {time.perf_counter() - begun:.0f} s', told[:60], 'agrees', holds)
    finally:
        khazna.stop()
        database.drop()


def on_sqlite(folder):
    of(Sqlite, folder)


def on_postgres(folder):
    of(Postgres, folder)
