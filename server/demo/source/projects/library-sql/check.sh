#!/usr/bin/env bash
# ينشئ قاعدة مؤقتة ويتحقق من أن القيود تمنع ما ينبغي منعه
set -euo pipefail
cd "$(dirname "$0")"
db=$(mktemp)
trap 'rm -f "$db"' EXIT
sqlite3 "$db" < schema.sql
sqlite3 "$db" < data.sql

refuse() { # وصف، أمر
  if sqlite3 "$db" "PRAGMA foreign_keys = ON; $2" 2>/dev/null; then
    echo "فشل: لم يُمنع $1" >&2
    exit 1
  fi
  echo "مُنع كما ينبغي: $1"
}
refuse "إعارة نسخة معارة" "INSERT INTO loans (copy_id, member_id, taken_on, due_on) VALUES (3, 4, '2025-03-15', '2025-04-05');"
refuse "تجاوز حد العضو" "INSERT INTO loans (copy_id, member_id, taken_on, due_on) VALUES (9, 2, '2025-03-15', '2025-04-05');"
refuse "تاريخ معيب" "INSERT INTO members (name, joined_on) VALUES ('س', '2025-02-30');"
refuse "مؤلف غير موجود" "INSERT INTO books (title, author_id, subject) VALUES ('س', 99, 'ع');"
[ "$(sqlite3 "$db" "SELECT COUNT(*) FROM open_loans WHERE due_on < '2025-03-15'")" = 2 ]
[ "$(sqlite3 "$db" "PRAGMA integrity_check")" = ok ]
echo "كل الفحوص سليمة"
