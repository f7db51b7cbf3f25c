"""The covers: 800 x 600, drawn as SVG, shipped as small WebP."""
import io
import math
import pathlib
import tempfile

from PIL import Image

import chrome
from designs import ICONS, PATTERNS, TILE, girih, khatam, lattice, poster
from palette import *  # noqa: F403

W, H = 800, 600


def star(x, y, r, fill="none", stroke="none", width=3, turn=0.0):
    return f'<path d="{girih.path(khatam(x, y, r, turn), 1)}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"/>'


def line(d, colour, width=3, extra=""):
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round" {extra}/>'


def field(colour, name="4.8.8", theta=67.5, k=60, width=1.6, ox=400.0, oy=300.0, only=None):
    d = "".join(girih.path(p, 1) for n, cx, cy, p in lattice(W, H, name, theta, k, ox, oy) if only is None or only(cx, cy))
    return line(d, colour, width)


def rect(x, y, w, h, fill="none", stroke="none", r=12, width=3):
    return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{r}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"/>'


def git():
    out = line("M120 390H680", STONE, 5) + line("M230 390C290 390 290 220 350 220H470C540 220 540 390 590 390", TEAL, 6)
    for x in (130, 230, 420):
        out += star(x, 390, 30, PAPER, SLATE, 4)
    for x in (350, 470):
        out += star(x, 220, 34, TEAL, PAPER, 4)
    return PAPER, out + star(590, 390, 46, TEAL, PAPER, 5) + star(590, 390, 24, "none", PAPER, 3, 22.5) + star(680, 390, 30, PAPER, SLATE, 4)


def sql():
    out = ""
    for r in range(5):
        for c in range(4):
            x, y = 140 + c * 136, 130 + r * 72
            fill = TEAL if r == 2 else (TEAL_MIST if r == 0 else PAPER)
            out += rect(x, y, 112, 48, fill, TEAL if r in (0, 2) else STONE, 8, 2.5)
    out += star(140 + 3 * 136 + 56, 130 + 2 * 72 + 24, 17, PAPER)
    return SAND, out


def tcpip():
    nodes = [(400, 300, 62), (190, 170, 36), (610, 170, 36), (170, 430, 36), (630, 430, 36), (400, 110, 28), (400, 490, 28)]
    out = field(NIGHT_2, "3.6.3.6", 60, 66)
    for x, y, _ in nodes[1:]:
        out += line(f"M400 300L{x} {y}", TEAL_MID, 3)
    out += line("M190 170L400 110 610 170M170 430L400 490 630 430", TEAL, 3)
    for x, y, r in nodes:
        out += star(x, y, r, TEAL if r > 40 else NIGHT, TEAL_SOFT, 3)
    return NIGHT, out + star(400, 300, 34, "none", TEAL_SOFT, 3, 22.5)


def linux():
    out = field("#0c6f75", "4.8.8", 67.5, 62, 2)
    out += star(400, 300, 210, TEAL, TEAL_SOFT, 4) + star(400, 300, 168, PAPER)
    out += f'<circle cx="400" cy="272" r="36" fill="{TEAL}"/><path d="M382 290h36l16 92h-68Z" fill="{TEAL}"/>'
    return TEAL, out


def rust():
    def teeth(r1, r2, n):
        pts = []
        for i in range(n):
            for off, r in ((-.32, r1), (-.18, r2), (.18, r2), (.32, r1)):
                a = 2 * math.pi * (i + off) / n
                pts.append((400 + r * math.cos(a), 300 + r * math.sin(a)))
        return girih.path(pts, 1)
    out = f'<path d="{teeth(196, 226, 16)}" fill="{CLAY}"/><circle cx="400" cy="300" r="158" fill="{SAND}"/>'
    return SAND, out + star(400, 300, 132, CLAY) + star(400, 300, 84, SAND, turn=22.5) + star(400, 300, 44, CLAY)


def ml():
    out = line("M110 500H700M110 500V90", STONE, 3) + line("M150 150C330 170 330 430 690 440", TEAL, 5)
    for x, y in ((300, 150), (390, 210), (470, 140), (520, 270), (600, 200), (640, 330), (430, 320), (560, 370), (640, 120)):
        out += star(x, y, 17, TEAL)
    for x, y in ((170, 250), (220, 340), (180, 430), (290, 300), (280, 420), (370, 450), (470, 460), (240, 230)):
        out += f'<circle cx="{x}" cy="{y}" r="11" fill="{PAPER}" stroke="{CLAY}" stroke-width="4"/>'
    return PAPER, out


def ohm():
    out = line("M160 250V150H300l14-32 28 64 28-64 28 64 28-64 28 64 14-32H640V260M640 340V450H160V330", INK, 6)
    out += line("M116 250H204M136 330H184", INK, 8)
    return TEAL_MIST, out + star(640, 300, 56, TEAL, TEAL_MIST, 5) + star(640, 300, 28, "none", TEAL_MIST, 4, 22.5)


