#!/usr/bin/env python3
"""The tables of docs/: made from the code, and compared with it.

    tests/docs/book_tables.py ROOT [--write]

On a page stands where a table belongs, and what has it end; what is between is this program's:

    <!-- options infra/queue/worker.hpp#worker_options -->     the fields of a struct, from its header
    <!-- errors infra/queue/error.hpp#errc -->                 the values of an enum, likewise
    <!-- settings queue -->                                    a module's environment variables, from app/src/settings/table.cpp
    <!-- metrics queue -->                                     a room's metrics, from what its sources register
    <!-- /options -->                                          (or /errors, /settings, /metrics)

Without --write it fails where a table is not what the code says, where a field says nothing, and where a public options struct, a
variable or a metric is on no page.
"""

import pathlib
import re
import sys

from markdown_tables import errors_table, metrics_table, options_table, settings_table
from metrics_in_sources import metrics_of, unread_metrics
from option_structs import OPTIONS, enums, structs
from settings_in_source import settings_of

TABLE = re.compile(r"<!-- (?P<kind>options|errors|settings|metrics) (?P<what>\S+) -->\n(?P<table>.*?)<!-- /(?P=kind) -->\n", re.S)
NOT_FOR_CALLERS = {"base", "testing"}  # base has no options but JSON's limits; what testing offers is told in docs/testing.md


class Book:
    """What the code says, by what pages call it."""

    def __init__(self, root):
        self.root = root
        self.options, self.enums, self.errors = {}, {}, {}
        for header in sorted(root.glob("*/include/infra/**/*.hpp")):
            place = header.relative_to(next(p for p in header.parents if p.name == "include"))
            room = self.enums.setdefault(header.relative_to(root).parts[0], {})
            for name, values in enums(header.read_text()):
                room[name] = values
                self.errors[f"{place}#{name}"] = values
            for struct in structs(header.read_text()):
                struct.header = header.relative_to(root)
                self.options[f"{place}#{struct.name}"] = struct
        self.settings = settings_of(root / "app/src/settings/table.cpp")
        self.metrics = metrics_of(root)
        self.pages = sorted((root / "docs").glob("*.md"))

    def table(self, kind, what):
        """As Markdown; a KeyError where the code has no such thing."""
        if kind == "options":
            struct = self.options[what]
            return options_table(struct, self.options, self.enums[struct.header.parts[0]])
        if kind == "errors":
            return errors_table(self.errors[what])
        if kind == "settings":
            return settings_table(self.settings[what])
        return metrics_table(self.metrics[what])

    def wanted(self):
        """Everything that must stand on some page."""
        for name, struct in self.options.items():
            if OPTIONS.search(struct.name) and struct.header.parts[0] not in NOT_FOR_CALLERS:
                yield "options", name
        for name in self.errors:
            if name.endswith("errc") and name.split("/")[1] not in NOT_FOR_CALLERS:
                yield "errors", name
        yield from (("settings", module) for module in self.settings)
        yield from (("metrics", room) for room in self.metrics)


def problems(book):
    shown = set()
    for page in book.pages:
        text = page.read_text()
        for found in TABLE.finditer(text):
            where = f"{page.relative_to(book.root)}:{text.count(chr(10), 0, found.start()) + 1}"
            key = (found["kind"], found["what"])
            shown.add(key)
            try:
                if found["table"] != book.table(*key):
                    yield f"{where}: is not what the code says; scripts/docs writes it"
            except KeyError:
                yield f"{where}: there is no {found['what']}"
        for begun in re.findall(r"<!-- (?:options|errors|settings|metrics) .*", TABLE.sub("", text)):
            yield f"{page.relative_to(book.root)}: nothing ends {begun}"
    for kind, what in book.wanted():
        if (kind, what) not in shown:
            yield f"{kind} {what}: on no page of docs/"
    for kind, what in shown:
        for field in book.options[what].fields if kind == "options" and what in book.options else []:
            if not field.meaning:
                yield f"{book.options[what].header}: {book.options[what].name}::{field.name} says nothing of itself (///)"
    yield from names_of_nothing(book)
    yield from unread_metrics(book.root)


def names_of_nothing(book):
    """Counters and error codes that pages speak of and the code does not have."""
    counters = {metric["name"] for room in book.metrics.values() for metric in room}
    codes = {value[0] for name, values in book.errors.items() if name.endswith("errc") for value in values}
    for page in book.pages:
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
        for name in re.findall(r"`([a-z_]+_total)\b", prose):
            if name not in counters:
                yield f"{page.relative_to(book.root)}: there is no metric {name}"
        for name in re.findall(r"errc::([a-z_]+)\b", prose):
            if name not in codes:
                yield f"{page.relative_to(book.root)}: there is no errc::{name}"


def write(book):
    for page in book.pages:
        text = page.read_text()
        made = TABLE.sub(lambda found: remade(book, found), text)
        if made != text:
            page.write_text(made)
            print(f"wrote {page.relative_to(book.root)}")


def remade(book, found):
    begin = f"<!-- {found['kind']} {found['what']} -->\n"
    return f"{begin}{book.table(found['kind'], found['what'])}<!-- /{found['kind']} -->\n"


def main():
    book = Book(pathlib.Path(sys.argv[1]).resolve())
    if "--write" in sys.argv:
        write(book)
    found = list(problems(book))
    print("\n".join(found) or "the tables of the book are what the code says")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
