/* مرشّحات إشارة بأعداد صحيحة: ملف واحد بلا اعتماديات. */
#ifndef FILTERS_H
#define FILTERS_H

#include <stdbool.h>
#include <stdint.h>

/* متوسط أسّي: y += (x - y) / 2^shift؛ والحال محفوظة مكبّرة 2^shift لئلا يضيع الكسر.
   القراءات ضمن ±2^(30 - shift). */
typedef struct {
  int32_t acc;
  uint8_t shift;
  bool started;
} Ema;
#define EMA_INIT(s) {0, (s), false}

static inline int32_t ema_push(Ema *e, int32_t x) {
  int32_t one = (int32_t)1 << e->shift;
  if (!e->started) {
    e->acc = x * one;
    e->started = true;
  } else {
    e->acc += x - e->acc / one;
  }
  return e->acc / one;
}

/* وسيط آخر خمس قراءات: يحذف القفزة المفردة ولا يزيح الحافة كثيرًا. */
typedef struct {
  int32_t last[5];
  uint8_t n, at;
} Median5;
#define MEDIAN5_INIT {{0}, 0, 0}

static inline int32_t median5_push(Median5 *m, int32_t x) {
  int32_t s[5];
  uint8_t i, j;
  m->last[m->at] = x;
  m->at = (uint8_t)((m->at + 1) % 5);
  if (m->n < 5) m->n++;
  for (i = 0; i < m->n; i++) { /* ترتيب بالإدراج: خمسة عناصر على الأكثر */
    int32_t v = m->last[i];
    for (j = i; j > 0 && s[j - 1] > v; j--) s[j] = s[j - 1];
    s[j] = v;
  }
  return s[m->n / 2];
}

/* عتبتان: يعمل عند بلوغ العليا ولا ينطفئ حتى يهبط إلى الدنيا. */
typedef struct {
  int32_t low, high;
  bool on;
} Hyst;

static inline bool hyst_push(Hyst *h, int32_t x) {
  if (x >= h->high) h->on = true;
  else if (x <= h->low) h->on = false;
  return h->on;
}

/* ثبات الزر: لا يتغيّر المخرج حتى تتكرر القراءة الجديدة عددًا من المرات. */
typedef struct {
  uint8_t need, count;
  bool state;
} Debounce;

static inline bool debounce_push(Debounce *d, bool raw) {
  if (raw == d->state) {
    d->count = 0;
  } else if (++d->count >= d->need) {
    d->state = raw;
    d->count = 0;
  }
  return d->state;
}

/* تحويل مدى إلى مدى مع قصّ الطرفين وتقريب إلى الأقرب. */
static inline int32_t scale_range(int32_t x, int32_t in0, int32_t in1, int32_t out0, int32_t out1) {
  int64_t top, span;
  if (in0 == in1) return out0;
  if (in0 > in1) { /* مدى معكوس: نقلب الطرفين معًا */
    int32_t t = in0; in0 = in1; in1 = t;
    t = out0; out0 = out1; out1 = t;
  }
  if (x <= in0) return out0;
  if (x >= in1) return out1;
  span = (int64_t)in1 - in0;
  top = ((int64_t)x - in0) * ((int64_t)out1 - out0);
  return (int32_t)(out0 + (top + (top >= 0 ? span / 2 : -(span / 2))) / span);
}

#endif
