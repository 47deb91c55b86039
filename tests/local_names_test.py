#!/usr/bin/env python3
"""What local_names.py takes for a name that is local to a source."""
import unittest

from local_names import local_names

SOURCE = """\
namespace infra::queue {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 5s; // not `most`
const std::array<int, 2> sizes{1, 2};

struct place {
    int row;
};

template <class T>
T first_of(std::vector<T> list) {
    T copied = list.front();
    return copied;
}

[[noreturn]] void refuse(const char* what) {
    throw error(errc::invalid, what);
}

static_assert(sizeof(place) == 4);

} // namespace

void shown() {}

} // namespace infra::queue
"""


class LocalNames(unittest.TestCase):
    def test_are_those_of_the_unnamed_namespaces_alone(self):
        self.assertEqual(
            local_names(SOURCE), {("infra::queue", each) for each in ("patience", "sizes", "place", "first_of", "refuse")})

    def test_of_two_namespaces_are_two(self):
        one = "namespace a {\nnamespace {\nint f() { return 1; }\n} // namespace\n} // namespace a\n"
        self.assertNotEqual(local_names(one), local_names(one.replace("namespace a", "namespace b")))


if __name__ == "__main__":
    unittest.main()
