import unittest

from support import load, message_of

import naming
from emit_source import distribute
from layout import condition, min_element_expression, sum_of
from model import Versions


class Naming(unittest.TestCase):
    def test_unusual_names_are_split_into_words(self):
        for name, snake in (
            ("ThrottleTimeMs", "throttle_time_ms"),
            ("KRaftVersion", "kraft_version"),
            ("Enable2Pc", "enable_2pc"),
            ("V3AndBelowTopics", "v3_and_below_topics"),
            ("IsMigratingZkBroker", "is_migrating_zk_broker"),
        ):
            self.assertEqual(naming.snake(name), snake)

    def test_json_names_change_only_the_first_letter(self):
        self.assertEqual(naming.camel("KRaftVersion"), "kRaftVersion")

    def test_record_types_are_in_upper_case(self):
        self.assertEqual(naming.upper_snake("NoOpRecord"), "NO_OP_RECORD")


class Layout(unittest.TestCase):
    def test_a_condition_leaves_out_what_the_range_of_versions_implies(self):
        within = Versions(2, 9)
        self.assertIsNone(condition(Versions(0, 12), within))
        self.assertEqual(condition(Versions(3, 9), within), "v >= 3")
        self.assertEqual(condition(Versions(2, 4), within), "v <= 4")
        self.assertEqual(condition(Versions(3, 4), within), "v >= 3 && v <= 4")
        self.assertEqual(condition(Versions(3, 3), within), "v == 3")
        self.assertEqual(condition(Versions(10, 12), within), "false")

    def test_a_sum_joins_terms_with_equal_conditions(self):
        self.assertEqual(
            sum_of([(4, None), (8, "v >= 3"), (2, None), (1, "v >= 3")]), "6 + (v >= 3 ? 9 : 0)"
        )
        self.assertEqual(sum_of([]), "0")

    def test_the_minimum_size_of_an_element_depends_on_the_version(self):
        message = message_of(
            """\
            data M versions=0-9 flexible=5+
              A     []S
                B   int32
                C   string
                D   uuid  7+
                E   int64 8+ tag=0
            """
        )
        field = message.body.fields[0]
        expression = min_element_expression(field, message.body, message)
        self.assertEqual(expression, "v >= 7 ? 22 : 6")


class Distribute(unittest.TestCase):
    def test_every_message_is_in_one_shard_and_the_shards_have_about_equal_cost(self):
        text = "".join(
            f"data M{i} versions=0\n" + "".join(f"  F{j} int8\n" for j in range(i + 1))
            for i in range(20)
        )
        shards = distribute(load(text), 4)
        self.assertEqual(sum(len(shard) for shard in shards), 20)
        totals = [sum(len(m.body.fields) for _, m in shard) for shard in shards]
        self.assertLess(max(totals) - min(totals), 10)


if __name__ == "__main__":
    unittest.main()
