"""The store's colours: OKLCH tokens converted to sRGB hex."""
import math


def oklch(lightness, chroma, hue):
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )
    out = "#"
    for c in linear:
        c = min(1.0, max(0.0, c))
        c = 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
        out += f"{round(c * 255):02x}"
    return out


PAPER = oklch(0.985, 0.006, 85)
SAND = oklch(0.945, 0.016, 85)
LINE = oklch(0.90, 0.008, 85)
STONE = oklch(0.80, 0.02, 85)
INK = oklch(0.22, 0.02, 260)
SLATE = oklch(0.48, 0.02, 250)
TEAL = oklch(0.46, 0.09, 200)
TEAL_MID = oklch(0.62, 0.075, 200)
TEAL_SOFT = oklch(0.80, 0.045, 200)
TEAL_MIST = oklch(0.93, 0.02, 200)
NIGHT = oklch(0.19, 0.015, 250)
NIGHT_2 = oklch(0.28, 0.02, 245)
CLAY = oklch(0.58, 0.11, 35)
SAGE = oklch(0.62, 0.07, 155)

if __name__ == "__main__":
    for key, value in list(globals().items()):
        if key.isupper():
            print(key, value)
