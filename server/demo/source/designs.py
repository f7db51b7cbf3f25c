"""The design products: icons, poster, patterns, cards and tokens, all drawn from code."""
import io
import json
import math
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "projects" / "girih-generator"))

from PIL import Image  # noqa: E402

import chrome  # noqa: E402
import girih  # noqa: E402
from palette import *  # noqa: E402,F403

LICENCE = "الرخصة: CC0، أي أنها مهداة إلى الملك العام بلا قيد.\n"

# 24 icons on a 24 grid, stroke 1.75; start/end icons are drawn for right-to-left.
ICONS = {
    "khatam": "",  # drawn below
    "vault": '<rect x="3" y="4" width="18" height="15" rx="2.5"/><circle cx="12" cy="11.5" r="3.5"/><path d="M12 8V6.500M12 16.500V15M8.5 11.500H7M17 11.500h-1.500M6.5 19v2M17.5 19v2"/>',
    "coin": '<circle cx="12" cy="12" r="9"/>',  # and its star below
    "key": '<circle cx="16.5" cy="8" r="4.5"/><path d="M13.3 11.2 4 20.500M7 17.500l2.5 2.500M10 14.500l2 2"/>',
    "ticket": '<path d="M4 6h16a1 1 0 0 1 1 1v2.800a2.3 2.3 0 0 0 0 4.400V17a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-2.800a2.3 2.3 0 0 0 0-4.400V7a1 1 0 0 1 1-1Z"/><path d="M9 9v1.500M9 13.500V15"/>',
    "download": '<path d="M12 3.500v11.500m-4.5-4.500L12 15l4.5-4.500M4 17v2a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2"/>',
    "upload": '<path d="M12 15V3.500M7.5 8 12 3.5 16.5 8M4 17v2a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2"/>',
    "file": '<path d="M10 3h7a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V8Z"/><path d="M10 3v4a1 1 0 0 1-1 1H5M9 13h6M9 16.500h6"/>',
    "folder": '<path d="M21 7v-.500A1.5 1.5 0 0 0 19.5 5H14l-2 2.500H4.500A1.5 1.5 0 0 0 3 9v9.500A1.5 1.5 0 0 0 4.5 20h15a1.5 1.5 0 0 0 1.5-1.500Z"/>',
    "code": '<path d="m8 7-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14"/>',
    "book": '<path d="M12 6.500C10 5 7 4.5 3 4.500V18c4 0 7 .5 9 2 2-1.5 5-2 9-2V4.500c-4 0-7 .5-9 2Zm0 0V20"/>',
    "pen": '<path d="m4 20 1-4.500L16.5 4a2.1 2.1 0 0 1 3 3L8.5 18.500ZM14 6.500l3.5 3.5"/>',
    "search": '<circle cx="13" cy="10.5" r="6.5"/><path d="M8.3 15.2 3.5 20"/>',
    "bell": '<path d="M6 17V11a6 6 0 0 1 12 0v6l1.5 1.500h-15ZM10 21h4M12 5V3"/>',
    "user": '<circle cx="12" cy="8" r="4.5"/><path d="M4 21c.5-4 3.5-6 8-6s7.5 2 8 6"/>',
    "wallet": '<path d="M19 8V6a1.5 1.5 0 0 0-1.5-1.500h-12a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h13a2 2 0 0 0 2-2V9.500A1.5 1.5 0 0 0 19 8H5.5"/><path d="M3.5 12h4a1.7 1.7 0 0 1 0 3.500h-4"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "lock": '<rect x="4.5" y="10.5" width="15" height="10" rx="2"/><path d="M8 10.500V8a4 4 0 0 1 8 0v2.500M12 14.500v2"/>',
    "check": '<path d="m4.5 12.5 5 5 10-11"/>',
    "close": '<path d="m5.5 5.5 13 13M18.5 5.500l-13 13"/>',
    "next": '<path d="M20 12H4.500m6-6-6 6 6 6"/>',
    "back": '<path d="M4 12h15.500m-6-6 6 6-6 6"/>',
    "filter": '<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.5"/><circle cx="8" cy="17" r="2.5"/>',
    "chart": '<path d="M20 4v16H4M16 16v-5M12 16V7M8 16v-3"/>',
}
NAMES = {
    "khatam": "نجمة الخاتم", "vault": "خزنة", "coin": "عملة", "key": "مفتاح", "ticket": "تذكرة", "download": "تنزيل",
    "upload": "رفع", "file": "ملف", "folder": "مجلد", "code": "شيفرة", "book": "كتاب", "pen": "قلم", "search": "بحث",
    "bell": "إشعار", "user": "مستخدم", "wallet": "محفظة", "clock": "ساعة", "lock": "قفل", "check": "صح",
    "close": "إغلاق", "next": "التالي", "back": "الرجوع", "filter": "مرشّح", "chart": "رسم بياني",
}


