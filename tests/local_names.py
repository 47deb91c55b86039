#!/usr/bin/env python3
"""local_names.py BUILD: tells of names that two sources of a target both use in their unnamed namespaces.

Sources are compiled several at a time (infra_compile_together), so two such functions would be overloads of each other,
and a call might choose the other file's. BUILD is a build folder; CMake wrote there which sources belong together.
"""
import pathlib
import re
import sys

FUNCTION = re.compile(r"(?<![\w:.])(?!(?:decltype|noexcept|requires|alignas|operator)\b)([A-Za-z_]\w*)\(")
VARIABLE = re.compile(r"([A-Za-z_]\w*)(?:\[\w*\])*(?: = |\{|;| =$)")
TYPE = re.compile(r"(?:struct|class|enum class|enum|union|concept) (?:\[\[\w+\]\] )?([A-Za-z_]\w*)(?! \w*\()")


def declared(line):
    """The name that a line at the margin declares, if it begins a declaration."""
    if not re.match(r"[A-Za-z_\[:]", line) or re.match(r"(template|namespace|static_assert|extern|using|public|private|BOOST_DESCRIBE_\w+)\b", line):
        return None
    if found := TYPE.match(line):
        return found[1]
    function = FUNCTION.search(line)
    variable = VARIABLE.search(line)
    if function and (not variable or function.start() < variable.start()):
        return function[1]
    return variable[1] if variable else None


def local_names(text):
    """(enclosing namespace, name) of what a source declares in its unnamed namespaces."""
    names = set()
    inside = []
    for line in text.splitlines():
        if opened := re.match(r"(?:inline )?namespace ?([\w:]*) ?\{$", line):
            inside.append(opened[1])
        elif re.match(r"\} // namespace", line) and inside:
            inside.pop()
        elif inside and inside[-1] == "" and (name := declared(line)):
            names.add(("::".join(inside[:-1]), name))
    return names


def targets(build):
    """The sources of each target that is compiled together."""
    found = {}
    plan = (build / "build.ninja").read_text()  # CMake leaves files of earlier plans where they are
    for unity in sorted(set(re.findall(r"(\S+/Unity/unity_\d+_cxx\.cxx)(?= |$)", plan, re.M))):
        unity = build / unity
        sources = found.setdefault(unity.parents[1].name.removesuffix(".dir"), [])
        sources += re.findall(r'^#include "([^"]+)"', unity.read_text(), re.M)
    return found


def main():
    told = 0
    together = targets(pathlib.Path(sys.argv[1]))
    for target, sources in together.items():
        users = {}
        for source in sources:
            for name in local_names(pathlib.Path(source).read_text()):
                users.setdefault(name, []).append(source)
        for (_, name), where in sorted(users.items()):
            if len(where) > 1:
                told += 1
                print(f"{target}: {name} is local to each of: {' '.join(where)}. Rename it, or have it once.")
    if not together:
        print("nothing is compiled together here")
        return 77
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
