#!/usr/bin/env python3
"""Puts into the C++ blocks of the pages what stands in the regions that they name: tests/docs/write_snippets.py ROOT"""

import pathlib
import sys

from check_snippets import BLOCK, region


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    for page in [root / "README.md", *sorted((root / "docs").glob("**/*.md"))]:
        text = page.read_text()
        made = BLOCK.sub(lambda found: with_code_of(root, found), text)
        if made != text:
            page.write_text(made)
            print(f"wrote {page.relative_to(root)}")


def with_code_of(root, found):
    if not found["file"] or not (root / found["file"]).is_file():
        return found[0]
    code = region(root, found["file"], found["region"])
    begin, end = found.start("code") - found.start(), found.end("code") - found.start()
    return found[0] if code is None else found[0][:begin] + code + found[0][end:]


if __name__ == "__main__":
    main()
