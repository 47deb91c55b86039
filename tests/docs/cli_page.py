#!/usr/bin/env python3
"""The verbs on docs/cli.md: made from what the program says of itself, and compared with it.

    tests/docs/cli_page.py ROOT INFRA [--write]

Where `<!-- verbs queue -->` … `<!-- /verbs -->` stands, `infra queue` and all below it are told, with their options. Without --write
it fails where the page is not what `--help` says, and where a verb is not on it.
"""

import pathlib
import re
import subprocess
import sys

from markdown_tables import prose, table

PLACE = re.compile(r"<!-- verbs (?P<verb>\S+) -->\n(?P<told>.*?)<!-- /verbs -->\n", re.S)
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


def problems(page, infra):
    text = page.read_text()
    places = {found["verb"]: found["told"] for found in PLACE.finditer(text)}
    verbs = {verb.words[0]: verb for verb in infra.below()}
    for name in sorted(verbs.keys() - places.keys()):
        yield f"docs/cli.md: infra {name} is not on it"
    for name in sorted(places.keys() - verbs.keys()):
        yield f"docs/cli.md: there is no infra {name}"
    for name in sorted(places.keys() & verbs.keys()):
        if places[name] != told(verbs[name]):
            yield f"docs/cli.md: infra {name} is not what --help says; scripts/docs writes it"


def write(page, infra):
    verbs = {verb.words[0]: verb for verb in infra.below()}
    text = page.read_text()
    begin = lambda verb: f"<!-- verbs {verb} -->\n"  # noqa: E731
    made = PLACE.sub(
        lambda found: f"{begin(found['verb'])}{told(verbs[found['verb']])}<!-- /verbs -->\n" if found["verb"] in verbs else found[0],
        text,
    )
    if made != text:
        page.write_text(made)
        print("wrote docs/cli.md")


def main():
    root, program = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    page, infra = root / "docs/cli.md", Verb(program, [])
    if "--write" in sys.argv:
        write(page, infra)
    found = list(problems(page, infra))
    print("\n".join(found) or "docs/cli.md is what infra says of itself")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
