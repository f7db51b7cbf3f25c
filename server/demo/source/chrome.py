"""Chromium headless: HTML to PDF and SVG to PNG."""
import io
import os
import subprocess
import tempfile

import pikepdf
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables.ttProgram import Program

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --hide-scrollbars --force-color-profile=srgb").split()


def run(*args):
    with tempfile.TemporaryDirectory(prefix="demo-") as profile:
        subprocess.run([os.environ.get("CHROMIUM", "chromium"), *FLAGS, f"--user-data-dir={profile}", *args],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)


def pdf(html_path, out):
    run("--no-pdf-header-footer", f"--print-to-pdf={out}", html_path)
    with pikepdf.open(out, allow_overwriting_input=True) as doc:
        for obj in doc.objects:
            if isinstance(obj, pikepdf.Dictionary) and "/FontFile2" in obj:
                slim(obj["/FontFile2"])
        for key in ("/CreationDate", "/ModDate"):
            doc.docinfo[key] = "D:20250301090000+00'00'"
        doc.remove_unreferenced_resources()
        doc.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True,
                 compress_streams=True, deterministic_id=True)


def slim(stream):
    """Drops the screen hinting of an embedded font: nothing reads it on paper."""
    font = TTFont(io.BytesIO(stream.read_bytes()))
    for tag in ("fpgm", "prep", "cvt ", "gasp", "hdmx", "VDMX", "LTSH"):
        if tag in font:
            del font[tag]
    for name in font.getGlyphOrder():
        glyph = font["glyf"][name]
        glyph.expand(font["glyf"])
        if hasattr(glyph, "program"):
            glyph.program = Program()
            glyph.program.fromBytecode(b"")
    data = io.BytesIO()
    font.save(data, reorderTables=None)
    stream.write(data.getvalue())
    stream["/Length1"] = len(data.getvalue())


def png(svg_path, out, width, height):
    run(f"--window-size={width},{height}", "--default-background-color=00000000", f"--screenshot={out}", svg_path)