def icons():
    head = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
    files = {}
    for name, body in ICONS.items():
        files[f"svg/{name}.svg"] = (f'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" '
                                    f'{head}>{body}</svg>\n')
    symbols = "\n".join(f'<symbol id="{n}" viewBox="0 0 24 24" {head}>{b}</symbol>' for n, b in ICONS.items())
    files["sprite.svg"] = f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'
    shown = "\n".join(f'<figure><svg viewBox="0 0 24 24" {head}>{b}</svg><figcaption>{NAMES[n]}<br><code>{n}</code>'
                      f'</figcaption></figure>' for n, b in ICONS.items())
    files["preview.html"] = (
        '<!doctype html><html lang="ar" dir="rtl"><meta charset="utf-8"><title>أيقونات خزنة</title><style>'
        'body{margin:2rem;background:#fcfaf6;color:#151b24;font:1rem/1.6 "Readex Pro","Noto Kufi Arabic",sans-serif;'
        'display:grid;grid-template-columns:repeat(auto-fill,minmax(8rem,1fr));gap:1rem}'
        'figure{margin:0;padding:1.2rem;border:1px solid #e0ded8;border-radius:16px;text-align:center}'
        'svg{inline-size:40px;color:#00666c}code{color:#555f69;font-size:.8em}</style>\n' + shown + "</html>\n")
    files["README.md"] = (
        "# أيقونات خزنة\n\n24 أيقونة متجهية على شبكة 24 بكسل، بخط سمكه 1.75 ونهايات مستديرة ولون `currentColor`.\n\n"
        "- `svg/`: كل أيقونة في ملف.\n- `sprite.svg`: كلها في ملف واحد، وتُستدعى بـ `<use href=\"sprite.svg#vault\">`.\n"
        "- `preview.html`: صفحة معاينة بأسمائها.\n\nسهما «التالي» و«الرجوع» مرسومان للاتجاه من اليمين إلى اليسار؛ "
        "وفي صفحة لاتينية اعكسهما.\n\n" + LICENCE)
    return files


def lattice(width, height, name, theta, k, ox=0.0, oy=0.0):
    """Star polygons that touch a rectangle: [(n, centre x, centre y, points)]; ox, oy is where the origin falls."""
    w, h, _ = girih.cell(name, theta)
    seen, out = set(), []
    for x, y, n, phase in girih.tiling(name)[2]:
        reach = (0.5 / math.sin(math.pi / n)) * k
        for i in range(math.floor(-ox / k / w) - 2, math.ceil((width - ox) / k / w) + 2):
            for j in range(math.floor(-oy / k / h) - 2, math.ceil((height - oy) / k / h) + 2):
                cx, cy = (x + i * w) * k + ox, (y + j * h) * k + oy
                key = (round(cx), round(cy), n)
                if key in seen or not (-reach < cx < width + reach and -reach < cy < height + reach):
                    continue
                seen.add(key)
                pts = [(px * k + ox, py * k + oy) for px, py in girih.star(x + i * w, y + j * h, n, phase, theta)]
                out.append((n, cx, cy, pts))
    return out


