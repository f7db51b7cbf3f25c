import unittest
import subnet


class SubnetTest(unittest.TestCase):
    def test_info(self):
        rows = dict(subnet.info("192.168.10.77/26"))
        self.assertEqual(str(rows["الشبكة"]), "192.168.10.64/26")
        self.assertEqual(str(rows["البث"]), "192.168.10.127")
        self.assertEqual(rows["عدد الأجهزة"], 62)

    def test_point_to_point(self):
        rows = dict(subnet.info("10.0.0.0/31"))
        self.assertEqual(rows["عدد الأجهزة"], 2)
        self.assertNotIn("البث", rows)

    def test_split(self):
        self.assertEqual(len(subnet.split("10.0.0.0/24", 5)), 8)
        with self.assertRaises(ValueError):
            subnet.split("10.0.0.0/30", 9)

    def test_plan(self):
        chosen, free = subnet.plan("192.168.0.0/24", [("ج", 12), ("أ", 100), ("ب", 50), ("د", 2)])
        nets = {name: str(net) for name, _, net in chosen}
        self.assertEqual(nets, {"أ": "192.168.0.0/25", "ب": "192.168.0.128/26",
                                "ج": "192.168.0.192/28", "د": "192.168.0.208/31"})
        total = sum(n.num_addresses for _, _, n in chosen) + sum(n.num_addresses for n in free)
        self.assertEqual(total, 256)
        with self.assertRaises(ValueError):
            subnet.plan("192.168.0.0/26", [("كبير", 63)])

    def test_merge(self):
        merged = subnet.merge(["10.0.0.0/25", "10.0.0.128/25", "10.0.1.0/24"])
        self.assertEqual([str(n) for n in merged], ["10.0.0.0/23"])


if __name__ == "__main__":
    unittest.main()
