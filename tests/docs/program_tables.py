#!/usr/bin/env python3
"""The tables of docs/ that the infra command tells, and are compared with what it says.

    tests/docs/program_tables.py ROOT INFRA [--write]

    <!-- verbs all -->         a chapter for each verb, with all below it and their options, from `--help`
    <!-- verbs exits -->       the exit codes, from the foot of `--help`
    <!-- settings queue -->    a module's environment variables, from `infra config docs`

Without --write it fails where a page is not what the program says, and where the verbs or a module's variables are on none.
"""

import json
import pathlib
import re
import subprocess
import sys

import marked_tables
from markdown_tables import prose, table

SECTIONS = ("Positionals", "Options", "Subcommands", "Examples")


class Verb:
    """What `infra WORDS --help` says."""

    def __init__(self, program, words):
        self.program, self.words = program, words
        self.name = " ".join(["infra", *words])
        said = subprocess.run([program, *words, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
        lines = said.splitlines()
        usage = next(i for i, line in enumerate(lines) if line.startswith("Usage: "))
        self.description = " ".join(lines[:usage]).strip()
        self.usage = lines[usage].removeprefix("Usage: ").replace("[OPTIONS] ", "").replace(" [OPTIONS]", "")
        self.exits = re.search(r"^Exit codes: (.+)\.$", said, re.M)[1].split(", ")
        self.sections = {name: [] for name in SECTIONS}
        section = None
        for line in lines[usage + 1 :]:
            if found := re.fullmatch(r"(\w+):", line):
                section = self.sections.get(found[1])
            elif section is not None and line.startswith("  "):
                section.append(line[2:])
            elif line:
                section = None

    def verbs(self):
        return pairs(self.sections["Subcommands"])

    def below(self):
        return [Verb(self.program, [*self.words, name]) for name, _ in self.verbs()]

    def leaves(self):
        below = self.below()
        return [leaf for each in below for leaf in each.leaves()] if below else [self]

    def options(self):
        """Positionals first; those of the verbs above are theirs to tell."""
        told = [*pairs(self.sections["Positionals"]), *pairs(self.sections["Options"])]
        return [(name, words) for name, words in told if not name.startswith("-h,")]

    def flags(self):
        return {flag for name, _ in self.options() for flag in re.findall(r"--[a-z][a-z-]*", name)}


def pairs(lines):
    """CLI11's two columns: a name, and behind or below it what it means."""
    found = []
    for line in lines:
        if line.startswith("  "):
            name, words = found.pop()
            found.append((name, f"{words} {line.strip()}".strip()))
        else:
            name, _, words = line.partition("  ")
            found.append((name.strip(), words.strip()))
    return found


def told(verb):
    text = f"\n{prose(verb.description)}\n\n"
    leaves = verb.leaves()
    if leaves == [verb]:
        return text + body(verb)
    text += options_table(verb)
    return text + "".join(f"### {leaf.name}\n\n{prose(leaf.description)}\n\n{body(leaf)}" for leaf in leaves)


def body(verb):
    lines = "\n".join([verb.usage, *([""] if verb.sections["Examples"] else []), *verb.sections["Examples"]])
    return f"```\n{lines}\n```\n{options_table(verb)}"


def options_table(verb):
    rows = [[f"`{name}`".replace("|", "\\|"), prose(words)] for name, words in verb.options()]
    return table(["option", "what it says"], rows) if rows else "\n"


class Infra:
    """What the program says of itself: its verbs, and the variables that services read."""

    kinds = ("verbs", "settings")

    def __init__(self, program):
        self.program = program
        self.modules = {setting["module"] for setting in json.loads(self.settings("--format", "json"))["settings"]}

    def settings(self, *words):
        command = [self.program, "config", "docs", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    def table(self, kind, what):
        if (kind, what) == ("verbs", "all"):
            return "".join(f"\n## {verb.name}\n{told(verb)}" for verb in Verb(self.program, []).below())
        if (kind, what) == ("verbs", "exits"):
            return table(["exit code", "what it says"], [each.split(" ", 1) for each in Verb(self.program, []).exits])
        if what not in self.modules:
            raise KeyError(what)
        return f"\n{self.settings('--module', what)}\n"

    def wanted(self):
        yield from (("verbs", "all"), ("verbs", "exits"))
        yield from (("settings", module) for module in self.modules)


if __name__ == "__main__":
    infra = Infra(sys.argv[2])
    sys.exit(marked_tables.main(pathlib.Path(sys.argv[1]).resolve(), infra, sys.argv, "the book says what infra says of itself"))
