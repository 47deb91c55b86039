#!/usr/bin/env python3
"""docs/from-typescript.md shows every call of the TypeScript package that docs/api.md has on its left.

The left column of the first table of docs/api.md names those calls and types in `code`; what stands in parentheses there has no counterpart in
TypeScript. What the calls are named here, on the right, is compiled by tests/api.
"""

import pathlib
import re
import sys

# Of other packages, which stand in the same table.
OTHERS = {"resend", "Resend", "nodemailer", "createTransport", "batch", "send", "webhooks", "verify", "import", "new", "from"}
FEWEST = 45


def calls(table):
    for row in re.findall(r"^\| (.+?) \| ", table, re.M):
        if row.startswith("("):
            continue
        for code in re.findall(r"`([^`]+)`", row):
            if code.startswith(("resend.", "nodemailer.", "new Resend", "import")):
                continue
            yield from re.findall(r"\b([A-Za-z]+)\(", code)
            if re.fullmatch(r"[A-Z]?[A-Za-z]+", code):
                yield code


def main():
    docs = pathlib.Path(sys.argv[1]) / "docs"
    table = (docs / "api.md").read_text().split("## What is there", 1)[1].split("\n## ", 1)[0]
    names = set(calls(table)) - OTHERS
    page = set(re.findall(r"[A-Za-z]+", (docs / "from-typescript.md").read_text()))
    missing = [f"docs/from-typescript.md does not show {name}" for name in sorted(names - page)]
    if len(names) < FEWEST:
        missing.append(f"docs/api.md has {len(names)} calls of the package, where {FEWEST} were: {sorted(names)}")
    print("\n".join(missing) or f"{len(names)} calls are shown")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
