#!/usr/bin/env python3
"""The tables of docs/ that are made from the sources, and compared with them.

    tests/docs/book_tables.py ROOT [--write]

    <!-- options infra/queue/worker.hpp#worker_options -->     the fields of a struct, from its header
    <!-- errors infra/queue/error.hpp#errc -->                 the values of an enum, likewise
    <!-- metrics queue -->                                     a room's metrics, from what its sources register

Without --write it fails where a table is not what the code says, where a field says nothing, and where a public options struct, an
enum of error codes or a metric is on no page. What the infra command can tell is in program_tables.py.
"""

import pathlib
import re
import sys

import marked_tables
from markdown_tables import errors_table, metrics_table, options_table
from metrics_in_sources import metrics_of, unread_metrics
from option_structs import OPTIONS, enums, structs


class Sources:
    kinds = ("options", "errors", "metrics")

    def __init__(self, root):
        self.options, self.enums, self.errors = {}, {}, {}
        for header in sorted(root.glob("*/include/infra/**/*.hpp")):
            self.read(root, header)
        self.metrics = metrics_of(root)

    def read(self, root, header):
        place = header.relative_to(next(parent for parent in header.parents if parent.name == "include"))
        for name, values in enums(header.read_text()):
            self.enums.setdefault(room_of(root, header), {})[name] = values
            self.errors[f"{place}#{name}"] = values
        for struct in structs(header.read_text()):
            struct.header = header.relative_to(root)
            self.options[f"{place}#{struct.name}"] = struct

    def table(self, kind, what):
        if kind == "errors":
            return errors_table(self.errors[what])
        if kind == "metrics":
            return metrics_table(self.metrics[what])
        struct = self.options[what]
        return options_table(struct, self.options, self.enums.get(struct.header.parts[0], {}))

    def wanted(self):
        for name, struct in self.options.items():
            if OPTIONS.search(struct.name):
                yield "options", name
        for name in self.errors:
            if name.endswith("errc"):
                yield "errors", name
        yield from (("metrics", room) for room in self.metrics)


def room_of(root, header):
    return header.relative_to(root).parts[0]


def silent_fields(pages, sources):
    """Fields of the structs on the pages of which the header says nothing."""
    for kind, what in sorted(marked_tables.shown(pages, sources)):
        struct = sources.options.get(what) if kind == "options" else None
        for field in struct.fields if struct else []:
            if not field.meaning:
                yield f"{struct.header}: {struct.name}::{field.name} says nothing of itself (///)"


def names_of_nothing(pages, sources):
    """Counters and error codes that pages speak of and the code does not have."""
    counters = {metric["name"] for room in sources.metrics.values() for metric in room}
    codes = {value[0] for name, values in sources.errors.items() if name.endswith("errc") for value in values}
    for page in pages:
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
        for name in re.findall(r"`([a-z_]+_total)\b", prose):
            if name not in counters:
                yield f"docs/{page.name}: there is no metric {name}"
        for name in re.findall(r"errc::([a-z_]+)\b", prose):
            if name not in codes:
                yield f"docs/{page.name}: there is no errc::{name}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    sources, pages = Sources(root), sorted((root / "docs").glob("*.md"))
    failed = marked_tables.main(root, sources, sys.argv, "the tables of the book are what the code says")
    more = [*silent_fields(pages, sources), *names_of_nothing(pages, sources), *unread_metrics(root)]
    print("\n".join(more), end="\n" if more else "")
    return failed or bool(more)


if __name__ == "__main__":
    sys.exit(main())