def typography():
    out = ""
    for y in (180, 300, 420):
        out += line(f"M100 {y}H700", STONE, 2, 'stroke-dasharray="2 10"')
    out += (f'<text x="400" y="392" text-anchor="middle" font-family="Noto Kufi Arabic" font-weight="700" font-size="330" fill="{INK}">ض</text>')
    return PAPER, out + star(650, 300, 30, TEAL) + star(150, 300, 30, TEAL)


def node():
    out = rect(110, 110, 580, 380, PAPER, "none", 20) + rect(110, 110, 580, 62, INK, "none", 20) + rect(110, 140, 580, 32, INK, "none", 0)
    for i in range(3):
        out += f'<circle cx="{640 - i * 34}" cy="141" r="9" fill="{(CLAY, STONE, SAGE)[i]}"/>'
    for i, (x, w, c) in enumerate(((160, 120, TEAL), (300, 200, STONE), (200, 90, CLAY), (310, 170, STONE), (200, 230, STONE), (160, 60, TEAL))):
        y = 218 + (0, 0, 56, 56, 112, 168)[i]
        out += rect(x, y, w, 18, c, "none", 9)
    return SLATE, out + star(600, 400, 58, TEAL, PAPER, 4) + star(600, 400, 30, "none", PAPER, 3, 22.5)


def traffic():
    out = rect(300, 60, 200, 480, NIGHT_2, STONE, 40, 4)
    for y, c, on in ((150, CLAY, True), (300, STONE, False), (450, SAGE, False)):
        out += star(400, y, 62, c if on else "none", c, 4)
    return SAND, out + line("M110 300H250M550 300H690", STONE, 4, 'stroke-dasharray="26 22"')


def landing():
    out = rect(110, 80, 580, 440, PAPER, STONE, 18) + line("M110 140H690", STONE, 3) + star(650, 110, 17, TEAL)
    out += rect(140, 102, 60, 14, STONE, "none", 7) + rect(215, 102, 60, 14, STONE, "none", 7)
    out += rect(440, 190, 210, 26, INK, "none", 13) + rect(500, 230, 150, 26, INK, "none", 13)
    out += rect(450, 276, 200, 12, STONE, "none", 6) + rect(480, 298, 170, 12, STONE, "none", 6) + rect(540, 332, 110, 38, TEAL, "none", 10)
    out += f'<clipPath id="a"><rect x="140" y="180" width="250" height="200" rx="12"/></clipPath>{rect(140, 180, 250, 200, TEAL_MIST)}'
    out += f'<g clip-path="url(#a)">{field(TEAL, "4.8.8", 67.5, 34, 1.8, 265, 280)}</g>'
    for x in (140, 320, 500):
        out += line(f"M{x} 420H{x + 150}", TEAL, 4) + rect(x + 60, 440, 90, 12, STONE, "none", 6) + rect(x + 30, 464, 120, 12, STONE, "none", 6)
    return SAND, out


