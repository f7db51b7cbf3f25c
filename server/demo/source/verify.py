#!/usr/bin/env python3
"""Checks the built demo folder; prints the counts and exits non-zero when anything is wrong."""
import csv
import io
import pathlib
import re
import subprocess
import sys
import tarfile
import xml.dom.minidom
import zipfile
from collections import Counter

from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent
ARABIC = re.compile("[\u0621-\u064a]{3}")
wrong = []


def check(ok, what):
    if not ok:
        wrong.append(what)


def members(path):
    """Names and bytes of an archive, every member read to its end."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as z:
            check(z.testzip() is None, f"{path.name}: zip CRC")
            return {n: z.read(n) for n in z.namelist()}
    with tarfile.open(path) as t:
        return {m.name: t.extractfile(m).read() for m in t.getmembers()}


def pdf(path, pages):
    text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True)
    info = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True).stdout
    count = int(re.search(r"Pages:\s+(\d+)", info).group(1))
    check(text.returncode == 0 and not text.stderr, f"{path.name}: pdftotext {text.stderr}")
    check(len(ARABIC.findall(text.stdout)) > 40, f"{path.name}: no Arabic text")
    check(count in pages, f"{path.name}: {count} pages")


def image(path, size=None):
    with Image.open(path) as i:
        i.load()
        check(size is None or i.size == size, f"{path.name}: {i.size}")


with open(OUT / "manifest.csv", encoding="utf-8", newline="") as f:
    header = f.readline().strip()
    f.seek(0)
    rows = list(csv.DictReader(f))
check(header == "file,title,description,category,price,kind,cover,preview", "header")
named = set()
for row in rows:
    for key in ("file", "cover", "preview"):
        if row[key]:
            path = OUT / row[key]
            named.add(path)
            check(path.is_file() and path.stat().st_size > 0, f"missing {row[key]}")
    path = OUT / row["file"]
    check(row["kind"] in {"pdf", "code", "tutorial", "design", "other"}, f"kind {row['kind']}")
    check(20 <= int(row["price"]) <= 450, f"price {row['price']}")
    check(ARABIC.search(row["title"]) and len(row["title"]) <= 80, f"title {row['title']}")
    check(2 <= len(re.findall(r"[.](?:\s|$)", row["description"])) <= 4, f"sentences: {row['title']}")
    if path.suffix == ".pdf":
        pdf(path, range(2, 7))
    elif path.suffix == ".svg":
        xml.dom.minidom.parse(str(path))
    else:
        inside = members(path)
        check(any(n.endswith("README.md") and ARABIC.search(d.decode()) for n, d in inside.items()), f"{path.name}: no Arabic README")
        for name, data in inside.items():
            check(str(OUT).encode() not in data, f"{path.name}: a path of this machine in {name}")
            if name.endswith(".svg"):
                xml.dom.minidom.parseString(data)
            if name.endswith(".png"):
                Image.open(io.BytesIO(data)).verify()
    if row["cover"]:
        image(OUT / row["cover"], (800, 600))
        check((OUT / row["cover"]).stat().st_size < 12 * 1024, f"{row['cover']} too big")
    if row["preview"].endswith(".pdf"):
        pdf(OUT / row["preview"], [1])
    elif row["preview"]:
        image(OUT / row["preview"])
for folder in ("files", "covers", "previews"):
    for path in (OUT / folder).iterdir():
        check(path in named, f"not in the manifest: {path.name}")
check(len({r["category"] for r in rows}) == 5, "categories")
check(len(rows) >= 24, "count")
check(len({r["title"] for r in rows}) == len(rows), "titles repeat")
prices = [int(r["price"]) for r in rows]
check(sum(p <= 100 for p in prices) >= 8 and prices.count(25) >= 3, "prices")
sizes = [p.stat().st_size for p in OUT.rglob("*") if p.is_file()]
source = sum(p.stat().st_size for p in (OUT / "source").rglob("*") if p.is_file())
check(sum(sizes) < 2.5e6 and source < 300e3, f"size {sum(sizes)} {source}")

print(len(rows), "products:", dict(Counter(r["category"] for r in rows)), dict(Counter(r["kind"] for r in rows)))
print("covers", sum(bool(r["cover"]) for r in rows), "previews", sum(bool(r["preview"]) for r in rows),
      "price <= 100:", sum(p <= 100 for p in prices), "at 25:", prices.count(25), "max", max(prices))
print(f"total {sum(sizes)} bytes, source {source}; files over 60 KB:", sum((OUT / r["file"]).stat().st_size > 60 * 1024 for r in rows))
print("\n".join(wrong) or "all good")
sys.exit(bool(wrong))
