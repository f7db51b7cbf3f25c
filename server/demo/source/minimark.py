"""A very small Markdown: what the guides and lessons need, nothing more."""
import html
import re


def isolate(code):
    """Arabic inside code: words keep their own direction, ranges and digits stay in the order of the code."""
    words = (r"(?<![\u0600-\u06ff])([\u0621-\u064a«][\u0600-\u06ff«»]*(?:[ .:!0-9]*[\u0600-\u06ff«»]+)*)(?!-)"
             r"|([\u0660-\u0669\u06f0-\u06f9ا](?:-?[\u0660-\u0669\u06f0-\u06f9ي])+)")
    return re.sub(words, lambda m: f'<bdi dir="rtl">{m.group(1)}</bdi>' if m.group(1) else f'<bdo dir="ltr">{m.group(2)}</bdo>', code)


def inline(text):
    text = html.escape(text, quote=False)
    kept = []

    def keep(m):
        kept.append(f'<code dir="ltr">{isolate(m.group(1))}</code>')
        return f"\x00{len(kept) - 1}\x00"

    text = re.sub(r"`([^`]+)`", keep, text)
    text = re.sub(r"(?<![\w.])(\w[\w.⁰-⁹²³]*(?: [−×÷/=+] \w[\w.]*)+|[+±]?\d[\d.]* (?:V|Ω|mA|GB))(?!\w)(?<![\u0600-\u06ff])",
                  lambda m: m.group(0) if re.search("[\u0600-\u06ff]", m.group(0)) else f'<bdi dir="ltr">{m.group(0)}</bdi>', text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', text)
    return re.sub("\x00(\\d+)\x00", lambda m: kept[int(m.group(1))], text)


def cells(row):
    parts = re.split(r"(?<!\\)\|", row.strip().strip("|"))
    return [p.strip().replace("\\|", "|") for p in parts]


def parse(source):
    """Returns (head fields, body HTML)."""
    head, body = {}, []
    lines = source.strip("\n").split("\n")
    while lines and re.match(r"^[a-z]+: ", lines[0]):
        key, value = lines.pop(0).split(": ", 1)
        head[key] = value
    i = 0
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i += 1
        elif line.startswith("```"):
            code = []
            i += 1
            while not lines[i].startswith("```"):
                code.append(lines[i])
                i += 1
            i += 1
            text = html.escape("\n".join(code), quote=False)
            text = isolate(text)
            body.append(f'<pre dir="ltr"><code>{text}</code></pre>')
        elif m := re.match(r"^(#{2,3}) (.+)", line):
            n = len(m.group(1))
            body.append(f"<h{n}>{inline(m.group(2))}</h{n}>")
            i += 1
        elif line.startswith("|"):
            rows = []
            while i < len(lines) and lines[i].startswith("|"):
                rows.append(cells(lines[i]))
                i += 1
            top = "".join(f"<th>{inline(c)}</th>" for c in rows[0])
            rest = "".join("<tr>" + "".join(f"<td>{inline(c)}</td>" for c in r) + "</tr>" for r in rows[1:])
            short = ' class="short"' if len(rows) < 10 else ""
            body.append(f"<table{short}><thead><tr>{top}</tr></thead><tbody>{rest}</tbody></table>")
        elif re.match(r"^(- |\d+\. )", line):
            tag = "ul" if line.startswith("- ") else "ol"
            items = []
            while i < len(lines) and re.match(r"^(- |\d+\. )", lines[i]):
                items.append(f"<li>{inline(re.sub(r'^(- |[0-9]+[.] )', '', lines[i]))}</li>")
                i += 1
            body.append(f"<{tag}>{''.join(items)}</{tag}>")
        elif line.startswith("> "):
            note = []
            while i < len(lines) and lines[i].startswith("> "):
                note.append(lines[i][2:])
                i += 1
            body.append(f'<aside><p>{inline(" ".join(note))}</p></aside>')
        elif line.startswith("<"):
            raw = []
            while i < len(lines) and lines[i].strip():
                raw.append(lines[i])
                i += 1
            body.append("\n".join(raw))
        else:
            para = []
            while i < len(lines) and lines[i].strip() and not re.match(r"^(```|##|\||- |\d+\. |> |<)", lines[i]):
                para.append(lines[i])
                i += 1
            body.append(f'<p>{inline(" ".join(para))}</p>')
    return head, "\n".join(body)
