import unittest

from support import error_of, field_error, load

API = "request A key=1 versions=0-2 flexible=1+ listeners=broker\n"


class Ranges(unittest.TestCase):
    def test_a_field_has_only_versions_of_its_message(self):
        self.assertIn("A has versions 10+", field_error("A int32 10+"))
        self.assertIn("A has versions 3-12", field_error("A int32 3-12"))

    def test_a_nested_field_has_only_versions_of_its_struct(self):
        error = field_error("A []S 3+\n  B int32 1+")
        self.assertIn(
            "x.hws:3: B has versions 1+, but the struct that contains it has only 3-9", error
        )

    def test_a_field_is_nullable_only_in_its_own_versions(self):
        error = field_error("A string?2+ 4+")
        self.assertIn("A is nullable in versions 2+, but exists only in 4-9", error)

    def test_a_null_default_needs_a_field_that_is_nullable_in_every_version(self):
        for line in ("A string?4+ = null", "A []int8?4+ = null", "A S?4+ = null\n  B int8"):
            self.assertIn("may be null only in versions 4-9", field_error(line))

    def test_a_message_stays_flexible_up_to_its_top_version(self):
        error = error_of("data M versions=0-5 flexible=1-3\n")
        self.assertIn("is not flexible in its top version", error)


class Tags(unittest.TestCase):
    def test_tags_are_unique(self):
        error = field_error("A int32 5+ tag=0\nB int32 5+ tag=0")
        self.assertIn("x.hws:3: tag 0 of B is already used by A", error)

    def test_tags_have_no_gaps(self):
        self.assertIn("have a gap", field_error("A int32 5+ tag=0\nB int32 5+ tag=2"))

    def test_tags_need_flexible_versions(self):
        self.assertIn("is flexible only in 5-9", field_error("A int32 3+ tag=0"))
        head = "data M versions=0-3 flexible=none"
        self.assertIn("is flexible only in none", field_error("A int32 tag=0", head))

    def test_an_array_of_records_is_refused(self):
        self.assertIn("is an array of records", field_error("A []records"))

    def test_records_cannot_be_tagged(self):
        self.assertIn("cannot be tagged", field_error("A records 5+ tag=0"))


class Types(unittest.TestCase):
    def test_defaults_fit_their_type(self):
        for line in ("A int8 = 128", "A uint16 = -1", "A int32 = x", "A bool = yes",
                     "A string = x", "A float64 = x", "A uint32 = 0x100000000"):
            self.assertIn("the default", field_error(line), line)
        for line in ("A uuid = 5", "A []int32 = 5", "A bytes = 5"):
            self.assertIn("can only have the default null", field_error(line), line)

    def test_numbers_cannot_be_null(self):
        self.assertIn("which cannot be null", field_error("A int32?"))
        self.assertIn("which cannot be null", field_error("A uuid?"))

    def test_a_struct_that_may_be_null_is_null_by_default(self):
        self.assertIn("its default must be null", field_error("A S?\n  B int8"))
        self.assertIn("cannot have a default", field_error("A S = null\n  B int8"))

    def test_a_tagged_struct_that_may_be_null_may_have_another_default(self):
        load("data M versions=0 flexible=0+\n  A S? tag=0\n    B int8\n")

    def test_a_scalar_has_no_fields(self):
        self.assertIn("int32 is not a struct", field_error("A int32\n  B int8"))

    def test_structs_do_not_contain_themselves(self):
        self.assertIn("struct S contains itself", field_error("A []S\n  B []S"))

    def test_names_are_unique_and_not_keywords(self):
        self.assertIn("A is defined twice in M", field_error("A int8\nA int8"))
        self.assertIn("struct S is already defined", field_error("A S\n  X int8\nB S\n  Y int8"))
        self.assertIn("becomes a C++ keyword", field_error("Default int8"))


class Messages(unittest.TestCase):
    def test_a_request_has_a_response_of_the_same_shape(self):
        self.assertIn("request A has no response", error_of(API))
        self.assertIn(
            "response A has versions 0-1, but its request has 0-2",
            error_of(API + "response A key=1 versions=0-1 flexible=1+\n"),
        )
        self.assertIn(
            "response A has flexible 2, but its request has 1-2",
            error_of(API + "response A key=1 versions=0-2 flexible=2+\n"),
        )
        self.assertIn("response B has no request", error_of("response B key=1 versions=0\n"))

    def test_keys_are_unique(self):
        response = "response A key=1 versions=0-2 flexible=1+\n"
        other = (API + response).replace(" A ", " B ")
        self.assertIn(
            "BRequest repeats the name or key of ARequest", error_of(API + response + other)
        )
        self.assertIn("needs a key", error_of("record R versions=0\n"))
        records = "record R key=1 versions=0\nrecord Q key=1 versions=0\n"
        self.assertIn("repeats the name or key of RRecord", error_of(records))

    def test_only_the_top_version_can_be_unstable(self):
        response = "response A key=1 versions=0-2 flexible=1+\n"
        self.assertIn(
            "only the top version 2", error_of(API.replace("\n", " unstable=1\n") + response)
        )

    def test_a_request_must_name_its_listeners(self):
        response = "response A key=1 versions=0-2 flexible=1+\n"
        text = API.replace(" listeners=broker", "") + response
        self.assertIn("request A needs listeners=", error_of(text))
        text = API.replace("=broker", "=brokers") + response
        self.assertIn("request A needs listeners=", error_of(text))

    def test_memory_and_advertised_version_have_bounds(self):
        response = "response A key=1 versions=0-2 flexible=1+\n"
        for option, error in (
            ("memory=17", "memory=17 is outside 1 to 16"),
            ("memory=0", "memory=0 is outside 1 to 16"),
            ("advertised=1", "advertised=1 is above 0"),
        ):
            self.assertIn(error, error_of(API.replace("\n", f" {option}\n") + response))

    def test_a_message_may_have_no_versions(self):
        self.assertTrue(load("data M versions=none\n")[0].messages[0].versions.empty)


if __name__ == "__main__":
    unittest.main()
