#!/usr/bin/env python3
"""Builds the demo content: files/, covers/, previews/ and manifest.csv in the folder above.

Needs Python 3.9 or later with Pillow, pikepdf and fonttools, Chromium, poppler's pdftoppm, and the Noto Arabic fonts.
    python3 build.py            everything
    python3 build.py NAME...    only the products whose file or source contains one of the names
"""
import csv
import gzip
import html
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent
sys.path.insert(0, str(HERE))

import pikepdf  # noqa: E402
from PIL import Image  # noqa: E402

import covers  # noqa: E402
import designs  # noqa: E402
import guides  # noqa: E402
import minimark  # noqa: E402
from products import PRODUCTS  # noqa: E402

STAMP = (2025, 3, 1, 9, 0, 0)
EPOCH = 1740819600
SKIP = {"__pycache__", "traffic_test", "filters_test"}


def tree(folder):
    """{relative path: (bytes, executable)} of a source folder."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not SKIP & set(path.parts):
            files[path.relative_to(folder).as_posix()] = (path.read_bytes(), os.access(path, os.X_OK))
    return files


def lesson(name):
    folder = HERE / "lessons" / name
    head, body = minimark.parse((folder / "lesson.md").read_text("utf-8"))
    files = tree(folder)
    del files["lesson.md"]
    css = (HERE / "lessons" / "lesson.css").read_bytes()
    extra = files.pop("lesson-extra.css", (b"", False))[0]
    files["lesson.css"] = (css + extra, False)
    title = html.escape(head["title"])
    page = (f'<!doctype html>\n<html lang="ar" dir="rtl">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
            f'<link rel="stylesheet" href="lesson.css">\n</head>\n<body>\n<header><h1>{title}</h1>'
            f'<p>{html.escape(head["subtitle"])}</p></header>\n<main>\n{body}\n</main>\n</body>\n</html>\n')
    files["index.html"] = (page.encode(), False)
    files["README.md"] = (f"# {head['title']}\n\n{head['subtitle']}\n\nافتح الملف `index.html` في أي متصفح؛ لا يحتاج إلى اتصال.\n\n"
                          f"{designs.LICENCE}".encode(), False)
    return files


def zipped(files, root):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, (data, executable) in sorted(files.items()):
            info = zipfile.ZipInfo(f"{root}/{name}", STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            z.writestr(info, data)
    return out.getvalue()


def tarred(files, root):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as t:
        for name, (data, executable) in sorted(files.items()):
            info = tarfile.TarInfo(f"{root}/{name}")
            info.size, info.mtime, info.mode = len(data), EPOCH, 0o755 if executable else 0o644
            t.addfile(info, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), 9, mtime=EPOCH)


def project(folder):
    files = tree(HERE / folder)
    if folder.endswith("dataset"):
        with tempfile.TemporaryDirectory(prefix="demo-") as tmp:
            subprocess.run([sys.executable, str(HERE / folder / "make.py")], cwd=tmp, check=True)
            files["sales.csv"] = ((pathlib.Path(tmp) / "sales.csv").read_bytes(), False)
    return files


def make(recipe, out):
    how, *rest = recipe.split(":")
    if how == "pdf":
        guides.build(rest[0], out)
    elif how == "file":
        out.write_text(getattr(designs, rest[0])(), "utf-8")
    elif how == "files":
        made = getattr(designs, rest[0])()
        out.write_bytes(zipped({n: (d if isinstance(d, bytes) else d.encode(), False) for n, d in made.items()}, rest[1]))
    elif how == "lesson":
        out.write_bytes(zipped(lesson(rest[0]), f"{rest[0]}-lesson"))
    else:
        root = rest[1] if len(rest) > 1 else out.name.split(".")[0]
        out.write_bytes((zipped if how == "zip" else tarred)(project(rest[0]), root))


def preview(pdf, kind, out):
    if kind == "pdf":
        with pikepdf.open(pdf) as doc:
            del doc.pages[1:]
            for key in ("/StructTreeRoot", "/Outlines", "/Names", "/Dests"):  # they would keep the other pages alive
                if key in doc.Root:
                    del doc.Root[key]
            doc.Root.MarkInfo = pikepdf.Dictionary(Marked=False)
            doc.remove_unreferenced_resources()
            doc.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True, deterministic_id=True)
        return
    with tempfile.TemporaryDirectory(prefix="demo-") as tmp:
        subprocess.run(["pdftoppm", "-r", "96", "-f", "1", "-l", "1", "-png", "-singlefile", str(pdf), f"{tmp}/p"], check=True)
        image = Image.open(f"{tmp}/p.png").convert("RGB")
        image.save(out, "WEBP", quality=70, method=6)


def main(only):
    for name in ("files", "covers", "previews"):
        if not only:
            shutil.rmtree(OUT / name, ignore_errors=True)
        (OUT / name).mkdir(exist_ok=True)
    rows = []
    for file, recipe, title, description, category, price, kind, cover, show in PRODUCTS:
        path = OUT / "files" / file
        stem = recipe.split(":")[1].split("/")[-1]
        cover_path = f"covers/{cover}.webp" if cover else ""
        show_path = f"previews/{stem}.{show}" if show else ""
        rows.append([f"files/{file}", title, description, category, price, kind, cover_path, show_path])
        if only and not any(o in file or o in recipe for o in only):
            continue
        make(recipe, path)
        if cover:
            covers.build(cover, OUT / cover_path)
        if show:
            preview(path, show, OUT / show_path)
        print(f"{path.stat().st_size:>8}  {file}")
    with open(OUT / "manifest.csv", "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow("file,title,description,category,price,kind,cover,preview".split(","))
        out.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
