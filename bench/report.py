"""Lines of the report: what was measured, its target, OK or MISS."""

missed = 0


def part(title):
    """Begins a part of the report."""
    print(f'\n{title}', flush=True)


def line(name, value, target='', holds=None):
    """One number. Without a target it is for information."""
    global missed
    verdict = '' if holds is None else 'OK' if holds else 'MISS'
    missed += verdict == 'MISS'
    print(f'  {name:<58} {value:>22}  {target:<16} {verdict}'.rstrip(), flush=True)


def at_least(name, number, target, unit='', digits=2):
    line(name, f'{number:,.{digits}f} {unit}'.strip(), f'>= {target:g} {unit}'.strip(), number >= target)


def below(name, number, target, unit='', digits=1):
    line(name, f'{number:,.{digits}f} {unit}'.strip(), f'< {target:g} {unit}'.strip(), number < target)