def khatam(cx, cy, r, turn=0.0):
    """The eight-pointed star of two squares, as one outline."""
    inner = r * math.cos(math.pi / 4) / math.cos(math.pi / 8)
    pts = []
    for i in range(16):
        a = math.radians(turn) + math.pi * i / 8
        d = r if i % 2 == 0 else inner
        pts.append((cx + d * math.cos(a), cy + d * math.sin(a)))
    return pts


ICONS["khatam"] = f'<path d="{girih.path(khatam(12, 12, 9.5), 1, digits=2)}"/>'
ICONS["coin"] += f'<path d="{girih.path(khatam(12, 12, 4.8), 1, digits=2)}"/>'


def poster():
    """A3 proportion, 1050 x 1485: a rosette of twelve in a field that grows quieter outwards."""
    w, h = 1050, 1485
    stars = lattice(w, h, "4.6.12", 66, 78, w / 2, h * 0.44)
    centre = (w / 2, h * 0.44)
    groups = {}
    for n, cx, cy, pts in stars:
        d = math.hypot(cx - centre[0], cy - centre[1])
        ring = 0 if d < 60 else 1 if d < 330 else 2 if d < 560 else 3
        groups.setdefault((ring, n), []).append(girih.path(pts, 1))
    fill = {(0, 12): PAPER, (1, 12): TEAL_SOFT, (1, 6): TEAL_SOFT, (1, 4): TEAL_MID, (2, 12): TEAL, (2, 6): TEAL_MID,
            (2, 4): NIGHT_2, (3, 12): NIGHT_2, (3, 6): NIGHT_2, (3, 4): NIGHT}
    line = {0: PAPER, 1: PAPER, 2: TEAL_SOFT, 3: TEAL_MID}
    body = []
    for (ring, n), ds in sorted(groups.items(), reverse=True):
        body.append(f'<path d="{"".join(ds)}" fill="{fill[ring, n]}" stroke="{line[ring]}" stroke-width="{2.6 - ring * 0.5:g}"/>')
    frame = f'<path d="M0 0H{w}V{h}H0ZM60 60V{h - 60}H{w - 60}V60Z" fill="{NIGHT}" fill-rule="evenodd"/>'
    edge = (f'<path d="M60 60H{w - 60}V{h - 60}H60ZM72 72H{w - 72}V{h - 72}H72Z" fill="none" stroke="{TEAL_SOFT}" stroke-width="1.6"/>')
    small = girih.path(khatam(w / 2, h - 60, 22), 1)
    corner = "".join(girih.path(khatam(x, y, 22), 1) for x in (60, w - 60) for y in (60, h - 60)) + small + girih.path(khatam(w / 2, 60, 22), 1)
    heart = girih.path(khatam(*centre, 44), 1) + girih.path(khatam(*centre, 26, 22.5), 1)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="420mm" viewBox="0 0 {w} {h}">'
            f'<title>ملصق الوردة ذات الاثني عشر رأسًا</title><rect width="{w}" height="{h}" fill="{NIGHT}"/>'
            f'<g stroke-linejoin="round">{"".join(body)}<path d="{heart}" fill="none" stroke="{TEAL}" stroke-width="2.4"/>'
            f'{frame}{edge}<path d="{corner}" fill="{NIGHT}" stroke="{TEAL_SOFT}" stroke-width="2"/></g></svg>\n')