def icons():
    out = ""
    for i, name in enumerate(("vault", "key", "download", "folder", "book", "code", "bell", "wallet", "pen", "search", "khatam", "chart")):
        x, y = 130 + (i % 4) * 145, 95 + (i // 4) * 145
        out += rect(x, y, 115, 115, PAPER if i != 10 else TEAL, LINE, 24, 2)
        out += (f'<g transform="translate({x + 29.5} {y + 29.5}) scale(2.33)" fill="none" stroke="{TEAL if i != 10 else PAPER}" stroke-width="1.75" '
                f'stroke-linecap="round" stroke-linejoin="round">{ICONS[name]}</g>')
    return SAND, out


def rosette():
    body = poster().split("</title>", 1)[1].rsplit("</svg>", 1)[0]
    return NIGHT, f'<g transform="translate(-650 -1007) scale(2)">{body}</g>'


def patterns():
    table = {p[0]: p for p in PATTERNS}
    out = ""
    for i, name in enumerate(("05-hexagram", "02-khatam-night", "04-four")):
        _, kind, theta, fills, ink, ground, band = table[name]
        w, h, body = girih.render(kind, theta, TILE[kind] * (1.12, 1.38, 1.11)[i], fills, ink, ground, width=2.4, band=band)
        x = i * 267
        out += (f'<pattern id="p{i}" width="{w}" height="{h}" patternUnits="userSpaceOnUse" patternTransform="translate({x + 133 - w / 2} {300 - h / 2})">{body}</pattern>'
                f'<rect x="{x}" y="0" width="267" height="600" fill="url(#p{i})"/>')
    return PAPER, out + f'<path d="M267 0V600M534 0V600" stroke="{PAPER}" stroke-width="12"/>'


def tokens():
    out = ""
    for i, c in enumerate((INK, SLATE, TEAL, TEAL_MID, TEAL_SOFT, TEAL_MIST)):
        out += star(150 + i * 100, 190, 46, c)
    for i, s in enumerate((14, 16, 18, 22, 28, 36)):
        out += rect(150 + i * 100 - s * 1.1, 450 - s * 4, s * 2.2, s * 4, "none", TEAL, 6, 3)
    return PAPER, out + line("M104 470H696", STONE, 3)


def neural():
    layers = [(160, 4), (320, 6), (480, 6), (640, 3)]
    at = [[(x, 300 + (i - (n - 1) / 2) * 84) for i in range(n)] for x, n in layers]
    out = ""
    for a, b in zip(at, at[1:]):
        for i, p in enumerate(a):
            for j, q in enumerate(b):
                hot = (i * 3 + j * 5) % 7 == 0
                out += line(f"M{p[0]} {p[1]:g}L{q[0]} {q[1]:g}", TEAL_SOFT if hot else NIGHT_2, 3 if hot else 1.6)
    for k, layer in enumerate(at):
        for i, (x, y) in enumerate(layer):
            out += star(x, y, 25, TEAL if (i + k) % 3 == 0 else NIGHT, TEAL_SOFT, 3)
    return NIGHT, out


def grid():
    out = rect(500, 90, 190, 420, TEAL, "none", 14) + rect(110, 90, 366, 90, TEAL_SOFT, "none", 14)
    for i in range(4):
        out += rect(110 + (i % 2) * 190, 204 + (i // 2) * 158, 176, 148, PAPER, TEAL, 14, 3)
    return TEAL_MIST, out + star(595, 190, 50, "none", TEAL_MIST, 4) + line("M560 320H630M560 360H630M560 400H630", TEAL_SOFT, 5)


def pwm():
    out = ""
    for r, duty in enumerate((.2, .5, .8)):
        y = 190 + r * 140
        d = f"M110 {y}"
        for i in range(4):
            x = 110 + i * 145
            d += f"V{y - 84}H{x + 145 * duty:g}V{y}H{x + 145}"
        out += line(d, (TEAL_SOFT, TEAL_MID, TEAL)[r], 6) + line(f"M110 {y - 84 * duty:g}H690", CLAY, 3, 'stroke-dasharray="4 12"')
    return PAPER, out


def cards():
    strip = "".join(girih.path(p, 1) for n, cx, cy, p in lattice(130, 300, "4.8.8", 67.5, 30, 0, 150) if n in (4, 8))
    back = rect(110, 90, 440, 270, NIGHT, "none", 10) + star(330, 225, 74, "none", TEAL_SOFT, 3) + star(330, 225, 46, "none", TEAL_SOFT, 3, 22.5)
    front = (f'<g transform="translate(250 240)">{rect(0, 0, 440, 270, PAPER, STONE, 10, 2)}<clipPath id="k"><path d="M10 0H105V270H10A10 10 0 0 1 0 260V10A10 10 0 0 1 10 0Z"/></clipPath>'
             f'<g clip-path="url(#k)"><rect width="105" height="270" fill="{TEAL}"/>{line(strip, TEAL_SOFT, 1.6)}</g>'
             f'{rect(240, 70, 170, 24, INK, "none", 12)}{rect(300, 110, 110, 12, STONE, "none", 6)}{line("M380 140H410", TEAL, 4)}'
             f'{rect(270, 176, 140, 10, SLATE, "none", 5)}{rect(250, 200, 160, 10, SLATE, "none", 5)}{rect(310, 224, 100, 10, TEAL, "none", 5)}</g>')
    return SAND, back + front


COVERS = {f.__name__: f for f in (git, sql, tcpip, linux, rust, ml, ohm, typography, node, traffic, landing, icons, rosette,
                                  patterns, tokens, neural, grid, pwm, cards)}


def svg(name):
    ground, body = COVERS[name]()
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{W}" height="{H}" viewBox="0 0 {W} {H}">'
            f'<rect width="{W}" height="{H}" fill="{ground}"/>{body}</svg>')


def webp(image, limit=12 * 1024):
    """The best WebP under the limit: lossless with few colours first, then lossy."""
    tries = [(True, n) for n in (48, 32, 20, 14, 10)] + [(False, q) for q in (82, 72, 60, 48, 36, 25)]
    for lossless, n in tries:
        out = io.BytesIO()
        if lossless:
            few = image.quantize(n, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
            few.save(out, "WEBP", lossless=True, quality=100, method=6)
        else:
            image.save(out, "WEBP", quality=n, method=6)
        if out.tell() < limit:
            return out.getvalue()
    raise SystemExit("a cover does not fit")


def build(name, out):
    with tempfile.TemporaryDirectory(prefix="demo-") as tmp:
        source, shot = pathlib.Path(tmp) / "a.svg", pathlib.Path(tmp) / "a.png"
        source.write_text(svg(name), "utf-8")
        chrome.png(str(source), str(shot), W, H)
        out.write_bytes(webp(Image.open(shot).convert("RGB")))
