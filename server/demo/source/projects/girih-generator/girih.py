#!/usr/bin/env python3
"""مولّد زخارف هندسية إسلامية بطريقة «المضلعات المتلامسة» (طريقة هانكِن).

الفكرة: نرصف السطح بمضلعات منتظمة، ومن منتصف كل ضلع نطلق شعاعين يصنعان
مع الضلع زاوية التلامس θ، ثم نصل كل شعاع بأقرب شعاع من الضلع المجاور.
تغيير θ وحدها يغيّر الزخرفة كلها.

الاستعمال:
    python3 girih.py --tiling 4.8.8 --angle 67.5 --out pattern.svg
"""
import argparse
import math

SQ3 = math.sqrt(3)


def apothem(n, side=1.0):
    """بُعد مركز المضلع المنتظم عن ضلعه."""
    return side / (2 * math.tan(math.pi / n))


# كل رصف: (عرض الخلية، ارتفاعها، [(س، ص، عدد الأضلاع، زاوية أول عمود على ضلع)])
def tiling(name):
    if name == "4.4.4.4":
        return 1.0, 1.0, [(0.5, 0.5, 4, 0)]
    if name == "4.8.8":
        d = 2 * apothem(8)
        return d, d, [(d / 2, d / 2, 8, 0), (0, 0, 4, 45)]
    if name == "6.6.6":
        return SQ3, 3.0, [(0, 0, 6, 0), (SQ3 / 2, 1.5, 6, 0)]
    if name == "3.6.3.6":
        w, h = 2.0, 2 * SQ3
        cells = []
        for x, y in ((0, 0), (1, SQ3)):
            cells.append((x, y, 6, 30))
            cells.append((x + 1, y + 1 / SQ3, 3, 90))
            cells.append((x + 1, y - 1 / SQ3, 3, 270))
        return w, h, cells
    if name == "3.12.12":
        d = 2 * apothem(12)
        w, h = d, d * SQ3
        cells = []
        for x, y in ((0, 0), (d / 2, h / 2)):
            cells.append((x, y, 12, 0))
            cells.append((x + d / 2, y + d / (2 * SQ3), 3, 90))
            cells.append((x + d / 2, y - d / (2 * SQ3), 3, 270))
        return w, h, cells
    if name == "3.4.6.4":
        d = 2 * apothem(6) + 1
        w, h = d, d * SQ3
        cells = []
        for x, y in ((0, 0), (d / 2, h / 2)):
            cells.append((x, y, 6, 0))
            for k in range(3):
                a = math.radians(60 * k)
                cells.append((x + d / 2 * math.cos(a), y + d / 2 * math.sin(a), 4, 60 * k))
            cells.append((x + d / 2, y + d / (2 * SQ3), 3, 270))
            cells.append((x + d / 2, y - d / (2 * SQ3), 3, 90))
        return w, h, cells
    if name == "4.6.12":
        d = 2 * apothem(12) + 1
        w, h = d, d * SQ3
        cells = []
        for x, y in ((0, 0), (d / 2, h / 2)):
            cells.append((x, y, 12, 0))
            for k in range(3):
                a = math.radians(60 * k)
                cells.append((x + d / 2 * math.cos(a), y + d / 2 * math.sin(a), 4, 60 * k))
            cells.append((x + d / 2, y + d / (2 * SQ3), 6, 30))
            cells.append((x + d / 2, y - d / (2 * SQ3), 6, 30))
        return w, h, cells
    raise SystemExit(f"رصف غير معروف: {name}")


TILINGS = ("4.4.4.4", "4.8.8", "6.6.6", "3.6.3.6", "3.12.12", "3.4.6.4", "4.6.12")


