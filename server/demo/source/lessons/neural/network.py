#!/usr/bin/env python3
"""شبكة عصبية من الصفر: الانتشار الخلفي بلا مكتبات."""
import math
import random
import sys


def sigmoid(z):
    if z < 0:  # صيغتان كي لا يفيض الأس
        e = math.exp(z)
        return e / (1 + e)
    return 1 / (1 + math.exp(-z))


class Network:
    """كل طبقة قائمة صفوف؛ والصف أوزان عصبون وفي آخره انحيازه."""

    def __init__(self, sizes, rng):
        self.layers = [[[rng.gauss(0, 1 / math.sqrt(n)) for _ in range(n)] + [0.0] for _ in range(m)]
                       for n, m in zip(sizes, sizes[1:])]

    def forward(self, inputs):
        values = [list(inputs)]
        for layer in self.layers:
            last = values[-1]
            values.append([sigmoid(sum(w * x for w, x in zip(row, last)) + row[-1]) for row in layer])
        return values

    def loss(self, inputs, target):
        """الإنتروبيا المتقاطعة."""
        out = self.forward(inputs)[-1]
        return -sum(y * math.log(a) + (1 - y) * math.log(1 - a) for a, y in zip(out, target))

    def learn(self, inputs, target, rate):
        values = self.forward(inputs)
        delta = [a - y for a, y in zip(values[-1], target)]
        for layer, before in zip(reversed(self.layers), reversed(values[:-1])):
            back = [sum(d * row[i] for d, row in zip(delta, layer)) for i in range(len(before))]
            for d, row in zip(delta, layer):
                for i, x in enumerate(before):
                    row[i] -= rate * d * x
                row[-1] -= rate * d
            delta = [b * a * (1 - a) for b, a in zip(back, before)]


def xor(seed=1):
    rng = random.Random(seed)
    net = Network([2, 4, 1], rng)
    rows = [((0, 0), (0,)), ((0, 1), (1,)), ((1, 0), (1,)), ((1, 1), (0,))]
    for _ in range(4000):
        x, y = rng.choice(rows)
        net.learn(x, y, 0.5)
    return [(x, net.forward(x)[-1][0]) for x, _ in rows]


GLYPHS = """
.###. ..#.. .###. .###. ...#. ##### .###. ##### .###. .###.
#...# .##.. #...# #...# ..##. #.... #...# ....# #...# #...#
#...# ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...#
#...# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .####
#...# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....#
#...# ..#.. .#... #...# ...#. #...# #...# ..#.. #...# #...#
.###. .###. ##### .###. ...#. .###. .###. ..#.. .###. .###.
"""


def glyphs():
    lines = [line.split() for line in GLYPHS.strip().splitlines()]
    return [[1.0 if c == "#" else 0.0 for line in lines for c in line[d]] for d in range(10)]


def noisy(image, flips, rng):
    image = image[:]
    for i in rng.sample(range(len(image)), flips):
        image[i] = 1 - image[i]
    return image


def digits(seed=1, steps=12000):
    rng = random.Random(seed)
    images = glyphs()
    net = Network([35, 16, 10], rng)
    for _ in range(steps):
        d = rng.randrange(10)
        net.learn(noisy(images[d], rng.randrange(5), rng), [float(k == d) for k in range(10)], 0.2)
    result = []
    for flips in (0, 2, 4, 6):
        right = 0
        for k in range(500):
            out = net.forward(noisy(images[k % 10], flips, rng))[-1]
            right += out.index(max(out)) == k % 10
        result.append((flips, right / 500))
    return result


def check(seed=3):
    """أكبر فرق بين التدرج المحسوب والتدرج العددي."""
    rng = random.Random(seed)
    net = Network([3, 4, 2], rng)
    x, y = [0.2, -0.7, 0.5], [1.0, 0.0]
    worst = 0.0
    for a, layer in enumerate(net.layers):
        for b, row in enumerate(layer):
            for c, weight in enumerate(row):
                step = 1e-5
                row[c] = weight + step
                up = net.loss(x, y)
                row[c] = weight - step
                down = net.loss(x, y)
                row[c] = weight
                saved = [[r[:] for r in part] for part in net.layers]
                net.learn(x, y, 1.0)
                computed = weight - net.layers[a][b][c]
                for part, old in zip(net.layers, saved):
                    for r, o in zip(part, old):
                        r[:] = o
                worst = max(worst, abs(computed - (up - down) / (2 * step)))
    return worst


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "xor":
        for x, out in xor():
            print(x, f"{out:.3f}")
    elif what == "digits":
        for flips, right in digits():
            print(f"نقاط مقلوبة {flips}: صواب {right:.0%}")
    elif what == "check":
        print(f"أكبر فرق: {check():.2e}")
    else:
        sys.exit("الاستعمال: python3 network.py xor | digits | check")
