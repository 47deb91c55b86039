#!/usr/bin/env python3
"""Every error text that docs/troubleshooting.md quotes is one that the sources have.

A text stands in the first column; `…` in it is what differs. Each of its parts must be found in the sources, where a literal may go on in
the next line.
"""

import pathlib
import re
import sys

ROW = re.compile(r"^\| `(.+?)` \|", re.M)
FOLDERS = ("src", "include", "cmake")
FEWEST = 60


def words(text):
    return re.sub(r"\s+", " ", text)


def sources(root):
    for path in sorted(root.rglob("*")):
        if path.suffix in (".cpp", ".hpp", ".cmake", ".in") and "build" not in path.relative_to(root).parts and set(
                path.relative_to(root).parts) & set(FOLDERS):
            text = re.sub(r'"\s*\n\s*"', "", path.read_text())  # one literal in two lines
            yield words(text.replace('\\"', '"'))


def parts(quoted):
    return [part for part in (each.strip() for each in words(quoted).split("…")) if len(part) > 3]


def main():
    root = pathlib.Path(sys.argv[1])
    quoted = ROW.findall((root / "docs/troubleshooting.md").read_text())
    all_text = "\n".join(sources(root))
    missing = [f"nowhere in the sources: {part!r} of {text!r}" for text in quoted for part in parts(text) if part not in all_text]
    if len(quoted) < FEWEST:
        missing.append(f"there are {len(quoted)} texts, where {FEWEST} were")
    print("\n".join(missing) or f"{len(quoted)} texts are in the sources")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
