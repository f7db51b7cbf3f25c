#!/usr/bin/env python3
"""مصنّف بايز الساذج للنصوص العربية القصيرة، بلا مكتبات."""
import csv
import json
import math
import random
import re
import sys
from collections import Counter

NEGATIONS = {"لا", "لم", "لن", "ما", "ليس", "ليست", "غير", "دون", "بلا"}


def stem(word):
    """تجذيع خفيف: سابقة واحدة ثم لاحقة واحدة، بشرط أن يبقى ثلاثة أحرف."""
    for prefix in ("وال", "بال", "ال", "و"):
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            word = word[len(prefix):]
            break
    for suffix in ("ون", "ين", "ات", "ه", "ا"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[:-len(suffix)]
    return word


def tokens(text):
    """تسوية ثم تقطيع؛ والكلمة التي تلي نفيًا توسم به."""
    text = re.sub("[\u064b-\u0652\u0670\u0640]", "", text)
    text = re.sub("[أإآ]", "ا", text).replace("ى", "ي").replace("ة", "ه")
    out, negated = [], False
    for word in re.findall(r"\w+", text):
        if word in NEGATIONS:
            negated = True
            continue
        word = stem(word)
        out.append("نفي_" + word if negated else word)
        negated = False
    return out


class NaiveBayes:
    def __init__(self):
        self.words = {}     # الفئة -> عدّاد كلماتها
        self.texts = Counter()  # الفئة -> عدد نصوصها

    def fit(self, rows):
        for text, label in rows:
            self.texts[label] += 1
            self.words.setdefault(label, Counter()).update(tokens(text))
        return self

    def scores(self, text):
        """لوغاريتم احتمال كل فئة: المجموع بدل الجداء، لئلا يصير العدد صفرًا."""
        vocabulary = len(set().union(*self.words.values()))
        total = sum(self.texts.values())
        result = {}
        for label, counts in self.words.items():
            size = sum(counts.values()) + vocabulary
            score = math.log(self.texts[label] / total)
            for word in tokens(text):
                score += math.log((counts[word] + 1) / size)  # تنعيم لابلاس
            result[label] = score
        return result

    def predict(self, text):
        scores = self.scores(text)
        best = max(scores, key=scores.get)
        top = scores[best]
        return best, 1 / sum(math.exp(s - top) for s in scores.values())

    def reasons(self, text, label, n=3):
        """أقوى الكلمات دلالة على الفئة في هذا النص."""
        others = [c for name, c in self.words.items() if name != label]
        weight = {}
        for word in set(tokens(text)):
            mine = self.words[label][word] + 1
            theirs = sum(c[word] for c in others) + 1
            weight[word] = math.log(mine / theirs)
        return [w for w, v in sorted(weight.items(), key=lambda p: -p[1])[:n] if v > 0]

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"texts": self.texts, "words": self.words}, f, ensure_ascii=False)

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        model = cls()
        model.texts = Counter(data["texts"])
        model.words = {label: Counter(c) for label, c in data["words"].items()}
        return model


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return [(r["text"], r["label"]) for r in csv.DictReader(f)]


def evaluate(rows, folds=5, seed=7):
    """تقسيم متقاطع: كل نص يُختبر مرة بنموذج لم يره. يعيد مصفوفة الالتباس."""
    rows = rows[:]
    random.Random(seed).shuffle(rows)
    matrix = Counter()
    for k in range(folds):
        train = [r for i, r in enumerate(rows) if i % folds != k]
        model = NaiveBayes().fit(train)
        for text, label in rows[k::folds]:
            matrix[label, model.predict(text)[0]] += 1
    return matrix


def main(argv):
    if len(argv) == 2 and argv[0] == "evaluate":
        matrix = evaluate(read(argv[1]))
        labels = sorted({a for a, _ in matrix})
        right = sum(matrix[name, name] for name in labels)
        print(f"الصواب: {right} من {sum(matrix.values())}")
        for name in labels:
            said = sum(matrix[x, name] for x in labels) or 1
            real = sum(matrix[name, x] for x in labels) or 1
            print(f"{name}: الإحكام {matrix[name, name] / said:.2f}، الاستدعاء {matrix[name, name] / real:.2f}")
    elif len(argv) == 3 and argv[0] == "train":
        NaiveBayes().fit(read(argv[1])).save(argv[2])
        print(f"حُفظ النموذج في {argv[2]}")
    elif len(argv) == 3 and argv[0] == "predict":
        model = NaiveBayes.load(argv[1])
        label, trust = model.predict(argv[2])
        print(f"{label} ({trust:.0%})، لأجل: {'، '.join(model.reasons(argv[2], label)) or 'لا كلمة دالة'}")
    else:
        print("الاستعمال: classify.py evaluate DATA | train DATA MODEL | predict MODEL TEXT", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
