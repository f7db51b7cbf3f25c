#!/usr/bin/env python3
"""تنظيف sales.csv وحساب إيراد المدن."""
import csv
import datetime as dt
from collections import Counter


def date(text):
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return dt.datetime.strptime(text, pattern).date()
        except ValueError:
            pass
    raise ValueError(f"تاريخ غير مفهوم: {text}")


seen, revenue = set(), Counter()
with open("sales.csv", encoding="utf-8", newline="") as f:
    for row in csv.DictReader(f):
        if row["order_id"] in seen:
            continue
        seen.add(row["order_id"])
        date(row["date"])
        revenue[row["city"].strip()] += int(row["quantity"]) * int(row["unit_price"])

print("السطور بعد التنظيف:", len(seen))
total = sum(revenue.values())
for city, amount in revenue.most_common():
    print(f"{city}: {amount} ({amount / total:.1%})")
