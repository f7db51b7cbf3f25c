#include "traffic.h"

/* مدة كل حالة بالميلي ثانية؛ ومدة الأخضر هي الحد الأدنى قبل قبول الطلب */
static const uint32_t LENGTH[] = {5000, 3000, 1000, 8000, 4000, 1500};

void traffic_init(Traffic *t, uint32_t now) {
  t->state = CARS_GREEN;
  t->entered = now;
  t->requested = false;
}

void traffic_step(Traffic *t, uint32_t now, bool button) {
  if (button && t->state != WALK) t->requested = true;

  /* الطرح بلا إشارة يبقى صحيحًا حين يلتفّ العدّاد بعد 49 يومًا */
  if (now - t->entered < LENGTH[t->state]) return;

  if (t->state == CARS_GREEN) {
    if (!t->requested) return;
    t->state = CARS_YELLOW;
  } else if (t->state == CARS_READY) {
    t->state = CARS_GREEN;
  } else {
    t->state = (State)(t->state + 1);
    if (t->state == WALK) t->requested = false;
  }
  t->entered = now;
}

Lights traffic_lights(const Traffic *t, uint32_t now) {
  Lights l = {false, false, false, true, false};
  switch (t->state) {
    case CARS_GREEN: l.car_green = true; break;
    case CARS_YELLOW: l.car_yellow = true; break;
    case ALL_RED: l.car_red = true; break;
    case WALK:
      l.car_red = true;
      l.walk_red = false;
      l.walk_green = true;
      break;
    case WALK_BLINK:
      l.car_red = true;
      l.walk_red = false;
      l.walk_green = ((now - t->entered) / 400) % 2 == 0;
      break;
    case CARS_READY: l.car_red = l.car_yellow = true; break;
  }
  return l;
}
