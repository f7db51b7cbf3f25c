#include "filters.h"

#include <assert.h>
#include <stdio.h>

int main(void) {
  Ema e = EMA_INIT(3);
  assert(ema_push(&e, 800) == 800); /* أول قراءة هي البداية */
  for (int i = 0; i < 100; i++) ema_push(&e, 400);
  assert(ema_push(&e, 400) == 400); /* يبلغ القيمة تمامًا */

  Median5 m = MEDIAN5_INIT;
  int in[] = {10, 11, 9999, 10, 12, 11};
  int out = 0;
  for (int i = 0; i < 6; i++) out = median5_push(&m, in[i]);
  assert(out == 11); /* القفزة حُذفت */

  Hyst h = {20, 25, false};
  assert(!hyst_push(&h, 24) && hyst_push(&h, 25) && hyst_push(&h, 22) && !hyst_push(&h, 20));

  Debounce d = {3, 0, false};
  bool raw[] = {true, false, true, true, false, true, true};
  for (int i = 0; i < 7; i++) assert(!debounce_push(&d, raw[i]));
  assert(debounce_push(&d, true));

  assert(scale_range(512, 0, 1024, 0, 100) == 50);
  assert(scale_range(-5, 0, 1024, 0, 100) == 0);
  assert(scale_range(2000, 0, 1024, 0, 100) == 100);
  assert(scale_range(256, 0, 1024, 100, 0) == 75);
  assert(scale_range(75, 100, 0, 0, 40) == 10);

  puts("نجحت الاختبارات");
  return 0;
}
