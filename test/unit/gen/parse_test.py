import unittest

from support import error_of, field_error, field_of, load, message_of

from model import Versions


class Fields(unittest.TestCase):
    def test_a_field_without_versions_has_those_of_its_message(self):
        self.assertEqual(field_of("A int32").versions, Versions(0, 9))

    def test_an_open_range_ends_at_the_top_of_the_message(self):
        self.assertEqual(field_of("A int32 3+").versions, Versions(3, 9))
        self.assertEqual(field_of("A int32 3-4").versions, Versions(3, 4))
        self.assertEqual(field_of("A int32 3").versions, Versions(3, 3))

    def test_a_tagged_field_without_versions_has_the_flexible_ones(self):
        self.assertEqual(field_of("A int32 tag=0").versions, Versions(5, 9))

    def test_null_is_allowed_in_all_versions_or_from_a_given_one_on(self):
        self.assertEqual(field_of("A string? 2+").nullable, Versions(2, 9))
        self.assertEqual(field_of("A string?4+ 2+").nullable, Versions(4, 9))

    def test_options_come_in_any_order(self):
        field = field_of("A string 5+ ignorable tag=0 = \"x\" sensitive")
        self.assertTrue(field.ignorable and field.sensitive)
        self.assertEqual((field.tag, field.default), (0, '"x"'))

    def test_the_comment_of_a_line_belongs_to_its_field(self):
        self.assertEqual(field_of("A int32 # why").comment, "why")

    def test_indentation_nests_structs(self):
        message = message_of(
            """\
            data M versions=0-9 flexible=none
              Outer    []Outer 2+
                Inner  Inner
                  X    int8
              Last     int32
            """
        )
        self.assertEqual([field.name for field in message.body.fields], ["Outer", "Last"])
        self.assertEqual([struct.name for struct in message.structs], ["Inner", "Outer"])
        self.assertEqual(message.structs[0].fields[0].versions, Versions(2, 9))

    def test_a_shared_struct_is_one_type_within_a_message(self):
        files = load(
            """\
            struct S
              X int8
              Y int8 2+
            data M versions=0-3 flexible=none
              A S
              B []S
            data N versions=0-3 flexible=none
              C S
            """
        )
        first, second = files[0].messages
        self.assertIs(first.body.fields[0].type, first.body.fields[1].type)
        self.assertIsNot(first.body.fields[0].type, second.body.fields[0].type)


class Errors(unittest.TestCase):
    def test_errors_name_file_and_line(self):
        text = "data M versions=0 flexible=none\n\n  A int33\n"
        self.assertEqual(
            error_of(text), "x.hws:3: 'int33' is neither a type nor a struct above this line"
        )

    def test_versions_must_be_contiguous(self):
        self.assertIn("'0-2,5' is not a contiguous range", field_error("A int32 0-2,5"))
        self.assertIn("descending order", field_error("A int32 5-2"))

    def test_unknown_words_are_refused(self):
        self.assertIn("A has no option 'ignorible'", field_error("A int32 ignorible"))
        self.assertIn("no option 'color=red'", error_of("data M versions=0 color=red\n"))
        self.assertIn("unknown kind 'messsage'", error_of("messsage M versions=0\n"))
        self.assertIn("a data has no option 'forwarded'", error_of("data M versions=0 forwarded\n"))

    def test_incomplete_lines_are_refused(self):
        self.assertIn("the default of A is missing", field_error("A int32 ="))
        self.assertIn("'A' is not a field", field_error("A"))
        self.assertIn("'key=' has no value", error_of("request M key= versions=0\n"))
        self.assertIn("needs versions=", error_of("data M\n"))
        self.assertIn("the tag is 'x'", field_error("A int32 tag=x"))

    def test_invalid_names_are_refused(self):
        self.assertIn("'data' needs a name", error_of("data m versions=0\n"))
        self.assertIn("'struct' needs a name", error_of("struct s\n"))
        self.assertIn("'in-t' is not a type", field_error("A in-t"))

    def test_shared_structs_have_different_names(self):
        self.assertIn("struct S is already defined", error_of("struct S\n  A int8\nstruct S\n"))

    def test_indentation_must_match_a_line_above(self):
        self.assertIn("indentation matches no line", field_error("A Outer\n    B int8\n  C int8"))
        self.assertIn("a field before the first message", error_of("# no message\n  A int32\n"))


if __name__ == "__main__":
    unittest.main()