PATTERNS = [
    # name, tiling, angle, fills, ink, ground, band
    ("01-khatam", "4.8.8", 67.5, {8: TEAL_MIST}, TEAL, PAPER, 0),
    ("02-khatam-night", "4.8.8", 67.5, {8: TEAL, 4: NIGHT_2}, TEAL_SOFT, NIGHT, 0),
    ("03-cross", "4.8.8", 45, {8: SAND}, TEAL, PAPER, 7),
    ("04-four", "4.4.4.4", 67.5, {4: TEAL_SOFT}, TEAL, PAPER, 0),
    ("05-hexagram", "6.6.6", 60, {6: TEAL}, PAPER, SAND, 0),
    ("06-six-band", "3.6.3.6", 60, {6: TEAL_MIST}, INK, PAPER, 8),
    ("07-six-clay", "3.4.6.4", 67.5, {6: CLAY, 4: SAND}, INK, PAPER, 0),
    ("08-six-quiet", "3.4.6.4", 60, {}, STONE, PAPER, 0),
    ("09-twelve", "3.12.12", 72, {12: TEAL_MIST, 3: TEAL}, TEAL, PAPER, 0),
    ("10-twelve-night", "3.12.12", 67.5, {12: NIGHT_2, 3: TEAL_SOFT}, TEAL_SOFT, NIGHT, 0),
    ("11-rosette", "4.6.12", 66, {12: TEAL, 6: TEAL_SOFT, 4: SAND}, INK, PAPER, 0),
    ("12-rosette-sage", "4.6.12", 72, {12: SAGE, 6: SAND, 4: PAPER}, INK, SAND, 0),
]
TILE = {"4.4.4.4": 120, "4.8.8": 80, "6.6.6": 90, "3.6.3.6": 90, "3.12.12": 60, "3.4.6.4": 90, "4.6.12": 56}


def vector_patterns():
    files = {}
    for name, kind, theta, fills, ink, ground, band in PATTERNS:
        files[f"svg/{name}.svg"] = girih.svg_tile(kind, theta, TILE[kind], fills, ink, ground, width=2, band=band)
    boxes = "\n".join(f'<figure><div style="background-image:url(svg/{n}.svg)"></div><figcaption><code>{n}</code> '
                      f'{k} / {t}°</figcaption></figure>' for n, k, t, *_ in PATTERNS)
    files["preview.html"] = (
        '<!doctype html><html lang="ar" dir="rtl"><meta charset="utf-8"><title>اثنتا عشرة زخرفة</title><style>'
        'body{margin:2rem;background:#fcfaf6;display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1.5rem;'
        'font:1rem sans-serif;color:#151b24}figure{margin:0}div{block-size:16rem;border-radius:16px;background-size:50%}'
        'figcaption{direction:ltr;padding-block:.5rem}</style>\n' + boxes + "</html>\n")
    files["README.md"] = (
        "# اثنتا عشرة زخرفة هندسية متجهية\n\nكل ملف SVG بلاطة واحدة تتكرر بلا درز في الاتجاهين. افتح `preview.html` لتراها كلها.\n\n"
        "    background: url(svg/01-khatam.svg);\n    background-size: 240px;\n\n"
        "الألوان قيم صريحة في كل ملف، فتُبدَّل بالبحث والاستبدال أو في أي محرر متجهات (Inkscape أو Illustrator أو Figma).\n"
        "الرصف وزاوية التلامس لكل زخرفة مذكوران في المعاينة، لمن أراد أن يولّد غيرها.\n\n" + LICENCE)
    return files


RASTER = [("01-khatam", 480, 480), ("02-khatam-night", 480, 480), ("04-four", 360, 360), ("06-six-band", 390, 675),
          ("09-twelve", 390, 675), ("11-rosette", 390, 675)]


def png_bytes(svg, width, height, colours=24):
    """An SVG of that size as an indexed PNG."""
    with tempfile.TemporaryDirectory(prefix="demo-") as tmp:
        source, shot = pathlib.Path(tmp) / "a.svg", pathlib.Path(tmp) / "a.png"
        source.write_text(svg, "utf-8")
        chrome.png(str(source), str(shot), width, height)
        image = Image.open(shot).convert("RGB")
    out = io.BytesIO()
    image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def raster_patterns():
    files = {}
    table = {p[0]: p for p in PATTERNS}
    for name, wide, high in RASTER:
        _, kind, theta, fills, ink, ground, band = table[name]
        w, h, body = girih.render(kind, theta, TILE[kind], fills, ink, ground, width=2, band=band)
        svg = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {w} {h}" '
               f'preserveAspectRatio="none">{body}</svg>')
        files[f"png/{name}-{wide}x{high}.png"] = png_bytes(svg, wide, high)
    files["README.md"] = (
        "# خلفيات هندسية نقطية\n\nست بلاطات PNG تتكرر بلا درز، بألوان مفهرسة كي تبقى صغيرة. مقاس كل بلاطة في اسمها.\n\n"
        "    background: url(png/01-khatam-480x480.png);\n    background-size: 240px;   /* حدّة مضاعفة على الشاشات الكثيفة */\n\n"
        "للشرائح والمستندات: أدرجها خلفيةً مكررة (Tile picture as texture).\n\n" + LICENCE)
    return files


