#!/usr/bin/env bash
# نسخ احتياطي لمجلد مع بصمة وتحقق وتدوير
set -euo pipefail
umask 077

usage() {
  cat <<'TEXT'
الاستعمال:
  backup.sh -s المصدر -d الوجهة [-k عدد_النسخ]
  backup.sh --verify الوجهة
  backup.sh --restore الملف المجلد
TEXT
}
die() { echo "خطأ: $2" >&2; exit "$1"; }
say() { printf '%s  %s\n' "$(date '+%F %T')" "$*"; }

check_one() { # يتحقق من البصمة ثم يقرأ الأرشيف كله
  local folder name
  folder=$(dirname -- "$1"); name=$(basename -- "$1")
  (cd "$folder" && sha256sum --check --status "$name.sha256") && tar -tzf "$1" >/dev/null
}

verify_all() {
  local bad=0 n=0 file
  shopt -s nullglob
  for file in "$1"/*.tar.gz; do
    n=$((n + 1))
    if check_one "$file"; then say "سليم: $(basename -- "$file")"; else say "تالف: $(basename -- "$file")"; bad=1; fi
  done
  [ "$n" -gt 0 ] || die 2 "لا نسخ في $1"
  [ "$bad" = 0 ] || exit 2
}

restore() {
  [ -f "$1" ] || die 1 "لا ملف: $1"
  mkdir -p -- "$2"
  [ -z "$(ls -A -- "$2")" ] || die 1 "المجلد $2 ليس فارغًا"
  check_one "$1" || die 2 "النسخة تالفة، فلم يُستعد شيء"
  tar -xzf "$1" -C "$2"
  say "استُعيدت النسخة في $2"
}

source_dir='' target='' keep=7
case "${1:-}" in
  --verify) [ $# = 2 ] || { usage; exit 1; }; verify_all "$2"; exit ;;
  --restore) [ $# = 3 ] || { usage; exit 1; }; restore "$2" "$3"; exit ;;
  -h | --help) usage; exit ;;
esac
while getopts ':s:d:k:' option; do
  case $option in
    s) source_dir=$OPTARG ;;
    d) target=$OPTARG ;;
    k) keep=$OPTARG ;;
    *) usage; exit 1 ;;
  esac
done
[ -n "$source_dir" ] && [ -n "$target" ] || { usage; exit 1; }
[ -d "$source_dir" ] || die 1 "المصدر ليس مجلدًا: $source_dir"
[[ $keep =~ ^[1-9][0-9]*$ ]] || die 1 "عدد النسخ غير صالح: $keep"
mkdir -p -- "$target"
source_dir=$(cd -- "$source_dir" && pwd -P)
target=$(cd -- "$target" && pwd -P)
case "$target/" in "$source_dir"/*) die 1 "الوجهة داخل المصدر" ;; esac

exec 9>"$target/.lock"
flock -n 9 || die 3 "نسخة أخرى تعمل الآن"

prefix=$(basename -- "$source_dir")
name="$prefix-$(date '+%Y%m%d-%H%M%S-%N').tar.gz"
part="$target/.$name.part"
trap 'rm -f -- "$part"' EXIT

tar -czf "$part" -C "$source_dir" . || die 2 "فشل الأرشفة"
sum=$(sha256sum <"$part" | cut -d' ' -f1)
printf '%s  %s\n' "$sum" "$name" >"$target/$name.sha256"
mv -- "$part" "$target/$name" # إعادة التسمية ذرّية: إمّا ملف تام أو لا شيء
check_one "$target/$name" || die 2 "النسخة الجديدة لا تُقرأ"
say "تمت النسخة: $name ($(stat -c %s -- "$target/$name") بايت)"

# التدوير بعد النجاح فقط؛ والأسماء مرتبة زمنيًا
shopt -s nullglob
copies=("$target/$prefix"-????????-??????-*.tar.gz)
extra=$((${#copies[@]} - keep))
for ((i = 0; i < extra; i++)); do
  rm -f -- "${copies[i]}" "${copies[i]}.sha256"
  say "حُذفت القديمة: $(basename -- "${copies[i]}")"
done
