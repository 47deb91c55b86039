"""The environment variables that infra reads, from the one table that has them (app/include/infra/app/settings.hpp)."""

import re

from option_structs import end_of_block

MEMBER = re.compile(r"\.(?P<name>[a-z_]+) =\s*(?P<value>(?:\"(?:\\.|[^\"\\])*\"\s*)+|[^,}]+)")
CONSTANT = re.compile(r"constexpr std::int64_t (?P<name>\w+) = (?P<value>[\d']+);")


def settings_of(source):
    """The settings of each module in the table's order, each as a dict of its members that are set."""
    text = source.read_text()
    constants = {found["name"]: found["value"] for found in CONSTANT.finditer(text)}
    modules = {}
    for begun in re.finditer(r"\bsetting\{", text[text.index("constexpr std::array table") :]):
        at = text.index("constexpr std::array table") + begun.end()
        members = {
            found["name"]: value_of(found["value"].strip(), constants)
            for found in MEMBER.finditer(text[at : end_of_block(text, at)])
        }
        modules.setdefault(members["module"], []).append(members)
    return modules


def value_of(words, constants):
    if words.startswith('"'):
        return "".join(re.findall(r'"((?:\\.|[^"\\])*)"', words)).replace('\\"', '"').replace("\\\\", "\\")
    if words in ("true", "false"):
        return words == "true"
    number = constants.get(words, words).replace("'", "")
    return int(number) if number.isdigit() else words
