"""Stores with many files, on either database, filled by SQL directly and removed at the end."""

import contextlib
import os
import random
import re
import sqlite3
import subprocess

from programs import Khazna

SERVER = os.environ['TEST_POSTGRES_URL']
# Folded already (shared::text::fold): what is searched is then what is shown.
WORDS = 'دليل مقدمه شبكات حاسوب برمجه تصميم قواعد بيانات امن معلومات ذكاء الات دارات كهرباء لغه رست بايثون لينكس خوادم تطبيقات ويب رياضيات خوارزميات معالج متقدم للمبتدئين عملي مشروع كامل شرح'.split()
RARE = 'نادره'
COMMON = 'درس'
# Files that hold the rare word, in a store of any size.
HITS = 50
CATEGORIES = ['برمجه', 'شبكات', 'تصميم', 'الكترونيات', 'قواعد بيانات', 'رياضيات', 'انظمه', 'ذكاء']
KINDS = ['pdf', 'code', 'tutorial', 'design', 'other']
NOW = 1_790_000_000_000


def generate(files):
    """The rows of each table, by the migrations. Identifiers are given, so that rows can refer to one another."""
    dice = random.Random(files)
    counts = [0] * len(CATEGORIES)
    rows = {'categories': [], 'files': [], 'versions': [], 'files_search': []}
    for number in range(1, files + 1):
        category = dice.randrange(len(CATEGORIES))
        counts[category] += 1
        rare = f' {RARE}' if number % (files // HITS) == 0 else ''
        title = f'{" ".join(dice.sample(WORDS, 4))}{rare} {number}'
        description = f'{COMMON} ' + ' '.join(dice.choice(WORDS) for _ in range(25))
        created = NOW + number * 1000
        rows['files'].append((number, title, description, category + 1, dice.randrange(5, 300), dice.choice(KINDS), 1, number, 0, created, created))
        rows['versions'].append((number, number, 1, f'{number}.bin', 'application/octet-stream', dice.randrange(10_000, 50_000_000), f'{number:064x}', 'versions/bench', '', created))
        rows['files_search'].append((number, f'{title} {CATEGORIES[category]} {description}'))
    rows['categories'] = [(index + 1, name, index, counts[index]) for index, name in enumerate(CATEGORIES)]
    return rows


COLUMNS = {
    'categories': 'id, name, position, files_count',
    'files': 'id, title, description, category_id, price, kind, published, version_id, sales_count, created_at, updated_at',
    'versions': 'id, file_id, number, file_name, content_type, size, sha256, storage_key, note, created_at',
}


class Sqlite:
    name = 'SQLite'

    def __init__(self, folder, label):
        self.path = folder / f'{label}.db'
        self.url = f'sqlite://{self.path}'

    def fill(self, rows):
        database = sqlite3.connect(self.path)
        for table, columns in {**COLUMNS, 'files_search': 'rowid, folded'}.items():
            database.executemany(f'INSERT INTO {table} ({columns}) VALUES ({", ".join("?" * len(rows[table][0]))})', rows[table])
        database.commit()
        database.close()

    def drop(self):
        """Goes with its folder."""


class Postgres:
    name = 'PostgreSQL'

    def __init__(self, _, label, template='template0'):
        self.database = f'khazna_bench_{os.getpid()}_{label}'
        self.url = f'{SERVER}/{self.database}'
        psql(f'CREATE DATABASE {self.database} TEMPLATE {template}')

    def fill(self, rows):
        for table, columns in {**COLUMNS, 'files_search': 'file_id, folded'}.items():
            text = ''.join('\t'.join(map(str, row)) + '\n' for row in rows[table])
            psql(f'COPY {table} ({columns}) FROM STDIN', self.database, text)
            if table in COLUMNS:
                psql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))", self.database)
        # What autovacuum would have done by the time that a shop has so many files.
        psql('VACUUM ANALYZE', self.database)

    def drop(self):
        psql(f'DROP DATABASE IF EXISTS {self.database} WITH (FORCE)')


def psql(sql, database='postgres', text=None):
    done = subprocess.run(['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', sql, f'{SERVER}/{database}'], input=text, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f'psql: {re.sub("//[^@]*@", "//", done.stderr)}')
    return done.stdout.strip()


@contextlib.contextmanager
def store(kind, folder, files):
    """A khazna, not started, with so many files in its catalog."""
    database = kind(folder, f'files_{files}')
    khazna = Khazna(folder / f'{kind.__name__}_{files}', database.url)
    khazna.database = database
    try:
        khazna.run('migrate')
        database.fill(generate(files))
        yield khazna
    finally:
        khazna.stop()
        database.drop()
