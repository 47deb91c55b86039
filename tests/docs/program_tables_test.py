#!/usr/bin/env python3
"""How `--help` is read for docs/cli.md."""

import os
import pathlib
import tempfile
import unittest

from program_tables import Infra, Verb, body, told

SAYS = {
    "--help": """Operates things.
Usage: infra [OPTIONS] SUBCOMMAND

Options:
  -h,--help                   Print this help message and exit
  --json                      Print one JSON document

Subcommands:
  parcel                      Looks after parcels.
  version                     Shows which this is.

Examples:
  infra version

Exit codes: 0 ok, 1 failed, 3 not found.
""",
    "parcel --help": """Looks after parcels.
Usage: infra parcel [OPTIONS] SUBCOMMAND

Options:
  --url TEXT                  Where they are

Subcommands:
  send                        Sends one, and a
                              second one.

Exit codes: 0 ok, 1 failed, 3 not found.
""",
    "parcel send --help": """Sends one, and a second one.
Usage: infra parcel send [OPTIONS] to [words...]

Positionals:
  to TEXT REQUIRED            Whose it is
  words TEXT ...              What it says | no more

Options:
  -h,--help                   Print this help message and exit
  --weight-in-grams INT:INT in [0 - 100000]
                              At most <100 kg>

Examples:
  infra parcel send ann 'hello' --weight-in-grams 10

Exit codes: 0 ok, 1 failed, 3 not found.
""",
    "version --help": """Shows which this is.
Usage: infra version [OPTIONS]

Options:
  -h,--help                   Print this help message and exit

Exit codes: 0 ok, 1 failed, 3 not found.
""",
    "config docs --format json": '{"settings":[{"module":"parcel"}]}',
}


class Help(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        program = pathlib.Path(folder.name) / "infra"
        cases = "".join(f"'{words}') cat <<'END'\n{text}\nEND\n;;\n" for words, text in SAYS.items())
        program.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}*) exit 2 ;;\nesac\n')
        os.chmod(program, 0o700)
        self.program = str(program)

    def test_knows_all_verbs_below(self):
        self.assertEqual([each.name for each in Verb(self.program, []).leaves()], ["infra parcel send", "infra version"])

    def test_reads_options_whose_words_stand_below_them(self):
        send = Verb(self.program, ["parcel", "send"])
        self.assertEqual(
            send.options(),
            [
                ("to TEXT REQUIRED", "Whose it is"),
                ("words TEXT ...", "What it says | no more"),
                ("--weight-in-grams INT:INT in [0 - 100000]", "At most <100 kg>"),
            ],
        )
        self.assertEqual(send.flags(), {"--weight-in-grams"})

    def test_tells_a_verb_with_its_examples(self):
        text = body(Verb(self.program, ["parcel", "send"]))
        self.assertTrue(text.startswith("```\ninfra parcel send to [words...]\n\ninfra parcel send ann 'hello' --weight-in-grams 10\n```\n"))
        self.assertIn("| `words TEXT ...` | What it says \\| no more |\n", text)
        self.assertIn("At most \\<100 kg>", text)

    def test_tells_options_of_a_group_once(self):
        text = told(Verb(self.program, ["parcel"]))
        self.assertEqual(text.count("`--url TEXT`"), 1)
        self.assertIn("### infra parcel send\n", text)

    def test_tells_exit_codes(self):
        self.assertEqual(Verb(self.program, []).exits, ["0 ok", "1 failed", "3 not found"])

    def test_wants_each_module_on_a_page(self):
        self.assertIn(("settings", "parcel"), list(Infra(self.program).wanted()))


if __name__ == "__main__":
    unittest.main()
