#!/usr/bin/env python3
"""The typing of the tutorial can fail: on what is shown otherwise, on lines that are not there, on services that do not end well."""

import pathlib
import socket
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from type_tutorial import BLOCK, Mistake, Reader, commands, free_port, pattern  # noqa: E402


class Page(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.reader = Reader(pathlib.Path(folder.name), "/usr", "c++", "")
        self.addCleanup(self.reader.close)

    def refuses(self, what, text):
        with self.assertRaises(Mistake) as refused:
            self.reader.follow(what, text)
        return str(refused.exception)


class Shown(Page):
    def test_dots_stand_for_anything_in_a_line_and_alone_for_lines(self):
        self.assertTrue(pattern(["id …", "…", "end"]).fullmatch("id 17\none\ntwo\nend\n"))
        self.assertTrue(pattern(["id …", "…", "end"]).fullmatch("id 17\nend\n"))
        self.assertFalse(pattern(["id … now"]).fullmatch("id 17\nnow\n"))
        self.assertFalse(pattern(["a.c"]).fullmatch("abc\n"))

    def test_answers_belong_to_the_command_above_them(self):
        self.assertEqual(commands("$ a\n1\n2\n$ b\n"), [("a", ["1", "2"]), ("b", [])])

    def test_what_is_shown_otherwise_is_refused(self):
        self.reader.follow("terminal 2", "$ echo hello\nhello\n")
        self.assertIn("hallo", self.refuses("terminal 2", "$ echo hallo\nhello\n"))
        self.refuses("terminal 2", "$ echo hello\n")
        self.refuses("terminal 2", "$ true\nhello\n")


class Files(Page):
    def test_lines_go_above_others_or_take_their_place(self):
        self.reader.follow("file a/b.txt", "one\n  three\n")
        self.reader.follow('a/b.txt above "three"', "two\n")
        self.reader.follow('a/b.txt instead of "one"', "1\n")
        self.assertEqual((self.reader.folder / "a/b.txt").read_text(), "1\ntwo\n  three\n")

    def test_a_line_that_is_not_there_once_is_refused(self):
        self.reader.follow("file a.txt", "same\nsame\n")
        self.assertIn("2 lines", self.refuses('a.txt above "same"', "x\n"))
        self.assertIn("0 lines", self.refuses('a.txt above "other"', "x\n"))

    def test_a_comment_that_says_nothing_known_is_refused(self):
        self.refuses("terminal 4", "$ true\n")
        (block,) = BLOCK.finditer("<!-- file a -->\n```cpp\nint a;\n```\n")
        self.assertEqual((block["what"], block["text"]), ("file a", "int a;\n"))


class Service(Page):
    PROGRAM = "trap 'echo bye; exit 0' INT\necho hello\nwhile :; do sleep 0.05; done\n"

    def test_it_is_heard_until_it_is_ended(self):
        self.reader.follow("file serve.sh", self.PROGRAM)
        self.reader.follow("terminal 1", "$ true && bash serve.sh\nhello\n")
        self.reader.follow("terminal 1 Ctrl-C", "bye\n")

    def test_what_stays_in_the_third_terminal_is_waited_for(self):
        self.reader.follow("file watch.sh", "echo ready\nuntil [ -e said ]; do sleep 0.05; done\necho heard\nsleep 60\n")
        self.reader.follow("terminal 3", "$ bash watch.sh\nready\n")
        self.reader.follow("terminal 2", "$ touch said\n")
        self.reader.follow("terminal 3 shows", "heard\n")
        program = self.reader.terminals["terminal 3"].program
        self.reader.follow("terminal 3", "$ echo another\nanother\n")
        self.assertIsNotNone(program.returncode, "one at a time")
        self.assertIn("terminal 3", self.refuses("terminal 3 shows", "something else\n"))
        self.assertIn("nothing runs in terminal 1", self.refuses("terminal 1 shows", "hello\n"))

    def test_one_that_ends_otherwise_is_refused(self):
        self.reader.follow("file serve.sh", self.PROGRAM.replace("exit 0", "exit 3"))
        self.reader.follow("terminal 1", "$ bash serve.sh\nhello\n")
        self.assertIn("ended with 3", self.refuses("terminal 1 Ctrl-C", "bye\n"))

    def test_its_port_is_given_to_nobody_else(self):
        with socket.create_server(("127.0.0.1", 0)) as given:
            self.assertLess(free_port(), given.getsockname()[1])


if __name__ == "__main__":
    unittest.main()
