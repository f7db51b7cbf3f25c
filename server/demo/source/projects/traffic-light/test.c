/* اختبار الآلة على الحاسوب: نحاكي الزمن ميلي ثانية بعد أخرى. */
#include "traffic_light/traffic.h"

#include <assert.h>
#include <stdio.h>

static Traffic t;
static uint32_t now;

static void run(uint32_t ms, bool button) {
  while (ms--) {
    now++;
    traffic_step(&t, now, button);
    Lights l = traffic_lights(&t, now);
    /* شرط السلامة: لا يمر المشاة إلا والسيارات واقفة */
    if (l.walk_green) assert(l.car_red && !l.car_green && !l.car_yellow);
    if (l.car_green) assert(l.walk_red && !l.car_red);
    assert(!(l.walk_red && l.walk_green));
  }
}

static void cycle(uint32_t start) {
  now = start;
  traffic_init(&t, now);
  run(20000, false);
  assert(t.state == CARS_GREEN); /* لا طلب، لا تغيير */
  run(50, true);
  assert(t.state == CARS_YELLOW);
  run(3000, false);
  assert(t.state == ALL_RED);
  run(1000, false);
  assert(t.state == WALK);
  run(8000, false);
  assert(t.state == WALK_BLINK);
  run(100, true); /* طلب جديد أثناء الوميض يُحفظ */
  run(3900, false);
  assert(t.state == CARS_READY);
  run(1500, false);
  assert(t.state == CARS_GREEN);
  run(4000, false);
  assert(t.state == CARS_GREEN); /* الحد الأدنى للأخضر */
  run(1100, false);
  assert(t.state == CARS_YELLOW); /* الطلب المحفوظ نُفّذ */
}

int main(void) {
  cycle(0);
  cycle(UINT32_MAX - 25000); /* التفاف العدّاد */
  puts("نجحت الاختبارات");
  return 0;
}
