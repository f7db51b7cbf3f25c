#!/usr/bin/env python3
"""مهام: قائمة أعمال من الطرفية تُحفظ في ملف JSON."""
import argparse
import datetime as dt
import json
import os
import sys
import tempfile
from pathlib import Path

EASTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def default_path():
    return Path(os.environ.get("MAHAAM_FILE", Path.home() / ".mahaam.json"))


class Store:
    """مخزن المهام: قراءة وكتابة ذرّية."""

    def __init__(self, path):
        self.path = Path(path)
        self.tasks = []
        if self.path.exists():
            self.tasks = json.loads(self.path.read_text(encoding="utf-8"))

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as f:
                json.dump(self.tasks, f, ensure_ascii=False, indent=2)
                f.flush()
                os.fsync(f.fileno())
            os.replace(name, self.path)  # استبدال واحد: إمّا القديم كاملًا أو الجديد كاملًا
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def add(self, title, due=None, tag=None):
        title = title.strip()
        if not title:
            raise ValueError("عنوان المهمة فارغ")
        number = max((t["id"] for t in self.tasks), default=0) + 1
        task = {"id": number, "title": title, "due": due, "tag": tag, "done": None}
        self.tasks.append(task)
        self.save()
        return task

    def find(self, number):
        for task in self.tasks:
            if task["id"] == number:
                return task
        raise ValueError(f"لا مهمة برقم {number}")

    def done(self, number, today):
        task = self.find(number)
        task["done"] = today.isoformat()
        self.save()
        return task

    def remove(self, number):
        task = self.find(number)
        self.tasks.remove(task)
        self.save()
        return task

    def listing(self, tag=None, everything=False):
        chosen = [t for t in self.tasks
                  if (everything or not t["done"]) and (tag is None or t["tag"] == tag)]
        return sorted(chosen, key=lambda t: (bool(t["done"]), t["due"] or "9999", t["id"]))


def plural(n):
    """صيغة العدد مع كلمة «مهمة»."""
    if n == 0:
        return "لا مهام"
    if n == 1:
        return "مهمة واحدة"
    if n == 2:
        return "مهمتان"
    if 3 <= n % 100 <= 10:
        return f"{n} مهام"
    return f"{n} مهمة"


def date(text):
    try:
        return dt.date.fromisoformat(text.translate(EASTERN)).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"تاريخ غير صالح: {text} (مثال: 2025-04-01)")


def number(text):
    try:
        return int(text.translate(EASTERN))
    except ValueError:
        raise argparse.ArgumentTypeError(f"رقم غير صالح: {text}")


def line(task, today):
    mark = "✓" if task["done"] else " "
    text = f"[{mark}] {task['id']:>3}  {task['title']}"
    if task["tag"]:
        text += f"  #{task['tag']}"
    if task["due"] and not task["done"]:
        days = (dt.date.fromisoformat(task["due"]) - today).days
        if days < 0:
            text += f"  (متأخرة منذ {task['due']})"
        elif days == 0:
            text += "  (اليوم)"
        else:
            text += f"  (حتى {task['due']})"
    return text


def parser():
    p = argparse.ArgumentParser(prog="mahaam", description="قائمة أعمال من الطرفية")
    sub = p.add_subparsers(dest="command", required=True)
    c = sub.add_parser("add", help="إضافة مهمة")
    c.add_argument("title")
    c.add_argument("--due", type=date, help="تاريخ الاستحقاق")
    c.add_argument("--tag", help="وسم")
    c = sub.add_parser("list", help="عرض المهام")
    c.add_argument("--tag")
    c.add_argument("--all", action="store_true", help="مع المنجزة")
    for name, text in (("done", "إنجاز مهمة"), ("remove", "حذف مهمة")):
        c = sub.add_parser(name, help=text)
        c.add_argument("id", type=number)
    sub.add_parser("stats", help="ملخّص")
    return p


def main(argv=None, today=None, out=None):
    today = today or dt.date.today()
    out = out or sys.stdout
    args = parser().parse_args(argv)
    try:
        store = Store(default_path())
        if args.command == "add":
            print("أُضيفت:", line(store.add(args.title, args.due, args.tag), today), file=out)
        elif args.command == "list":
            tasks = store.listing(args.tag, args.all)
            for task in tasks:
                print(line(task, today), file=out)
            print(plural(len(tasks)), file=out)
        elif args.command == "done":
            print("أُنجزت:", line(store.done(args.id, today), today), file=out)
        elif args.command == "remove":
            print("حُذفت:", store.remove(args.id)["title"], file=out)
        else:
            finished = sum(1 for t in store.tasks if t["done"])
            late = sum(1 for t in store.tasks if not t["done"] and t["due"] and t["due"] < today.isoformat())
            print(f"المجموع: {plural(len(store.tasks))}، المنجز: {finished}، المتأخر: {late}", file=out)
    except ValueError as problem:  # ويشمل ملف JSON التالف
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
