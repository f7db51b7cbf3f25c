"""What a browser loads at its first visit, in bytes over the wire."""

import re

import report

BROWSER = {'Accept-Encoding': 'gzip, deflate, br', 'Accept': 'text/html,*/*', 'Accept-Language': 'ar'}


def measure(khazna):
    bytes_of = {}

    def load(path):
        status, headers, content = khazna.ask('GET', path, headers=BROWSER)
        if status != 200:
            raise SystemExit(f'{path} was answered {status}')
        kind = (headers['Content-Type'] or '').split(';')[0]
        if kind in ('application/wasm', 'text/javascript', 'text/css') and headers['Content-Encoding'] != 'br':
            print(f'    {path} came without brotli')
        bytes_of[path] = len(content)
        return kind, content

    page = khazna.ask('GET', '/', headers={**BROWSER, 'Accept-Encoding': 'identity'})[2].decode()
    load('/')
    groups = {'HTML': bytes_of['/'], 'wasm': 0, 'JavaScript': 0, 'CSS': 0, 'fonts': 0, 'other': 0}
    names = {'application/wasm': 'wasm', 'text/javascript': 'JavaScript', 'application/javascript': 'JavaScript', 'text/css': 'CSS'}
    paths = set(re.findall(r'["\'(](/[^"\'()\s<>]+\.(?:js|wasm|css|woff2|svg|webmanifest))["\')]', page))
    for style in [path for path in paths if path.endswith('.css')]:
        text = khazna.ask('GET', style)[2].decode()
        paths |= set(re.findall(r'url\(["\']?(/[^"\')]+\.woff2)', text))
    for path in sorted(paths):
        kind, _ = load(path)
        groups['fonts' if path.endswith('.woff2') else names.get(kind, 'other')] += bytes_of[path]
    if not groups['wasm'] or not groups['JavaScript']:
        raise SystemExit(f'the page names no wasm or JavaScript: {sorted(paths)}')
    for name, size in groups.items():
        report.line(name, f'{size / 1000:,.1f} KB')
    report.below('wasm and JavaScript, brotli', (groups['wasm'] + groups['JavaScript']) / 1000, 400, 'KB')
    report.line('all of the first visit', f'{sum(groups.values()) / 1000:,.1f} KB')
