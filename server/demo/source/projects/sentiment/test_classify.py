import os
import tempfile
import unittest
from classify import NaiveBayes, evaluate, read, tokens

HERE = os.path.dirname(os.path.abspath(__file__))


class ClassifyTest(unittest.TestCase):
    def setUp(self):
        self.rows = read(os.path.join(HERE, "reviews.csv"))

    def test_tokens(self):
        self.assertEqual(tokens("الخِدمةُ غيرُ مفيدة"), ["خدم", "نفي_مفيد"])

    def test_balanced(self):
        labels = [label for _, label in self.rows]
        self.assertEqual((len(labels), labels.count("إيجابي")), (120, 60))
        self.assertEqual(len({text for text, _ in self.rows}), 120)

    def test_better_than_chance(self):
        matrix = evaluate(self.rows)
        right = sum(n for (a, b), n in matrix.items() if a == b)
        self.assertGreaterEqual(right, 84)

    def test_save_and_load(self):
        model = NaiveBayes().fit(self.rows)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.json")
            model.save(path)
            text = "الخدمة ممتازة والتوصيل سريع"
            self.assertEqual(NaiveBayes.load(path).predict(text), model.predict(text))
            self.assertEqual(model.predict(text)[0], "إيجابي")


if __name__ == "__main__":
    unittest.main()
