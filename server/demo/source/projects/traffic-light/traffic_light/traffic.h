/* آلة حالات إشارة المرور: منطق خالص بلا عتاد. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CARS_GREEN,  /* السيارات تمر حتى يُضغط الزر */
  CARS_YELLOW, /* تنبيه قبل التوقف */
  ALL_RED,     /* فراغ أمان */
  WALK,        /* عبور المشاة */
  WALK_BLINK,  /* وميض: لا تبدأ العبور */
  CARS_READY   /* أحمر وأصفر: استعداد */
} State;

typedef struct {
  bool car_red, car_yellow, car_green;
  bool walk_red, walk_green;
} Lights;

typedef struct {
  State state;
  uint32_t entered; /* وقت دخول الحالة بالميلي ثانية */
  bool requested;   /* ضغط أحدهم الزر */
} Traffic;

void traffic_init(Traffic *t, uint32_t now);
void traffic_step(Traffic *t, uint32_t now, bool button);
Lights traffic_lights(const Traffic *t, uint32_t now);

#ifdef __cplusplus
}
#endif
#endif