def star(cx, cy, n, phase, theta):
    """رؤوس النجمة داخل مضلع: منتصف ضلع ثم نقطة التقاء الشعاعين، بالتناوب."""
    a = apothem(n)
    t = math.radians(theta)
    step = math.pi / n
    r = a * math.cos(t) / math.cos(t - step)  # قانون الجيوب
    points = []
    for i in range(n):
        f = math.radians(phase) + 2 * step * i
        points.append((cx + a * math.cos(f), cy + a * math.sin(f)))
        points.append((cx + r * math.cos(f + step), cy + r * math.sin(f + step)))
    return points


def cell(name, theta):
    """(العرض، الارتفاع، [(عدد الأضلاع، رؤوس النجمة)]) مع نسخ الحواف كي تتكرر الخلية بلا درز."""
    w, h, polys = tiling(name)
    stars = []
    for x, y, n, phase in polys:
        reach = 0.5 / math.sin(math.pi / n) + 0.2
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                px, py = x + dx * w, y + dy * h
                if -reach < px < w + reach and -reach < py < h + reach:
                    stars.append((n, star(px, py, n, phase, theta)))
    return w, h, stars


def path(points, k, dx=0.0, dy=0.0, digits=1):
    out = []
    for x, y in points:
        out.append(f"{round(x * k + dx, digits):g} {round(y * k + dy, digits):g}")
    return "M" + "L".join(out) + "Z"


def render(name, theta, scale, fills, ink, paper, width=2.0, band=0.0, back=None):
    """محتوى SVG لخلية واحدة: تعبئة النجوم ثم الخطوط (مفردة أو شريط مزدوج)."""
    w, h, stars = cell(name, theta)
    parts = [f'<rect width="{w * scale:.2f}" height="{h * scale:.2f}" fill="{back or paper}"/>']
    by = {}
    for n, pts in stars:
        by.setdefault(n, []).append(path(pts, scale))
    for n, ds in sorted(by.items()):
        if fills.get(n):
            parts.append(f'<path d="{"".join(ds)}" fill="{fills[n]}"/>')
    lines = "".join("".join(ds) for _, ds in sorted(by.items()))
    if band:
        parts.append(f'<path d="{lines}" fill="none" stroke="{ink}" stroke-width="{band + 2 * width:g}" stroke-linejoin="round"/>')
        parts.append(f'<path d="{lines}" fill="none" stroke="{paper}" stroke-width="{band:g}" stroke-linejoin="round"/>')
    else:
        parts.append(f'<path d="{lines}" fill="none" stroke="{ink}" stroke-width="{width:g}" stroke-linejoin="round"/>')
    return w * scale, h * scale, "".join(parts)


def svg_tile(*args, **kw):
    w, h, body = render(*args, **kw)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:.2f}" height="{h:.2f}" '
            f'viewBox="0 0 {w:.2f} {h:.2f}">{body}</svg>\n')


def main():
    p = argparse.ArgumentParser(description="مولّد زخارف هندسية بصيغة SVG")
    p.add_argument("--tiling", default="4.8.8", choices=TILINGS, help="نوع الرصف")
    p.add_argument("--angle", type=float, default=67.5, help="زاوية التلامس بالدرجات (30 إلى 80)")
    p.add_argument("--scale", type=float, default=80, help="طول الضلع بالبكسل")
    p.add_argument("--ink", default="#005f67", help="لون الخط")
    p.add_argument("--paper", default="#fcfaf6", help="لون الأرضية")
    p.add_argument("--fill", default="", help="لون النجوم الكبرى، أو فارغ")
    p.add_argument("--band", type=float, default=0, help="عرض الشريط المزدوج، 0 لخط مفرد")
    p.add_argument("--out", default="pattern.svg")
    a = p.parse_args()
    biggest = max(n for *_, n, _ in tiling(a.tiling)[2])
    fills = {biggest: a.fill} if a.fill else {}
    with open(a.out, "w", encoding="utf-8") as f:
        f.write(svg_tile(a.tiling, a.angle, a.scale, fills, a.ink, a.paper, band=a.band))
    print(f"كُتب الملف {a.out}")


if __name__ == "__main__":
    main()
