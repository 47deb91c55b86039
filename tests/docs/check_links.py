#!/usr/bin/env python3
"""Links between the pages of the repository lead somewhere: to files and to headings that are there. The book's contents list all its pages.

    tests/docs/check_links.py ROOT

Headings are named as GitHub names them. What begins with a scheme is not looked at.
"""

import pathlib
import re
import sys

FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
LINK = re.compile(r"(?<!\\)\]\((?P<to>[^()\s]+(?:\([^()\s]*\))?)\)|(?:href|src|srcset)=\"(?P<html>[^\"]+)\"")
NOT_OURS = {"build", "node_modules", ".git", "var"}


def pages(root):
    for page in sorted(root.glob("**/*.md")):
        if not NOT_OURS & set(page.relative_to(root).parts):
            yield page


def anchors(page):
    """What headings are called in links: GitHub's rule."""
    found, seen = set(), {}
    for words in re.findall(r"^#{1,6} (.+?)\s*$", FENCE.sub("", page.read_text()), re.M):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words)
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        times = seen[name] = seen.get(name, -1) + 1
        found.add(f"{name}-{times}" if times else name)
    return found | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", page.read_text()))


def without_code(text):
    """The same length and lines, less what is code."""
    blank = lambda found: re.sub(r"[^\n]", " ", found[0])  # noqa: E731
    return re.sub(r"(`+)(?!`)[^`\n]*\1", blank, FENCE.sub(blank, text))


def problems(root):
    for page in pages(root):
        text = page.read_text()
        for link in LINK.finditer(without_code(text)):
            to = link["to"] or link["html"]
            if re.match(r"[a-z]+:|/", to):
                continue
            path, _, anchor = to.partition("#")
            target = (page.parent / path).resolve() if path else page
            where = f"{page.relative_to(root)}:{text.count(chr(10), 0, link.start()) + 1}"
            if not target.exists():
                yield f"{where}: there is no {to}"
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                yield f"{where}: {path or 'the page'} has no heading #{anchor}"


def left_out(root):
    contents = (root / "docs/README.md").read_text()
    for page in sorted((root / "docs").glob("*.md")):
        if page.name != "README.md" and f"]({page.name})" not in contents:
            yield f"docs/README.md: does not list {page.name}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    found = [*problems(root), *left_out(root)]
    print("\n".join(found) or "every link leads somewhere")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
