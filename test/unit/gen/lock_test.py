import os
import tempfile
import unittest

from support import load

import lock
from model import SchemaError

BASE = "data M versions=0-1 flexible=none\n  A int32\n  B string 1+\n"
GROWN = "data M versions=0-2 flexible=none\n  A int32\n  B string 1+\n  C int8 2+\n"


class Lock(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "lock")
        lock.extend(load(BASE), self.path)

    def error(self, text):
        with self.assertRaises(SchemaError) as raised:
            lock.require(load(text), self.path)
        return str(raised.exception)

    def test_an_unchanged_schema_passes(self):
        lock.require(load(BASE), self.path)

    def test_comments_and_semantic_types_may_change(self):
        lock.require(load(BASE.replace("int32", "broker_id  # new")), self.path)

    def test_a_released_version_may_not_change(self):
        for changed in (
            BASE.replace("int32", "int64"),
            BASE.replace("string", "string?"),
            BASE.replace(" A ", " Z "),
            BASE.replace("B string 1+", "B string"),
            BASE.replace("flexible=none", "flexible=1+"),
        ):
            self.assertIn("is released and has changed", self.error(changed))

    def test_a_released_version_may_not_be_removed(self):
        self.assertIn(
            "M version 0 is released, but has no schema", self.error("data N versions=0\n")
        )

    def test_a_new_version_must_be_added_to_the_lock(self):
        self.assertIn("M version 2 is not in", self.error(GROWN))
        lock.extend(load(GROWN), self.path)
        lock.require(load(GROWN), self.path)

    def test_extending_refuses_a_changed_version(self):
        with self.assertRaises(SchemaError):
            lock.extend(load(GROWN.replace("int32", "int64")), self.path)

    def test_extending_keeps_old_lines(self):
        with open(self.path, encoding="utf-8") as stream:
            before = stream.readlines()
        lock.extend(load(GROWN), self.path)
        with open(self.path, encoding="utf-8") as stream:
            self.assertTrue(set(before) <= set(stream.readlines()))

    def test_an_unstable_version_is_not_locked(self):
        api = (
            "request A key=1 versions=0-1 flexible=none listeners=broker unstable=1\n"
            "response A key=1 versions=0-1 flexible=none\n"
        )
        self.assertEqual(
            sorted(lock.released(load(api))), [("ARequest", 0), ("AResponse", 0)]
        )

    def test_the_default_of_a_tagged_field_is_part_of_its_version(self):
        tagged = "data T versions=0 flexible=0+\n  A int32 tag=0 = 1\n"
        lock.extend(load(BASE + tagged), self.path)
        changed = self.error(BASE + tagged.replace("= 1", "= 2"))
        self.assertIn("T version 0 is released and has changed", changed)


if __name__ == "__main__":
    unittest.main()
