// إشارة مرور بزر للمشاة: ربط آلة الحالات بدبابيس اللوحة
#include "traffic.h"

const uint8_t CAR_RED = 8, CAR_YELLOW = 9, CAR_GREEN = 10;
const uint8_t WALK_RED = 6, WALK_GREEN = 7, BUTTON = 2;

Traffic traffic;
uint32_t changedAt = 0;
bool lastRaw = false, pressed = false;

// إزالة الارتداد: لا نصدّق الزر حتى يثبت 30 ميلي ثانية
bool readButton(uint32_t now) {
  bool raw = digitalRead(BUTTON) == LOW;
  if (raw != lastRaw) {
    lastRaw = raw;
    changedAt = now;
  }
  if (now - changedAt >= 30) pressed = raw;
  return pressed;
}

void setup() {
  const uint8_t outputs[] = {CAR_RED, CAR_YELLOW, CAR_GREEN, WALK_RED, WALK_GREEN};
  for (uint8_t pin : outputs) pinMode(pin, OUTPUT);
  pinMode(BUTTON, INPUT_PULLUP);
  traffic_init(&traffic, millis());
}

void loop() {
  uint32_t now = millis();
  traffic_step(&traffic, now, readButton(now));
  Lights l = traffic_lights(&traffic, now);
  digitalWrite(CAR_RED, l.car_red);
  digitalWrite(CAR_YELLOW, l.car_yellow);
  digitalWrite(CAR_GREEN, l.car_green);
  digitalWrite(WALK_RED, l.walk_red);
  digitalWrite(WALK_GREEN, l.walk_green);
}