def card_text(x, y, size, text, colour, weight=400, anchor="end", latin=False):
    family = "Noto Sans, sans-serif" if latin else "Readex Pro, Noto Kufi Arabic, sans-serif"
    return (f'<text x="{x}" y="{y}" font-family="{family}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
            f'text-anchor="{anchor}">{text}</text>')


def cards():
    w, h = 900, 550  # 90 x 55 mm

    def sheet(body, ground, mm=(90, 55), box=(900, 550)):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{mm[0]}mm" height="{mm[1]}mm" viewBox="0 0 {box[0]} {box[1]}">'
                f'<rect width="{box[0]}" height="{box[1]}" fill="{ground}"/>{body}</svg>\n')

    strip = "".join(girih.path(p, 1) for n, cx, cy, p in lattice(250, h, "4.8.8", 67.5, 46, 0, h / 2) if n == 8 or n == 4)
    front = (f'<clipPath id="c"><rect width="220" height="{h}"/></clipPath><g clip-path="url(#c)"><rect width="220" height="{h}" fill="{TEAL}"/>'
             f'<path d="{strip}" fill="none" stroke="{TEAL_SOFT}" stroke-width="2"/></g>'
             + card_text(840, 190, 54, "ليلى حدّاد", INK, 700) + card_text(840, 245, 27, "مهندسة شبكات", SLATE)
             + f'<path d="M780 290H840" stroke="{TEAL}" stroke-width="4"/>'
             + card_text(840, 380, 25, "+000 00 000 0000", INK, latin=True) + card_text(840, 424, 25, "laila@example.org", INK, latin=True)
             + card_text(840, 468, 25, "example.org", TEAL, latin=True))
    mark = girih.path(khatam(450, 275, 120), 1) + girih.path(khatam(450, 275, 74, 22.5), 1)
    field = "".join(girih.path(p, 1) for n, cx, cy, p in lattice(w, h, "4.8.8", 67.5, 60, 450, 275 - 60 * 1.2071))
    back = (f'<path d="{field}" fill="none" stroke="{NIGHT_2}" stroke-width="2"/><circle cx="450" cy="275" r="150" fill="{NIGHT}"/>'
            f'<path d="{mark}" fill="none" stroke="{TEAL_SOFT}" stroke-width="3"/>')
    iw, ih = 1050, 1480
    border = "".join(girih.path(p, 1) for n, cx, cy, p in lattice(iw, ih, "4.8.8", 67.5, 43.5, 0, 0))
    invite = (f'<path d="{border}" fill="none" stroke="{TEAL_MID}" stroke-width="2"/><rect x="105" y="105" width="840" height="1270" fill="{PAPER}"/>'
              f'<rect x="120" y="120" width="810" height="1240" fill="none" stroke="{TEAL}" stroke-width="3"/>'
              f'<path d="{girih.path(khatam(525, 340, 90), 1)}{girih.path(khatam(525, 340, 55, 22.5), 1)}" fill="none" stroke="{TEAL}" stroke-width="3"/>'
              + card_text(525, 560, 34, "يسرّنا أن ندعوكم إلى", SLATE, anchor="middle")
              + card_text(525, 660, 66, "عنوان المناسبة", INK, 700, "middle")
              + card_text(525, 740, 34, "سطر يصف المناسبة في كلمات قليلة", SLATE, anchor="middle")
              + f'<path d="M425 820H625" stroke="{TEAL}" stroke-width="3"/>'
              + card_text(525, 920, 38, "الخميس 20 آذار، الساعة السابعة مساءً", INK, anchor="middle")
              + card_text(525, 985, 34, "القاعة الكبرى، شارع المكتبة", INK, anchor="middle")
              + card_text(525, 1200, 28, "الرجاء تأكيد الحضور", SLATE, anchor="middle")
              + card_text(525, 1250, 28, "rsvp@example.org", TEAL, anchor="middle", latin=True))
    return {
        "business-front.svg": sheet(front, PAPER), "business-back.svg": sheet(back, NIGHT),
        "invitation-a5.svg": sheet(invite, SAND, (148.5, 209.3), (iw, ih)),
        "README.md": ("# قوالب بطاقات هندسية\n\n- `business-front.svg` و`business-back.svg`: بطاقة عمل 90×55 مم، وجه وظهر.\n"
                      "- `invitation-a5.svg`: بطاقة دعوة بمقاس A5.\n\nالنصوص حية تُحرَّر في Inkscape أو أي محرر نصوص؛ والأسماء فيها أمثلة. "
                      "الخط المقترح Readex Pro (رخصة OFL)، وبديله Noto Kufi Arabic. قبل الطباعة حوّل النص إلى مسارات، "
                      "وأضف هامش قصّ 3 مم من إعدادات التصدير.\n\n" + LICENCE),
    }


