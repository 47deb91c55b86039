#!/usr/bin/env python3
"""Commands that pages show exist: each `infra VERB … --flag`, in blocks and between backticks, is one that the program knows.

    tests/docs/check_commands.py ROOT INFRA
"""

import functools
import pathlib
import re
import shlex
import sys

from check_links import pages
from program_tables import Verb

BLOCK = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```", re.S | re.M)
INLINE = re.compile(r"`([^`\n]+)`")
MADE_OF_HELP = re.compile(r"<!-- verbs \S+ -->\n.*?<!-- /verbs -->\n", re.S)
SENTENCE = "infra has no component"  # what find_package says
END = {"|", "||", "&&", ";", "#", "<", ">"}


def commands(text):
    """Each command that begins with `infra`, as words."""
    text = MADE_OF_HELP.sub("", text)
    shown = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    shown += INLINE.findall(BLOCK.sub("", text))
    for line in shown:
        line = re.sub(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*", "", line)
        if line.startswith("infra ") and not line.startswith(SENTENCE):
            yield line, words_of(line)


def words_of(line):
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # a quotation that goes on elsewhere
        words = line.split()
    end = next((i for i, word in enumerate(words) if word in END), len(words))
    return words[1:end]


class Program:
    def __init__(self, path):
        self.path = path

    @functools.cache
    def verb(self, *words):
        return Verb(self.path, list(words))

    def problem(self, words):
        """What is wrong with a command; None where nothing is."""
        at, flags = [], {"--help", "--json", "--version"}
        for word in (each.rstrip(",;:)") for each in words):
            below = [name for name, _ in self.verb(*at).verbs()]
            flags |= self.verb(*at).flags()
            if word.startswith("--"):
                later = [each for each in words if each in below]
                if word.split("=")[0] not in flags | self.verb(*at, *later[:1]).flags():
                    return f"{' '.join(['infra', *at])} knows no {word}"
            elif below and not re.search(r"[….<>A-Z]", word):
                either = word.split("|")
                for verb in either:
                    if verb not in below:
                        return f"there is no {' '.join(['infra', *at, verb])}"
                    flags |= self.verb(*at, verb).flags()
                at = [*at, either[0]]
        return None


def problems(root, program):
    for page in pages(root):
        text = page.read_text()
        for line, words in commands(text):
            if words and (why := program.problem(words)):
                yield f"{page.relative_to(root)}: `{line}`: {why}"


def main():
    found = list(problems(pathlib.Path(sys.argv[1]).resolve(), Program(sys.argv[2])))
    print("\n".join(found) or "every command that pages show is one")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
