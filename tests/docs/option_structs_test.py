#!/usr/bin/env python3
"""How headers are read for the tables of docs/."""

import unittest
from types import SimpleNamespace

from markdown_tables import default, prose
from option_structs import Field, enums, structs

HEADER = """
namespace infra::shop {

enum class way {
    by_land, ///< slow
             ///< and dry
    by_sea = 3,
    /// Dear.
    by_air,
};

/// What a parcel
/// needs. Its
/// way:
///
///     |--- land ---|--- sea ---|
///     |   storm ^  |
struct parcel_options {
    std::size_t max_bytes = 64 * 1024; ///< of its contents, and
                                       ///< of its wrapping
    /// Whoever gets it:
    /// two lines.
    std::string name{};
    std::optional<std::string> company{};

    bool silent = false;
    std::function<void(int a, std::string b)> on_arrival{}; ///< told

    // --- tuning ---

    std::chrono::milliseconds patience{5'000}; ///< "}; not the end"
    backoff pause = {.delay = std::chrono::seconds(1),
                     .jitter = 0.5}; ///< between tries

    std::size_t total() const noexcept { return max_bytes; }
    friend bool operator==(const parcel_options&, const parcel_options&) = default;
};

} // namespace infra::shop
"""


class Headers(unittest.TestCase):
    def setUp(self):
        (self.struct,) = structs(HEADER)
        self.fields = {field.name: field for field in self.struct.fields}

    def test_says_what_a_struct_is(self):
        self.assertEqual((self.struct.namespace, self.struct.name), ("infra::shop", "parcel_options"))
        self.assertEqual(self.struct.meaning, "What a parcel needs.")

    def test_leaves_drawings_to_the_header(self):
        self.assertNotIn("|", self.struct.meaning)

    def test_takes_fields_alone(self):
        self.assertEqual(list(self.fields), ["max_bytes", "name", "company", "silent", "on_arrival", "patience", "pause"])

    def test_reads_what_stands_behind(self):
        self.assertEqual(self.fields["max_bytes"].meaning, "of its contents, and of its wrapping")
        self.assertEqual(self.fields["on_arrival"].meaning, "told")

    def test_lets_a_block_above_tell_of_the_run_below_it(self):
        self.assertEqual(self.fields["name"].meaning, "Whoever gets it: two lines.")
        self.assertTrue(self.fields["company"].joined)

    def test_sees_what_says_nothing(self):
        self.assertEqual(self.fields["silent"].meaning, "")

    def test_knows_parts(self):
        self.assertEqual([f.part for f in self.fields.values()], ["", "", "", "", "", "tuning", "tuning"])

    def test_reads_types_and_defaults(self):
        self.assertEqual(self.fields["on_arrival"].type, "std::function<void(int a, std::string b)>")
        self.assertEqual(self.fields["pause"].default, "{.delay = std::chrono::seconds(1), .jitter = 0.5}")

    def test_knows_what_an_enum_may_be(self):
        values = [("by_land", "slow and dry", ""), ("by_sea", "", "3"), ("by_air", "Dear.", "")]
        self.assertEqual(list(enums(HEADER)), [("way", values)])


class Tables(unittest.TestCase):
    KNOWN = {name: SimpleNamespace(name=name, header="shop/include/shop.hpp") for name in ("parcel_options", "stamp")}

    def test_say_defaults_in_the_units_of_people(self):
        for kind, name, value, words in [
            ("std::chrono::milliseconds", "patience", "5'000", "5 s"),
            ("std::chrono::milliseconds", "poll", "2", "2 ms"),
            ("std::chrono::milliseconds", "age", "300'000", "5 min"),
            ("std::chrono::seconds", "session", "std::chrono::hours(12)", "12 h"),
            ("std::size_t", "max_bytes", "std::size_t{64} << 20", "64 MiB"),
            ("std::size_t", "max_waiting", "65'536", "65 536"),
            ("std::optional<int>", "attempts", "", "not set"),
            ("std::string", "name", "", "empty"),
            ("std::vector<std::string>", "queues", "", "none"),
            ("shop::way", "by", "way::by_sea", "`by_sea`"),
            ("clock*", "time", "&real_clock()", "the real clock"),
            ("parcel_options", "parcel", "", "see `parcel_options`"),
            ("shop::stamp", "stamp", "", "see [`shop::stamp`](../shop/include/shop.hpp)"),
        ]:
            self.assertEqual(default(Field(name, kind, value), self.KNOWN), words)

    def test_keep_words_from_being_markup(self):
        self.assertEqual(prose("`a|b` of <name>, *1'000*"), "`a\\|b` of \\<name>, \\*1 000\\*")


if __name__ == "__main__":
    unittest.main()