def tokens():
    light = {"paper": PAPER, "raised": SAND, "line": LINE, "ink": INK, "muted": SLATE, "accent": TEAL, "accent-soft": TEAL_MIST,
             "success": oklch(0.46, 0.09, 155), "warning": oklch(0.50, 0.10, 65), "danger": oklch(0.48, 0.13, 27)}
    dark = {"paper": NIGHT, "raised": NIGHT_2, "line": oklch(0.36, 0.02, 245), "ink": oklch(0.94, 0.008, 85),
            "muted": oklch(0.76, 0.015, 245), "accent": oklch(0.76, 0.08, 200), "accent-soft": oklch(0.32, 0.04, 205),
            "success": oklch(0.78, 0.09, 155), "warning": oklch(0.82, 0.09, 75), "danger": oklch(0.76, 0.10, 27)}
    scale = {"size": [14, 16, 18, 22, 28, 36], "space": [4, 8, 12, 16, 24, 32, 48, 64], "radius": {"control": 10, "panel": 16}}

    def block(values, pad):
        return "\n".join(f"{pad}--{k}: {v};" for k, v in values.items())

    sizes = "\n".join(f"  --size-{i}: {v / 16:g}rem;" for i, v in enumerate(scale["size"], 1))
    spaces = "\n".join(f"  --space-{i}: {v / 16:g}rem;" for i, v in enumerate(scale["space"], 1))
    css = f"""/* رموز تصميم لواجهة عربية. الفاتح افتراضًا، والداكن بإعداد الجهاز أو بالسمة data-theme. */
:root {{
  color-scheme: light;
{block(light, "  ")}

{sizes}
  --leading-text: 1.7;
  --leading-title: 1.3;

{spaces}

  --radius-control: 10px;
  --radius-panel: 16px;
  --target: 44px;
  --measure: 65ch;
  --quick: 160ms cubic-bezier(.2, 0, 0, 1);
  --font: "Readex Pro", "Noto Kufi Arabic", "Noto Sans Arabic", Tahoma, sans-serif;
}}

@media (prefers-color-scheme: dark) {{
  :root:not([data-theme="light"]) {{
    color-scheme: dark;
{block(dark, "    ")}
  }}
}}
:root[data-theme="dark"] {{
  color-scheme: dark;
{block(dark, "  ")}
}}

@media (prefers-reduced-motion: reduce) {{
  :root {{ --quick: 0ms linear; }}
}}
"""
    base = """/* أساس صغير مبني على الرموز؛ اختياري. */
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: var(--size-3)/var(--leading-text) var(--font); }
h1, h2, h3 { line-height: var(--leading-title); text-wrap: balance; }
p { max-inline-size: var(--measure); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.button { min-block-size: var(--target); padding-inline: var(--space-5); border: 1px solid var(--accent); border-radius: var(--radius-control);
  background: var(--accent); color: var(--paper); font: inherit; font-weight: 700; cursor: pointer; transition: opacity var(--quick); }
.button:hover { opacity: .9; }
.button.quiet { background: none; color: var(--accent); }
.field { display: grid; gap: var(--space-1); }
.field input { min-block-size: var(--target); padding-inline: var(--space-3); border: 1px solid var(--muted); border-radius: var(--radius-control);
  background: var(--paper); color: inherit; font: inherit; }
.field [role="alert"] { color: var(--danger); font-size: var(--size-2); }
.panel { border: 1px solid var(--line); border-radius: var(--radius-panel); padding: var(--space-5); }
.note { border-inline-start: 4px solid var(--accent); background: var(--accent-soft); border-radius: var(--radius-control); padding: var(--space-3) var(--space-4); }
.code-like { direction: ltr; unicode-bidi: isolate; font-variant-numeric: tabular-nums; }
"""
    swatches = "\n".join(f'<li><i style="background:var(--{k})"></i><code class="code-like">--{k}</code></li>' for k in light)
    demo = f"""<!doctype html>
<html lang="ar" dir="rtl">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>رموز التصميم</title>
<link rel="stylesheet" href="tokens.css">
<link rel="stylesheet" href="base.css">
<style>
  main {{ max-inline-size: 60rem; margin-inline: auto; padding: var(--space-6); display: grid; gap: var(--space-6); }}
  ul {{ list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: var(--space-4); }}
  i {{ display: block; block-size: 4rem; border-radius: var(--radius-control); border: 1px solid var(--line); }}
</style>
<main>
  <header><h1>رموز التصميم</h1><button class="button quiet" id="theme">تبديل السمة</button></header>
  <ul>
{swatches}
  </ul>
  <section class="panel"><h2>نموذج</h2>
    <div class="field"><label for="n">الرمز</label><input id="n" dir="ltr" value="KZ-2041" aria-describedby="e"><span role="alert" id="e">انتهت صلاحية هذا الرمز. جرّب رمزًا آخر.</span></div>
    <p class="note">الرقم <span class="code-like">KZ-2041-77</span> معزول الاتجاه داخل الجملة.</p>
    <p><button class="button">حفظ</button> <button class="button quiet">إلغاء</button></p></section>
</main>
<script>
  document.getElementById('theme').addEventListener('click', () => {{
    const root = document.documentElement;
    const dark = getComputedStyle(root).colorScheme === 'dark';
    root.dataset.theme = dark ? 'light' : 'dark';
  }});
</script>
</html>
"""
    pairs = [("ink", "paper"), ("muted", "paper"), ("accent", "paper"), ("danger", "paper"), ("success", "paper"),
             ("warning", "paper"), ("ink", "raised"), ("ink", "accent-soft")]
    rows = "\n".join(f"| `{a}` على `{b}` | {contrast(light[a], light[b]):.1f} | {contrast(dark[a], dark[b]):.1f} |" for a, b in pairs)
    readme = ("# عدّة رموز تصميم عربية\n\n- `tokens.css`: المتغيرات وحدها (ألوان وأحجام ومسافات وحركة)، فاتحًا وداكنًا.\n"
              "- `base.css`: أساس اختياري من عناصر قليلة.\n- `tokens.json`: القيم نفسها لأدوات التصميم.\n- `demo.html`: صفحة تجربة.\n\n"
              "## التباين (محسوب بطريقة WCAG)\n\n| الزوج | فاتح | داكن |\n|---|---|---|\n" + rows + "\n\n" + LICENCE)
    return {"tokens.css": css, "base.css": base, "demo.html": demo, "README.md": readme,
            "tokens.json": json.dumps({"light": light, "dark": dark, **scale}, ensure_ascii=False, indent=2) + "\n"}


def contrast(one, two):
    def luminance(c):
        parts = [int(c[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    a, b = sorted((luminance(one), luminance(two)), reverse=True)
    return (a + 0.05) / (b + 0.05)
