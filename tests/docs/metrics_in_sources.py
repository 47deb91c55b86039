"""The metrics that a room's sources register: name, kind, sentence, and the labels with which they are used."""

import re

from option_structs import end_of_block, without_comments

INSTRUMENT = re.compile(r"\binstrument (?P<variable>\w+)\s*\{")
IN_PROCESS = re.compile(
    r'(?:put\(out, |find\()metric_type::(?P<kind>\w+), "(?P<name>\w+)"(?:,\s*(?P<help>(?:"[^"]*"\s*)+))?', re.S
)
BUILD_INFO = re.compile(r'\.name = "(?P<name>infra_build_info)"\}.*?\.help = "(?P<help>[^"]*)"', re.S)
SENTENCES = {  # of those that the registry itself counts, where no source has one
    "metrics_collect_failures_total": "Functions given to before_scrape that threw.",
    "metrics_rejected_total": "Uses of a metric that were refused: a name of another kind, a bad name, or one too many.",
}
LABELS_FROM_ELSEWHERE = {"otlp_metric_points_dropped_total": ["reason"]}  # counted in courier.cpp for all three signals


def metrics_of(root):
    """By room, in the order of their names: dicts of name, kind, help, labels."""
    rooms = {}
    for source in sorted(root.glob("*/src/**/*.?pp")):
        room = source.relative_to(root).parts[0]
        if room not in ("cli", "testing"):
            for metric in in_source(without_comments(source.read_text())):
                rooms.setdefault(room, {})[metric["name"]] = metric
    return {room: [found[name] for name in sorted(found)] for room, found in rooms.items()}


def in_source(text):
    for found in INSTRUMENT.finditer(text):
        body = text[found.end() : end_of_block(text, found.end())]
        name = re.search(r'\.name = "(\w+)"', body)
        if name:
            kind = re.search(r"\.kind = (?:[\w:]+::)?(counter|gauge|histogram)", body)[1]
            labels = LABELS_FROM_ELSEWHERE.get(name[1]) or labels_of(text, found["variable"])
            yield {"name": name[1], "kind": kind, "help": help_of(body), "labels": labels}
    for found in IN_PROCESS.finditer(text):
        words = joined(found["help"]) if found["help"] else SENTENCES[found["name"]]
        yield {"name": found["name"], "kind": found["kind"], "help": words, "labels": []}
    for found in BUILD_INFO.finditer(text):
        yield {"name": found["name"], "kind": "gauge", "help": found["help"], "labels": ["compiler", "version"]}


def help_of(body):
    return joined(re.search(r'\.help =\s*((?:"(?:\\.|[^"\\])*"\s*)+)', body)[1])


def joined(literals):
    return "".join(re.findall(r'"((?:\\.|[^"\\])*)"', literals))


def labels_of(text, variable):
    labels = []
    for use in re.finditer(rf"\b{variable}\s*,\s*\{{\{{", text):
        inside = text[use.end() - 1 : end_of_block(text, use.end() - 1)]
        labels += [name for name in re.findall(r'\{"(\w+)",', inside) if name not in labels]
    return labels or re.findall(rf'\b{variable},\s*"(\w+)",', text)


def unread_metrics(root):
    """What looks like a metric and was not understood: nothing may be missing from the book for that."""
    known = {metric["name"] for room in metrics_of(root).values() for metric in room}
    looks_like_one = re.compile(r'\.name = "([a-z]+(?:_[a-z0-9]+)+)",\s*\.help')
    for source in sorted(root.glob("*/src/**/*.?pp")):
        for name in looks_like_one.findall(source.read_text()):
            if name not in known:
                yield f"{source.relative_to(root)}: metric {name} was not read"
