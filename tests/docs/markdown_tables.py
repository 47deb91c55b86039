"""Tables in Markdown, as GitHub shows them."""

import re

from option_structs import OPTIONS

WORDS_FOR_NOTHING = [
    (r"optional<|^time_limit$", "not set"),
    (r"vector|list|map|headers|function|handler|hook|source|shared_ptr", "none"),
    (r"seconds$", "0"),
]
UNITS = {"hours": "h", "minutes": "min", "seconds": "s", "milliseconds": "ms", "days": "d"}


def table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def options_table(struct, known, enums):
    link = f"[`{str(struct.header).split('include/')[1]}`](../{struct.header})"
    head = f"`{struct.namespace}::{struct.name}`, {link}{'. ' + prose(struct.meaning) if struct.meaning else ''}\n"
    names = {each.name: each for each in known.values()
             if each.header.parts[0] == struct.header.parts[0] or OPTIONS.search(each.name) or each.name == "backoff"}
    rows, part = [], ""
    for field in struct.fields:
        if field.part != part:
            part = field.part
            rows.append([f"*{part[0].upper()}{part[1:]}*", "", "", ""])
        says = f"{prose(field.meaning)}{values_of(enums.get(short_type(field.type).split('::')[-1], []))}"
        row = [f"`{field.name}`", code(short_type(field.type)), default(field, names), says]
        if field.joined:
            rows[-1] = [", ".join(pair) if pair[0] != pair[1] or i == 0 else pair[0] for i, pair in
                        enumerate(zip(rows[-1][:3], row[:3]))] + [rows[-1][3]]
        else:
            rows.append(row)
    return "\n" + head + table(["field", "type", "default", "what it says"], rows)


def values_of(enumerators):
    shown = [f"`{name}`{f' ({prose(words)})' if words else ''}" for name, words, _ in enumerators]
    return f": {', '.join(shown)}" if shown else ""


def short_type(words):
    words = re.sub(r"\b(std|chrono|infra)::", "", words)
    return re.sub(r"(awaitable_)?function<.*>", "function", words)


def default(field, names):
    value = re.sub(r"\binfra::", "", field.default)
    kind = short_type(field.type)
    if not value:
        return nothing(kind, names)
    if value == "nullptr":
        return "none"
    if value in ("&real_clock()",):
        return "the real clock"
    if value == '""':
        return "empty"
    if time := in_time(value, kind):
        return time
    if (number := in_numbers(value)) is not None:
        return amount(number, field.name)
    if enumerator := re.fullmatch(r"(?:\w+::)+(\w+)", value):
        return f"`{enumerator[1]}`"
    if re.fullmatch(r'"[^"]*"(, "[^"]*")*', value):
        return ", ".join(f"`{each}`" for each in re.findall(r'"([^"]*)"', value))
    return code(value.replace("'", ""))


def nothing(kind, names):
    for pattern, words in WORDS_FOR_NOTHING:
        if re.search(pattern, kind):
            return words
    meant = names.get(kind.split("::")[-1]) if "json" not in kind else None
    if not meant:
        return "empty"
    # Of options there is a table on some page; of the rest the header tells.
    return f"see `{kind}`" if OPTIONS.search(meant.name) else f"see [`{kind}`](../{meant.header})"


def in_time(value, kind):
    if called := re.fullmatch(r"std::chrono::(\w+)\((\d[\d']*)\)", value):
        return f"{thousands(int(called[2].replace(chr(39), '')))} {UNITS[called[1]]}"
    unit = re.search(r"(hours|minutes|seconds|milliseconds)$", kind)
    number = in_numbers(value)
    if not unit or number is None:
        return None
    unit = unit[1]
    if unit == "milliseconds" and number >= 1000 and number % 1000 == 0:
        number, unit = number // 1000, "seconds"
    if unit == "seconds" and number >= 120 and number % 60 == 0:
        number, unit = number // 60, "minutes"
    return "0" if number == 0 else f"{thousands(number)} {UNITS[unit]}"


def in_numbers(value):
    plain = re.sub(r"std::\w+\{(\d+)\}", r"\1", value).replace("'", "")
    if not re.fullmatch(r"[\d.]+|\d+(?: \* \d+)+|\d+ << \d+", plain):
        return None
    return eval(plain)  # digits, `*` and `<<` alone


def amount(number, name):
    if "bytes" in name or "buffer" in name:
        for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if number >= size and number % size == 0:
                return f"{number // size} {unit}"
    return thousands(number)


def thousands(number):
    return f"{number:,}".replace(",", " ") if isinstance(number, int) else f"{number:g}"


def errors_table(values):
    numbered = any(number not in ("", "1") for *_, number in values)
    rows = [[f"`{name}`{f' {number}' if numbered else ''}", prose(words)] for name, words, number in values]
    return table(["code", "what it says"], rows)


def metrics_table(metrics):
    rows = [
        [f"`{each['name']}`", each["kind"], ", ".join(f"`{label}`" for label in each["labels"]), prose(each["help"])]
        for each in metrics
    ]
    return table(["metric", "kind", "labels", "what it counts"], rows)


def code(words):
    return f"`{words}`".replace("|", "\\|") if words else ""


def prose(words):
    """Words of a comment, with what Markdown or a table would take for its own made harmless outside of code."""
    parts = re.split(r"(`[^`]*`)", words)
    plain = lambda part: re.sub(r"([*<\[\]])", r"\\\1", part)  # noqa: E731
    words = "".join(part if part.startswith("`") else plain(part) for part in parts).replace("|", "\\|")
    return re.sub(r"(?<=\d)'(?=\d{3})", " ", words)
