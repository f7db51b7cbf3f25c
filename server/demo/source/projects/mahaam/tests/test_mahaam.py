import datetime as dt
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import mahaam

DAY = dt.date(2025, 3, 10)


class MahaamTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.environ["MAHAAM_FILE"] = str(Path(self.folder.name) / "t.json")

    def tearDown(self):
        self.folder.cleanup()

    def run_app(self, *argv):
        out = io.StringIO()
        code = mahaam.main(list(argv), today=DAY, out=out)
        return code, out.getvalue()

    def test_add_list_done(self):
        self.run_app("add", "قراءة", "--due", "2025-03-09")
        self.run_app("add", "كتابة", "--tag", "عمل")
        code, text = self.run_app("list")
        self.assertEqual(code, 0)
        self.assertIn("متأخرة", text)
        self.assertIn("مهمتان", text)
        self.run_app("done", "١")
        _, text = self.run_app("list")
        self.assertNotIn("قراءة", text)
        self.assertIn("مهمة واحدة", text)

    def test_missing_number(self):
        code, _ = self.run_app("done", "7")
        self.assertEqual(code, 1)

    def test_eastern_digits_in_dates(self):
        self.run_app("add", "سفر", "--due", "٢٠٢٥-٠٣-١٠")
        self.assertIn("اليوم", self.run_app("list")[1])

    def test_plural(self):
        self.assertEqual([mahaam.plural(n) for n in (0, 1, 2, 7, 11, 103)],
                         ["لا مهام", "مهمة واحدة", "مهمتان", "7 مهام", "11 مهمة", "103 مهام"])


if __name__ == "__main__":
    unittest.main()
