#!/usr/bin/env bash
# اختبارات السكربت في مجلد مؤقت
set -uo pipefail
app=$(cd "$(dirname "$0")/.." && pwd)/backup.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
ok() { # وصف، ثم أمر يُنتظر نجاحه
  local what=$1; shift
  if "$@" >/dev/null 2>&1; then echo "نجح: $what"; else echo "فشل: $what"; failed=1; fi
}
code() { # الرمز المنتظر، ثم الأمر
  local want=$1 got=0; shift
  "$@" || got=$?
  [ "$got" = "$want" ]
}
count() { [ "$(find "$work/out" -name '*.tar.gz' | wc -l)" = "$1" ]; }

mkdir -p "$work/data/مجلد فرعي"
echo 'سلام' >"$work/data/مجلد فرعي/ملف.txt"
ok "نسخة أولى" "$app" -s "$work/data" -d "$work/out"
ok "التحقق" "$app" --verify "$work/out"
first=$(find "$work/out" -name '*.tar.gz')
ok "الاستعادة" "$app" --restore "$first" "$work/back"
ok "المحتوى نفسه" diff -r "$work/data" "$work/back"
ok "لا استعادة فوق مجلد غير فارغ" code 1 "$app" --restore "$first" "$work/back"
for _ in 1 2 3 4; do "$app" -s "$work/data" -d "$work/out" -k 3 >/dev/null; done
ok "التدوير يبقي ثلاثًا" count 3
ok "مصدر غائب" code 1 "$app" -s "$work/none" -d "$work/out"
ok "وجهة داخل المصدر" code 1 "$app" -s "$work/data" -d "$work/data/x"
ok "عدد غير صالح" code 1 "$app" -s "$work/data" -d "$work/out" -k صفر
last=$(find "$work/out" -name '*.tar.gz' | sort | tail -1)
printf 'x' >>"$last"
ok "كشف التلف" code 2 "$app" --verify "$work/out"
ok "لا استعادة لنسخة تالفة" code 2 "$app" --restore "$last" "$work/other"
exec 8>"$work/out/.lock"; flock 8
ok "القفل" code 3 "$app" -s "$work/data" -d "$work/out"
exit "$failed"
