"""The PDF guides: pdf/*.md to A4 pages."""
import html
import math
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "projects" / "girih-generator"))

import chrome  # noqa: E402
import girih  # noqa: E402
import minimark  # noqa: E402
from palette import SAND, TEAL, TEAL_MIST  # noqa: E402

SCALE = {"4.4.4.4": 64, "4.8.8": 44, "6.6.6": 40, "3.6.3.6": 46, "3.12.12": 30, "3.4.6.4": 42, "4.6.12": 25}


def mix(one, two, t):
    """A colour between two hex colours; solid, so that the PDF needs no transparency."""
    part = lambda c, i: int(c[i:i + 2], 16)
    return "#" + "".join(f"{round(part(one, i) * (1 - t) + part(two, i) * t):02x}" for i in (1, 3, 5))


def swatch(spec):
    """A lattice that fades from the left edge of the band into its ground."""
    name, theta = spec.split()
    k = SCALE[name]
    w, h, _ = girih.cell(name, float(theta))
    wide, high, bands = 294, 234, {}
    seen = set()
    for x, y, n, phase in girih.tiling(name)[2]:
        for i in range(-1, int(wide / k / w) + 2):
            for j in range(-1, int(high / k / h) + 2):
                cx, cy = x + i * w, y + j * h
                reach = 0.6 / math.sin(math.pi / n)
                key = (round(cx, 2), round(cy, 2))
                if key in seen or not (-reach < cx < wide / k + reach and -reach < cy < high / k + reach):
                    continue
                seen.add(key)
                t = min(8, max(0, round((cx * k / wide - 0.15) * 11)))
                d = girih.path(girih.star(cx, cy, n, phase, float(theta)), k)
                bands.setdefault((t, n >= 6 or name == "4.4.4.4"), []).append(d)
    out = []
    for (t, filled), ds in sorted(bands.items(), reverse=True):
        if t == 8:
            continue
        fill = mix(TEAL_MIST, SAND, t / 8) if filled else "none"
        out.append(f'<path d="{"".join(ds)}" fill="{fill}" stroke="{mix(TEAL, SAND, t / 8)}"/>')
    return (f'<svg viewBox="0 0 {wide} {high}" aria-hidden="true" stroke-width="1.1" stroke-linejoin="round">'
            f'{"".join(out)}</svg>')


def page(head, body):
    css = (HERE / "pdf" / "guide.css").read_text("utf-8")
    title = html.escape(head["title"])
    return (f'<!doctype html><html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{title}</title>'
            f'<style>{css}</style></head><body><header>{swatch(head["tiling"])}<p class="mark">سلسلة أدلة خزنة</p>'
            f'<h1>{title}</h1><p class="sub">{html.escape(head["subtitle"])}</p></header><main>{body}</main>'
            f'<footer>هذا الدليل مهدًى إلى الملك العام (CC0): يُنسخ ويُعدَّل ويُنشر بلا قيد.</footer></body></html>')


def build(name, out):
    head, body = minimark.parse((HERE / "pdf" / f"{name}.md").read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="demo-") as tmp:
        source = pathlib.Path(tmp) / "guide.html"
        source.write_text(page(head, body), "utf-8")
        chrome.pdf(str(source), str(out))
