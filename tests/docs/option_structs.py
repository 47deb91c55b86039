"""What a public header says of the fields of a struct: read for the tables of docs/.

Headers are written by one rule, so that few lines can read them: a `///` block stands above the field, or the run of fields without a
blank line between them, that it tells of; `///<` stands behind a field; `// --- words ---` begins a part.
"""

import dataclasses
import re

OPTIONS = re.compile(r"(^|_)(options|limits|timeouts|definition|rules)$")
"""Names of structs that callers fill in: each stands on a page."""

STRUCT = re.compile(r"(?P<above>(?:^///[^\n]*\n)*)(?:^template <[^\n]*>\n)?^struct (?P<name>[a-z_0-9]+)(?: final)? \{", re.M)
FIGURE = re.compile(r"[^.:]*:\n *\n(?: {5}.*(?:\n|$))+")
"""A drawing or lines of code, and the words that lead to it: nothing for a line of a table."""

PART = re.compile(r"// -{3,} (?P<words>.+?) -{3,}$")
TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\])\'|[{}();]')
NOT_A_FIELD = re.compile(r"(friend|using|static|struct|class|enum|template|explicit|constexpr|virtual|~)\b")
FIELD = re.compile(r"(?P<type>[^={]+?)\s*\b(?P<name>[a-z][a-z_0-9]*)\s*(?:=\s*(?P<value>.*)|\{(?P<braced>.*)\})?", re.S)


@dataclasses.dataclass
class Field:
    name: str
    type: str
    default: str  # as C++ has it; "" where the type says it
    meaning: str = ""  # "" where the header says nothing
    part: str = ""  # of the struct; "" for the first
    joined: bool = False  # told of by the comment that stands above the run it is in, and is not the first of it


@dataclasses.dataclass
class Struct:
    name: str
    namespace: str
    meaning: str
    fields: list


def structs(text):
    """Each struct at the margin, in order."""
    for found in STRUCT.finditer(text):
        namespace = re.findall(r"^namespace (infra[a-z_:]*) \{", text[: found.start()], re.M)[-1]
        meaning = one_line(FIGURE.sub("", re.sub(r"^///", "", found["above"], flags=re.M)))
        body = text[found.end() : end_of_block(text, found.end())]
        yield Struct(found["name"], namespace, meaning, fields(body))


def enums(text):
    """Name and values of each enum at the margin: what they are called, what the header says of them, and their numbers where it tells those."""
    for found in re.finditer(r"^enum class (?P<name>[a-z_0-9]+)(?: : [^{]+)? \{(?P<body>.*?)\};", text, re.S | re.M):
        values, above = [], ""
        for line in map(str.strip, found["body"].splitlines()):
            if line.startswith("///<"):
                values[-1] = (values[-1][0], f"{values[-1][1]} {line[4:].strip()}", values[-1][2])
            elif line.startswith("///"):
                above = f"{above} {line[3:].strip()}".strip()
            elif value := re.fullmatch(r"([a-z]\w*)(?: = ([^,]+?))?,?(?:\s*///< (.*))?", line):
                values.append((value[1], value[3] or above, value[2] or ""))
                above = ""
        yield found["name"], values


def end_of_block(text, at):
    depth = 1
    for token in TOKEN.finditer(text, at):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.start()
    raise ValueError("a struct that does not end")


def fields(body):
    """The fields of a struct, in order."""
    found, above, part, last = [], "", "", None
    for kind, words in pieces(body):
        if kind == "blank":
            above = ""
        elif kind == "part":
            above, part = "", words
        elif kind == "above":
            above = f"{above} {words}" if last == "above" else words
        elif kind == "behind" and found:
            mine = "" if found[-1].joined or last != "behind" and above else found[-1].meaning
            found[-1].meaning = f"{mine} {words}".strip()
            found[-1].joined = False
        elif kind == "statement" and (field := field_of(words)):
            field.meaning, field.part = one_line(above), part
            field.joined = bool(above) and last != "above"
            found.append(field)
        last = kind
    return found


def field_of(statement):
    if NOT_A_FIELD.match(statement):
        return None
    match = FIELD.fullmatch(statement)
    if not match or "(" in outside_angles(match["type"]):
        return None
    value = match["braced"] if match["value"] is None else match["value"]
    return Field(match["name"], one_line(match["type"]), one_line(value or ""))


def outside_angles(words):
    while (shorter := re.sub(r"<[^<>]*>", "", words)) != words:
        words = shorter
    return words


def one_line(words):
    return " ".join(words.split())


def pieces(body):
    """What a struct consists of: statements, the comments above and behind them, blank lines, and lines that begin a part."""
    at = 0
    while at < len(body):
        end = body.find("\n", at)
        end = len(body) if end < 0 else end
        line = body[at:end].strip()
        if not line:
            yield "blank", ""
        elif part := PART.fullmatch(line):
            yield "part", part["words"]
        elif line.startswith("///<"):
            yield "behind", line[4:].strip()
        elif line.startswith("///"):
            yield "above", line[3:].strip()
        elif not line.startswith("//"):
            stop = end_of_statement(body, at)
            yield "statement", without_comments(body[at:stop]).strip().rstrip(";")
            at = stop + 1 if body[stop : stop + 1] == "\n" else stop
            continue
        at = end + 1


def end_of_statement(body, at):
    depth, function = 0, False
    for token in TOKEN.finditer(body, at):
        if token[0] in "({":
            depth += 1
            before = body[at : token.start()].rstrip()
            function = function or token[0] == "{" and depth == 1 and before.endswith((")", " const", " noexcept"))
        elif token[0] in ")}":
            depth -= 1
        if depth == 0 and (token[0] == ";" or token[0] == "}" and function):
            return token.end()
    return len(body)


def without_comments(words):
    return TOKEN.sub(lambda token: "" if token[0].startswith("//") else token[0], words)
