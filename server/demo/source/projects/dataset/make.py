#!/usr/bin/env python3
"""يولّد sales.csv؛ البذرة ثابتة فالناتج واحد دائمًا."""
import csv
import datetime as dt
import math
import random

PRODUCTS = [("لوحة مفاتيح", "ملحقات", 120), ("فأرة لاسلكية", "ملحقات", 65), ("سماعة رأس", "صوت", 150),
            ("مكبّر صغير", "صوت", 90), ("شاشة 24 بوصة", "شاشات", 620), ("حامل شاشة", "شاشات", 80),
            ("قرص خارجي", "تخزين", 240), ("ذاكرة 64 غيغا", "تخزين", 35), ("دفتر مخطط", "قرطاسية", 12),
            ("قلم حبر", "قرطاسية", 18)]
CITIES = (["الرباط"] * 3 + ["القاهرة"] * 5 + ["عمّان"] * 3 + ["جدة"] * 4 + ["بغداد"] * 3 + ["تونس"] * 2)


def main(path="sales.csv"):
    rng = random.Random(2025)
    rows = []
    for number in range(1, 599):
        while True:  # موسم: ذروة قرب أيلول
            day = rng.randrange(365)
            if rng.random() < 0.55 + 0.45 * math.sin((day - 170) / 365 * 2 * math.pi):
                break
        name, kind, price = rng.choice(PRODUCTS)
        missing = 0.35 if kind == "قرطاسية" else 0.1
        rows.append([1000 + number, (dt.date(2024, 1, 1) + dt.timedelta(day)).isoformat(), rng.choice(CITIES), name, kind,
                     rng.choice((1, 1, 1, 2, 2, 3)), price, "" if rng.random() < missing else rng.choice((3, 4, 4, 5, 5, 2))])
    rows.sort(key=lambda r: r[1])
    for row in rng.sample(rows, 20):
        year, month, day = row[1].split("-")
        row[1] = f"{int(day)}/{int(month)}/{year}"
    for row in rng.sample(rows, 15):
        row[2] = f" {row[2]} "
    rows.insert(200, rows[150][:])
    rows.insert(400, rows[390][:])
    with open(path, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow("order_id date city product category quantity unit_price rating".split())
        out.writerows(rows)


if __name__ == "__main__":
    main()
