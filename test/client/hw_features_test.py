"""hw cluster features: the levels of features, as text and JSON; raising, lowering, wrong input."""

import unittest

from broker import Broker
from hw import Hw, WithBroker


class Features(WithBroker):
    def levels(self):
        return {row["feature"]: row["level"] for row in self.hw.json("cluster", "features")}

    def set(self, level, *options):
        return self.hw.out("cluster", "features", "--set", f"group.version={level}", *options)

    def test_a_new_cluster(self):
        features = {row.pop("feature"): row for row in self.hw.json("cluster", "features")}
        groups = features["group.version"]
        self.assertIn("KIP-848", groups.pop("purpose"))
        self.assertEqual(groups, {"level": 1, "minSupported": 0, "maxSupported": 1})
        self.assertEqual(features["metadata.version"]["level"], 30)
        self.assertEqual(features["highwater.durable"]["level"], 0)
        head, *rows = self.hw.out("cluster", "features").splitlines()
        self.assertEqual(head.split(), ["FEATURE", "LEVEL", "SUPPORTED", "PURPOSE"])
        self.assertIn(["group.version", "1", "0-1"], [row.split()[:3] for row in rows])
        self.assertIn(["highwater.durable", "-", "0-1"], [row.split()[:3] for row in rows])

    def test_lowered_and_raised_again(self):
        self.addCleanup(self.hw.run, "cluster", "features", "--set", "group.version=1")
        self.assertIn("a lower level needs the type of a safe or unsafe downgrade",
                      self.refused(1, "cluster", "features", "--set", "group.version=0"))
        self.assertEqual(self.set(0, "--downgrade", "--dry-run"),
                         "Feature group.version can be set to 0; it is still at 1.\n")
        self.assertEqual(self.levels()["group.version"], 1)
        self.assertEqual(self.set(0, "--downgrade"),
                         "Feature group.version is now at 0; it was at 1.\n")
        self.assertEqual(self.levels()["group.version"], 0)
        self.assertEqual(self.hw.json("cluster", "features", "--set", "group.version=1"),
                         [{"feature": "group.version", "oldLevel": 0, "newLevel": 1,
                           "dryRun": False}])
        self.assertEqual(self.levels()["group.version"], 1)

    def test_all_or_none(self):
        message = self.refused(1, "cluster", "features", "--set", "highwater.durable=1", "--set",
                               "group.version=2")
        self.assertIn("feature group.version cannot be set to 2: the active controller supports "
                      "the levels 0 to 1. Nothing was changed", message)
        self.assertEqual(self.levels()["highwater.durable"], 0)

    def test_wrong_input(self):
        wrong = {
            ("--set", "group.version"): "'group.version' is not FEATURE=LEVEL",
            ("--set", "=1"): "'=1' is not FEATURE=LEVEL",
            ("--set", "group.version=one"): "'one'",
            ("--dry-run",): "--dry-run needs --set FEATURE=LEVEL",
            ("--downgrade",): "--downgrade needs --set FEATURE=LEVEL",
        }
        for options, sentence in wrong.items():
            with self.subTest(options):
                self.assertIn(sentence, self.refused(2, "cluster", "features", *options))
        self.assertIn("the active controller does not know this feature",
                      self.refused(1, "cluster", "features", "--set", "mirror.version=1"))

    def test_the_levels_outlive_a_restart(self):
        with Broker() as broker:
            Hw(broker.address).out("cluster", "features", "--set", "group.version=0", "--downgrade")
            self.assertEqual(broker.stop()[0], 0)
            with Broker(data=broker.data) as again:
                rows = Hw(again.address).json("cluster", "features")
                self.assertEqual([row["level"] for row in rows if row["feature"] ==
                                  "group.version"], [0])


if __name__ == "__main__":
    unittest.main()
