#!/usr/bin/env python3
"""C++ in the README and the docs is code that is compiled.

Each ```cpp block of README.md and docs/ stands below a line that names a region of a source file:

    <!-- examples/hello/main.cpp#service -->

and is, letter for letter, what stands there between `// [service]` and `// [/service]`, less the common indentation.
A block without such a line, or one that differs, fails. Pages that are typed as a whole (type_tutorial.py) are compiled
by that.
"""

import pathlib
import re
import sys
import textwrap

BLOCK = re.compile(r"(?:<!-- (?P<file>\S+)#(?P<region>\S+) -->\n\n?)?```(?:cpp|c\+\+)\n(?P<code>.*?)```", re.S)


TYPED = {"docs/tutorial.md"}


def region(root, file, name):
    source = (root / file).read_text()
    found = re.search(rf"^ *// \[{name}\]\n(.*?)^ *// \[/{name}\]\n", source, re.S | re.M)
    return textwrap.dedent(found.group(1)) if found else None


def problems(root):
    pages = [root / "README.md", *sorted((root / "docs").glob("**/*.md"))]
    for page in pages:
        if str(page.relative_to(root)) in TYPED:
            continue
        text = page.read_text()
        for block in BLOCK.finditer(text):
            where = f"{page.relative_to(root)}:{text.count(chr(10), 0, block.start('code')) + 1}"
            if not block["file"]:
                yield f"{where}: names no region of an example"
            elif not (root / block["file"]).is_file():
                yield f"{where}: there is no {block['file']}"
            elif (code := region(root, block["file"], block["region"])) is None:
                yield f"{where}: {block['file']} has no region [{block['region']}]"
            elif code != block["code"]:
                yield f"{where}: differs from {block['file']}#{block['region']}"


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every snippet is compiled code")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
